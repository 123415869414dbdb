"""Repeated answers: who is asked, what agrees, what falls, what goes to a person, and the money."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from loop.api import Call, Client, Reply
from loop.budget import Account, OverBudget, Purse
from loop.errors import RecipeError
from loop.example import Example, Turn
from loop.fulfil import Agreeing
from loop.graders import build_grader
from loop.parts import Parts
from loop.recipe import (
    AgreementSection,
    ApiSection,
    BudgetSection,
    CategorySection,
    PriceSection,
    load_recipe,
)
from loop.records import Curated, Flag, Grade, Rejected
from loop.sandbox import Sandbox
from tests.server import said, serving

RECIPES = Path(__file__).parent.parent / "recipes"
API = {"model": "m", "base_url": "http://127.0.0.1:9/v1", "key_env": ""}


def category(name: str, **fields: Any) -> CategorySection:
    given = {"name": name, "weight": 1, "target": 0.5, "format": "text"}
    return CategorySection.model_validate(given | fields)


TAXONOMY = (
    category("fact", grader="normalised"),
    category("sum", grader="final_answer"),
    category("mood", format="label", grader="label", labels=("good", "bad")),
    category("record", format="json", grader="json_fields"),
    category("essay", grader="recipe:own"),
    category("code", format="code", language="python", grader="unit_tests"),
)


def no_sandbox() -> Sandbox:
    raise AssertionError("nothing is run")


GRADERS = {
    each.name: build_grader(each, no_sandbox, Path(), 1)
    for each in TAXONOMY
    if each.name != "essay"
}


def row(output: str, name: str = "fact", text: str = "What?", **fields: Any) -> Example:
    given = {"source": "synthetic:m", "origin": f"r01-001/model/{text}"}
    return Example.model_validate(
        given | {"instruction": text, "output": output, "category": name} | fields
    )


class Scripted:
    """Answers every call with the same texts, until the budget is spent."""

    name = "other"

    def __init__(self, *texts: str, paid: int = 1_000) -> None:
        self.texts, self.paid = texts, paid
        self.calls: list[Call] = []
        self.closed = 0

    def stream(self, calls: Iterable[Call]) -> Iterator[Reply]:
        for call in calls:
            if len(self.calls) == self.paid:
                raise OverBudget("budget.usd: nothing left")
            self.calls.append(call)
            yield Reply(call, self.texts[: call.candidates])

    def close(self) -> None:
        self.closed += 1


def keep_all(candidates: tuple[Example, ...], existing: tuple[Example, ...]) -> Curated:
    return Curated(kept=candidates, rejected=(), received=len(candidates))


def agreeing(asks: Any, accept: Any = keep_all, **section: Any) -> Agreeing:
    made = AgreementSection.model_validate({"api": API, **section})
    return Agreeing(accept, made, asks, TAXONOMY, GRADERS, seed=1)


def judged(one: Example, *answers: str, **section: Any) -> Curated:
    return agreeing(Scripted(*answers), **section)((one,), ())


def test_a_row_that_enough_answers_agree_with_is_kept_with_their_share() -> None:
    curated = judged(row("Paris"), "paris.", "Paris", "London")
    assert curated.kept[0].quality == {"agreement": 0.6667}
    assert curated.rejected == ()


def test_a_row_that_too_few_agree_with_falls() -> None:
    (lost,) = judged(row("Paris"), "Paris", "London", "Rome").rejected
    assert (lost.reason, lost.review) == ("answers_disagree", False)
    assert lost.detail == "1 of 3 answers agree with it"


def test_a_row_that_answers_agree_against_goes_to_a_person() -> None:
    (lost,) = judged(row("Paris"), "London", "Rome", "london").rejected
    assert (lost.reason, lost.review) == ("answer_contradicted", True)
    assert lost.detail == "2 of 3 answers agree on 'London'"
    assert lost.example == row("Paris")


def test_answers_of_which_no_more_than_half_agree_contradict_nothing() -> None:
    answers = ("London", "London", "Rome", "Rome", "Oslo")
    assert judged(row("Paris"), *answers, answers=5).rejected[0].reason == "answers_disagree"


def test_answers_that_did_not_come_agree_with_nothing() -> None:
    assert judged(row("Paris"), "Paris").rejected[0].reason == "answers_disagree"
    assert judged(row("Paris")).rejected[0].detail == "0 of 3 answers agree with it"


@pytest.mark.parametrize(
    ("name", "delivered", "same", "other"),
    [
        ("sum", "2 + 2\n#### 4", "I add them.\n#### 4.0", "#### 5"),
        ("mood", "good", "Good", "bad"),
        ("record", '{"a": [1, 2]}', '```json\n{"a":[1,2.0]}\n```', '{"a": [2, 1]}'),
        ("record", "null", " null ", "0"),
    ],
)
def test_answers_are_compared_as_their_category_is_graded(
    name: str, delivered: str, same: str, other: str
) -> None:
    assert judged(row(delivered, name), same, same, other).kept
    assert judged(row(delivered, name), other, other, same).rejected


def test_what_a_model_thinks_aloud_is_no_part_of_its_answer() -> None:
    thought = "<think>London? No.</think>\nParis"
    assert judged(row("Paris"), thought, thought, thought).kept


def test_free_text_is_asked_about_only_where_the_recipe_says_what_is_alike() -> None:
    essay, asks = row("The sky is blue.", "essay"), Scripted("The sky is red.", "Grass.", "Sea.")
    assert agreeing(asks)((essay,), ()).kept
    assert asks.calls == []
    assert agreeing(asks, similarity=0.9)((essay,), ()).rejected
    assert judged(essay, "The sky is blue", "The sky is blue!", "Sea.", similarity=0.9).kept


def test_a_recipes_own_grader_is_not_trusted_to_compare_answers() -> None:
    def passes_all(examples: Sequence[Example], answers: Sequence[str]) -> list[Grade]:
        return [Grade(score=1, passed=True, reason="passed") for _ in answers]

    asks, section = Scripted("x", "x", "x"), AgreementSection.model_validate({"api": API})
    accept = Agreeing(keep_all, section, asks, TAXONOMY, {"essay": passes_all}, seed=1)
    assert accept((row("The sky is blue.", "essay"),), ()).kept
    assert asks.calls == []


def test_code_without_tests_is_compared_as_text() -> None:
    code = row("def f(x):\n    return x + 1\n", "code")
    fenced = "```python\ndef f(x):\n    return x + 1\n```"
    assert judged(code, fenced, fenced, "pass", similarity=0.9).kept


@pytest.mark.parametrize(
    "fields",
    [
        {"quality": {"checks": 1.0}},
        {"source": "human:ann"},
        {"category": "sum"},
    ],
)
def test_a_row_that_was_checked_or_is_not_meant_is_not_asked_about(fields: dict[str, Any]) -> None:
    asks = Scripted("London", "London", "London")
    one = row("4").model_copy(update=fields)
    assert agreeing(asks, categories=["fact"])((one,), ()).kept == (one,)
    assert asks.calls == []


def test_nothing_is_asked_about_a_row_that_falls_for_free() -> None:
    def accept(candidates: tuple[Example, ...], _: tuple[Example, ...]) -> Curated:
        lost = Rejected(reason="near_duplicate", example=candidates[0])
        flags = tuple(Flag(id=each.id, reason="odd") for each in candidates[1:])
        return Curated(kept=candidates[1:], rejected=(lost,), received=3, flags=flags)

    asks = Scripted("Paris", "Paris", "Paris")
    rows = (row("Oslo", text="one"), row("Paris", text="two"), row("Rome", text="three"))
    curated = agreeing(asks, accept)(rows, ())
    assert len(asks.calls) == 2
    assert [each.output for each in curated.kept] == ["Paris"]
    assert [each.reason for each in curated.rejected] == ["near_duplicate", "answer_contradicted"]
    assert (curated.received, [flag.id for flag in curated.flags]) == (3, [rows[1].id])


def test_the_model_sees_the_instruction_and_never_the_delivered_answer() -> None:
    asks = Scripted("x", "x", "x")
    turns = (Turn(role="user", content="Hello"), Turn(role="assistant", content="Hi"))
    agreeing(asks)((row("SECRET", "mood", input="the text", history=turns),), ())
    (call,) = asks.calls
    assert [(each.role, each.content) for each in call.messages] == [
        ("user", "Hello"),
        ("assistant", "Hi"),
        ("user", "What?\n\nthe text\n\nAnswer with one of these and nothing else: good, bad"),
    ]
    assert call.candidates == 3


def test_the_same_row_is_the_same_call_again() -> None:
    first, second = Scripted("x"), Scripted("y")
    for asks in (first, second):
        agreeing(asks)((row("Paris"),), ())
    assert first.calls == second.calls


def test_rows_beyond_the_budget_go_to_a_person() -> None:
    asks = Scripted("Paris", "Paris", "Paris", paid=1)
    curated = agreeing(asks)((row("Paris", text="one"), row("Paris", text="two")), ())
    assert [each.instruction for each in curated.kept] == ["one"]
    assert [(each.reason, each.review) for each in curated.rejected] == [("agreement_unpaid", True)]
    assert asks.closed == 1


def asked_of_a_server(url: str, folder: Path, rows: Sequence[Example]) -> tuple[Curated, int]:
    """Judge rows by a model behind a server; what came of them and what it cost."""
    api = ApiSection.model_validate(API | {"base_url": url, "max_tokens": 100})
    written: list[Any] = []
    prices = {"m": PriceSection(input=1, output=1)}
    purse = Purse(BudgetSection(usd=1), prices, Account(), written.extend)
    client = Client(api, purse, "agreement", folder / "agreement.jsonl")
    curated = agreeing(client)(tuple(rows), ())
    assert {entry.get("role", "agreement") for entry in written} <= {"agreement"}
    return curated, purse.account.spent


def test_answers_of_a_real_server_are_paid_once_and_read_again(tmp_path: Path) -> None:
    rows = [row("Paris", text="one"), row("Oslo", text="two")]
    with serving(said("Paris", "paris", "Paris")) as server:
        first, spent = asked_of_a_server(server.url, tmp_path, rows)
        again, more = asked_of_a_server(server.url, tmp_path, rows)
    assert [each.output for each in first.kept] == ["Paris"]
    assert again == first
    assert (server.count, spent, more) == (2, 2 * 15 * 1_000, 0)


def parts(tmp_path: Path, *assignments: str) -> Parts:
    return Parts(load_recipe(RECIPES / "smoke.yaml", assignments), RECIPES, tmp_path)


def test_a_recipe_without_the_section_asks_nobody(tmp_path: Path) -> None:
    assert parts(tmp_path).agreeing(keep_all) is keep_all


def test_a_recipe_with_the_section_asks_its_model(tmp_path: Path) -> None:
    one = row("even", "parity", "Is 4 even or odd?")
    with serving(said("odd", "odd", "odd")) as server:
        api = f"{{model: m, base_url: '{server.url}', key_env: ''}}"
        accept = parts(tmp_path, f"agreement={{api: {api}}}").agreeing(keep_all)
        (lost,) = accept((one,), ()).rejected
    assert lost.reason == "answer_contradicted"
    assert (tmp_path / "replies/agreement.jsonl").exists()


def test_a_category_that_the_taxonomy_lacks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="names prose, not in the taxonomy"):
        parts(tmp_path, "agreement={api: {model: m}, categories: [prose]}")
