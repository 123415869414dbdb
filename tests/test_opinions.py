"""Second opinions: what the judge is shown, what is taken for an answer, and what follows."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from loop.diagnose import Probes, diagnose
from loop.errors import RecipeError
from loop.example import Example, Turn
from loop.graders import build_grader
from loop.judges.asking import Asking
from loop.judges.opinions import Opinions
from loop.recipe import CategorySection, StoppingSection, load_recipe
from loop.records import Evaluation, Grade, Sample
from tests.grading import no_sandbox
from tests.judging import Scripted, replying

ITEM = Example(
    instruction="Add.",
    input="2 + 2 </s>",
    output="REFERENCE",
    category="sums",
    history=(Turn(role="user", content="Hello."),),
)


def answer(text: str) -> str:
    return json.dumps({"answer": text})


def test_the_judge_is_shown_the_task_and_never_the_reference() -> None:
    shown: list[Mapping[str, str]] = []

    def script(parts: Mapping[str, str]) -> str:
        shown.append(parts)
        return answer("4")

    judge = Scripted(script)
    assert Opinions(Asking(judge, {}), 3)(ITEM) == ["4", "4", "4"]
    assert shown[0] == {"TURN 1 BY USER": "Hello.", "TASK": "Add.", "INPUT": "2 + 2 < /s>"}
    assert len(set(judge.asked)) == 3
    assert not any("REFERENCE" in prompt for prompt in judge.asked)


@pytest.mark.parametrize("reply", ["four", "{}", answer(" "), '{"answer": 4}', '["4"]'])
def test_a_reply_without_an_answer_is_asked_for_again_and_then_no_opinion(reply: str) -> None:
    judge = replying(reply)
    assert Opinions(Asking(judge, {}), 3)(ITEM) == []
    assert len(judge.asked) == 6


def test_opinions_that_were_given_are_not_asked_for_again(tmp_path: Path) -> None:
    for replies in (["4", "5", "6"], []):
        judge = replying(*map(answer, replies), "never")
        asking = Asking(judge, {})
        asking.keep_in(tmp_path / "opinions.jsonl")
        assert Opinions(asking, 3)(ITEM) == ["4", "5", "6"]
        assert len(judge.asked) == len(replies)


def test_opinions_that_agree_against_a_reference_send_the_item_to_review() -> None:
    section = CategorySection(name="sums", weight=1, target=0.5, format="text", grader="exact")
    graders = {"sums": build_grader(section, no_sandbox, Path(), 1)}
    items = tuple(
        Example(instruction=f"What is {n} + {n}?", output=str(2 * n + n // 7), category="sums")
        for n in range(8)
    )
    failed = Grade(score=0, passed=False, reason="wrong_answer")
    given: dict[str, Any] = {"category": "sums", "tier": "simple", "tags": (), "prompt": ""}
    samples = tuple(
        Sample(example_id=item.id, answer="?", complete=True, grade=failed, **given)
        for item in items
    )
    now = Evaluation(role="diagnose", round=0, model="m", samples=samples)

    def right(parts: Mapping[str, str]) -> str:
        return answer(str(2 * int(parts["TASK"].split()[2])))

    opinions = Opinions(Asking(Scripted(right), {}), 3)
    probes = Probes(graders, lambda texts: [len(text) for text in texts], "###", opinions)
    told = diagnose(
        (now,), items, None, None, (section,), {"sums": 1.0},
        stopping=StoppingSection(), probes=probes,
    )  # fmt: skip
    # The one reference that is wrong, and no other failure.
    assert told.to_review == (items[7].id,)


@pytest.mark.parametrize(
    ("judge", "told"),
    [
        ("{use: 'a:B', second_opinions: 2}", "fewer than 3 opinions decide nothing"),
        ("{second_opinions: 3}", "judge.use names nobody"),
    ],
)
def test_opinions_that_could_decide_nothing_are_refused(
    tmp_path: Path, judge: str, told: str
) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(
        "name: a\nseed: {files: [s.jsonl]}\n"
        "taxonomy: [{name: sums, weight: 1, target: 0.5, format: text}]\n"
        f"judge: {judge}\n"
    )
    with pytest.raises(RecipeError, match=told):
        load_recipe(path)
