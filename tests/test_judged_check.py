"""How far a judge agrees with people, and what is said beside its scores."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from loop.errors import DataError
from loop.example import Example
from loop.graders.judged_check import (
    Labelled,
    agreement_line,
    check_judge,
    read_labelled,
    verdict_of,
)
from loop.graders.pairwise import FLIPS
from loop.parts import Parts
from loop.recipe import CategorySection, load_recipe
from loop.records import Grade, JudgeAgreement
from loop.rounds import judge_notes
from loop.rundir import RunDirectory
from tests.judging import Scripted, better, category, example, grader, points

PAIRS = category("pairwise", name="pairs")


def labelled(answer: str, human: str, **fields: Any) -> Labelled:
    return Labelled(example(**fields), answer, human)


def checked(
    judge: Scripted, rows: Sequence[Labelled], section: CategorySection | None = None
) -> JudgeAgreement:
    section = section or category()
    (found,) = check_judge(
        rows, [section], {section.name: grader(judge, section)}, "scripted", "human.jsonl"
    ).categories
    return found


def by_answer(**replies: str) -> Scripted:
    return Scripted(lambda parts: replies[parts["ANSWER"]])


def test_kappa_compares_the_judges_verdicts_with_peoples() -> None:
    judge = by_answer(good=points(5, 5), bad=points(1, 1))
    said = [("good", "pass")] * 4 + [("bad", "fail")] * 3 + [("good", "fail")] * 2
    rows = [labelled(answer, human) for answer, human in [*said, ("bad", "pass")]]
    found = checked(judge, rows)
    by_chance = 0.6 * 0.5 + 0.4 * 0.5
    assert (found.items, found.agreed, found.ungraded) == (10, 7, 0)
    assert found.kappa == pytest.approx((0.7 - by_chance) / (1 - by_chance))
    assert found.agreement == 0.7


def test_an_ungraded_answer_is_counted_apart() -> None:
    judge = by_answer(good=points(5, 5), bad=points(1, 1), odd="?")
    rows = [labelled("good", "pass"), labelled("bad", "fail"), labelled("odd", "pass")]
    found = checked(judge, rows)
    assert (found.items, found.ungraded, found.agreed, found.kappa) == (3, 1, 2, 1.0)


def test_a_judge_that_never_answers_has_no_kappa() -> None:
    found = checked(by_answer(odd="?"), [labelled("odd", "pass")])
    assert (found.kappa, found.agreement) == (None, None)


def test_pairs_are_compared_as_win_tie_and_loss_and_orders_are_measured() -> None:
    judge = Scripted(lambda _: better("first"))
    rows = [labelled("a", human, category="pairs") for human in ("win", "tie", "loss")]
    found = checked(judge, rows, PAIRS)
    assert (found.agreed, found.measures[FLIPS]) == (1, 1.0)


@pytest.mark.parametrize(
    ("score", "verdict"), [(0.0, "loss"), (0.25, "loss"), (0.5, "tie"), (0.75, "win"), (1.0, "win")]
)
def test_points_are_named_as_people_name_them(score: float, verdict: str) -> None:
    grade = Grade(score=score, passed=False, reason="wrong_answer")
    assert verdict_of("pairwise", grade) == verdict


def row(**fields: object) -> str:
    given = {"instruction": "x", "category": "advice", "answer": "a", "human": "pass"}
    return json.dumps(given | fields)


def test_answers_with_human_verdicts_are_read(tmp_path: Path) -> None:
    file = tmp_path / "human.jsonl"
    file.write_text(row() + "\n\n" + row(category="pairs", human="tie", output="r") + "\n")
    rows = read_labelled(file, [category(), PAIRS])
    assert [(each.human, each.example.category, each.answer) for each in rows] == [
        ("pass", "advice", "a"), ("tie", "pairs", "a"),
    ]  # fmt: skip


def test_every_wrong_row_is_named(tmp_path: Path) -> None:
    wrong = ["{", "[]", row(answer=None), row(human="win"), row(human=["pass"])]
    wrong += [row(category="sums"), row(instruction=""), row(odd=1)]
    file = tmp_path / "human.jsonl"
    file.write_text("\n".join([row(), *wrong]))
    with pytest.raises(DataError) as caught:
        read_labelled(file, [category()])
    lines = str(caught.value).splitlines()
    assert [line.split(": ")[0] for line in lines] == [f"{file}:{n}" for n in range(2, 10)]
    assert "a rubric verdict is one of pass, fail" in lines[3]
    assert "category 'sums' has no judge; one of advice is wanted" in lines[5]


@pytest.mark.parametrize("text", [None, "", "\n"])
def test_a_file_without_answers_is_refused(text: str | None, tmp_path: Path) -> None:
    file = tmp_path / "human.jsonl"
    if text is not None:
        file.write_text(text)
    with pytest.raises(DataError, match=r"human\.jsonl"):
        read_labelled(file, [category()])


def agreement(**fields: Any) -> JudgeAgreement:
    given = {"category": "c", "grader": "rubric", "items": 10, "ungraded": 1, "agreed": 7}
    return JudgeAgreement.model_validate(given | {"kappa": 0.5} | fields)


def test_beside_a_score_stands_how_far_its_judge_was_checked() -> None:
    found = "judged by m: Cohen's kappa 0.50 against people, 7 of 9 verdicts agree, 1 ungraded"
    assert agreement_line("m", agreement()) == found
    assert "kappa undefined" in agreement_line("m", agreement(kappa=None))
    assert "not checked against people" in agreement_line("m\n\x1b[0m", None)
    assert agreement_line("m\n\x1b[0m", None).isprintable()
    nothing = agreement_line("m", agreement(ungraded=10, agreed=0, kappa=None))
    assert "no readable verdict on 10 checked answers" in nothing


# The recipe's judge

RECIPE = """
name: judged
seed: {files: [seed.jsonl]}
judge: {use: "check_judge_of_test:Judge", repeats: 1, checked_on: human.jsonl}
taxonomy:
  - name: advice
    weight: 1
    target: 0.5
    format: text
    grader: rubric
    pass_at: 0.75
    rubric: {text: Right., criteria: {correct: "Is it right?"}}
  - {name: sums, weight: 1, target: 0.5, format: text}
"""
JUDGE = """
import json

asked = []


class Judge:
    name, parallel = "of test", 1

    def __init__(self, options, seed):
        pass

    def ask(self, prompt, schema):
        asked.append(prompt)
        return json.dumps({"reason": "Looked.", "correct": 5 if "so it is" in prompt else 1})
"""


def parts(folder: Path) -> Parts:
    (folder / "check_judge_of_test.py").write_text(JUDGE)
    (folder / "recipe.yaml").write_text(RECIPE)
    return Parts(load_recipe(folder / "recipe.yaml"), folder, folder / "run")


def asked_of_the_judge(folder: Path) -> list[str]:
    asked: list[str] = sys.modules["check_judge_of_test"].asked
    return asked


@pytest.fixture(autouse=True)
def _judge_is_imported_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "check_judge_of_test", raising=False)


def test_the_recipes_judge_is_checked_once_and_its_replies_are_kept(tmp_path: Path) -> None:
    rows = [row(answer="so it is", human="pass"), row(answer="not so", human="fail")]
    (tmp_path / "human.jsonl").write_text("\n".join(rows))
    made = parts(tmp_path)
    first = made.check_judge(tmp_path / "run" / "judge")
    again = made.check_judge(tmp_path / "run" / "judge")
    assert first == again
    assert first.judge == "of test"
    assert (first.categories[0].kappa, first.category("sums")) == (1.0, None)
    assert len(asked_of_the_judge(tmp_path)) == 2


def test_reference_answers_are_verified_without_the_judge_being_made(tmp_path: Path) -> None:
    made = parts(tmp_path)
    assert set(made.verifiers) == {"sums"}
    assert "check_judge_of_test" not in sys.modules
    assert set(made.graders) == {"advice", "sums"}


def test_a_changed_file_of_human_verdicts_is_noticed_on_resume(tmp_path: Path) -> None:
    made = parts(tmp_path)
    (tmp_path / "human.jsonl").write_text(row())
    before = made.file_hashes()
    (tmp_path / "human.jsonl").write_text(row(human="fail"))
    assert before["human.jsonl"] != made.file_hashes()["human.jsonl"]


def test_the_recipes_judge_gives_second_opinions_where_it_is_asked_to(tmp_path: Path) -> None:
    assert parts(tmp_path).probes.second_opinion is None
    text = RECIPE.replace("checked_on: human.jsonl", "second_opinions: 3")
    (tmp_path / "recipe.yaml").write_text(text)
    made = Parts(load_recipe(tmp_path / "recipe.yaml"), tmp_path, tmp_path / "run")
    assert made.probes.second_opinion is not None
    item = Example(instruction="What is 2 + 2?", output="4", category="sums")
    assert made.probes.second_opinion(item) == []
    assert len(asked_of_the_judge(tmp_path)) == 6
    assert (tmp_path / "run/replies/judge/opinions.jsonl").exists()


def test_a_run_checks_its_judge_once_and_says_so_beside_each_judged_score(tmp_path: Path) -> None:
    (tmp_path / "human.jsonl").write_text(row(answer="so it is") + "\n" + row(human="fail"))
    said = (
        "judged by of test: Cohen's kappa 1.00 [-0.32, 1.00] against people, 2 of 2 verdicts agree"
    )
    for _ in range(2):
        made = parts(tmp_path)
        with RunDirectory(tmp_path / "run") as run:
            run.begin(made.recipe, {})
            assert judge_notes(run, made) == {"advice": said}
            assert run.has("judge/check")
    assert len(asked_of_the_judge(tmp_path)) == 2
