from pathlib import Path
from typing import Any

import pytest

from loop.prices import check_prices
from loop.recipe import Recipe
from loop.run import main

API = {"model": "m", "base_url": "http://127.0.0.1:1/v1", "key_env": ""}
JUDGE = {"judge": "loop.judges.openai:OpenAIJudge", "options": {**API, "model": "j"}}
PRICE = {"input": 1, "output": 2}


def asked(**fields: Any) -> dict[str, Any]:
    return {"kind": "model", "name": "teacher", "api": {**API, **fields}}


def problems(**fields: Any) -> list[str]:
    """Of a recipe that asks a model for examples and another for verdicts."""
    given: dict[str, Any] = {
        "name": "paid",
        "taxonomy": [{"name": "a", "weight": 1, "target": 0.6, "format": "text"}],
        "seed": {"files": ["seed.jsonl"]},
        "sources": [asked()],
        "curation": {"quality": JUDGE},
        "prices": {"m": PRICE, "j": PRICE},
        "budget": {"usd": 5},
    }
    return check_prices(Recipe.model_validate(given | fields))


def test_a_budget_with_every_price_known_is_taken() -> None:
    assert problems() == []


def test_a_budget_with_an_unknown_price_is_refused_by_its_name() -> None:
    teacher, judge = problems(prices={})
    assert teacher.startswith("teacher: budget.usd is set and the price of m is unknown; write it")
    assert judge.startswith("curation.quality.judge: budget.usd is set and the price of j is")


def test_the_judge_of_answers_needs_a_price_too() -> None:
    judge = {"use": JUDGE["judge"], "options": {**API, "model": "k"}}
    (problem,) = problems(judge=judge)
    assert problem.startswith("judge: budget.usd is set and the price of k is unknown")


@pytest.mark.parametrize(
    "source", [{"kind": "people"}, {"kind": "plugin", "use": "my.teacher:Teacher"}]
)
def test_a_budget_with_a_delivery_of_unknown_price_is_refused(source: dict[str, Any]) -> None:
    (problem,) = problems(sources=[{**source, "name": "experts"}])
    assert problem.startswith("experts: budget.usd is set and the price of experts is unknown")


def test_a_budget_with_a_reply_of_any_length_is_refused() -> None:
    (problem,) = problems(sources=[asked(max_tokens=None)])
    assert problem.startswith("teacher: budget.usd is set and m is asked without max_tokens")


def test_a_batch_has_a_price_of_its_own() -> None:
    unknown = asked(model="other")
    (problem,) = problems(sources=[{**unknown, "batch": {"mode": "file"}}])
    assert problem.startswith("teacher: budget.usd is set and the price of other is unknown")
    assert problems(sources=[{**unknown, "batch": {"mode": "file", "price": PRICE}}]) == []


def test_without_a_budget_no_price_is_needed() -> None:
    assert problems(prices={}, budget={}) == []


def test_a_wrong_option_of_a_judge_is_named_without_its_value() -> None:
    (problem,) = problems(curation={"quality": {**JUDGE, "options": {**API, "key": "sk-pasted"}}})
    assert problem.startswith("judge: options.key: ")
    assert "sk-pasted" not in problem


def test_the_dry_run_of_a_budget_with_an_unknown_price_exits_2(
    capsys: pytest.CaptureFixture[str],
) -> None:
    smoke = str(Path(__file__).parents[1] / "recipes/smoke.yaml")
    silent = ["--set", "sources.teacher.usd_per_example=null", "--set", "budget.usd=1"]
    assert main([smoke, "--dry-run", *silent]) == 2
    shown = capsys.readouterr()
    assert "refused: budget.usd is set and not every price is known (teacher)" in shown.out
    assert "write usd_per_example beside it" in shown.err
