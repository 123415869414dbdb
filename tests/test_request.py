import json
from typing import Any

import jsonschema
import pytest

from loop.diagnose import diagnose, nearest_training
from loop.example import Example
from loop.recipe import CategorySection, CurriculumSection, StoppingSection
from loop.records import (
    Allocation,
    CategoryWeakness,
    Evaluation,
    GenerationRequest,
    Grade,
    Sample,
    Slice,
    Weakness,
)
from loop.request import build_request, json_schema

CODE = CategorySection(
    name="code",
    description="Write a function.",
    weight=1,
    target=0.8,
    tiers={"simple": 0.5, "moderate": 0.5},
    format="code",
    language="python",
)
LABEL = CategorySection(name="label", weight=1, target=0.8, tiers={"simple": 1.0}, format="label")


def weak(name: str, *slices: Slice, **fields: Any) -> CategoryWeakness:
    given = {
        "category": name,
        "priority": 1,
        "weight": 0.5,
        "target": 0.8,
        "passed": 5,
        "total": 10,
        "low": 0,
        "high": 1,
        "verdict": "not met",
        "slices": slices,
    }
    return CategoryWeakness.model_validate(given | fields)


def tag(name: str, passed: int, total: int) -> Slice:
    return Slice(by="tag", name=name, passed=passed, total=total)


def ask(
    *categories: CategoryWeakness,
    doses: dict[str, int],
    rows: tuple[Example, ...] = (),
    exemplars: int = 2,
) -> GenerationRequest:
    return build_request(
        Weakness(round=1, categories=categories, weighted=0.5),
        Allocation(doses=doses, why={}),
        {"code": rows},
        (CODE, LABEL),
        CurriculumSection(exemplars=exemplars),
        1,
    )


def test_a_request_asks_for_exactly_the_doses() -> None:
    request = ask(weak("label"), weak("code"), doses={"code": 7, "label": 4})
    asked = [(item.id, item.category, item.tier, item.count) for item in request.items]
    assert asked == [
        ("r01-001", "label", "simple", 4),
        ("r01-002", "code", "simple", 4),
        ("r01-003", "code", "moderate", 3),
    ]
    assert request.count == 11


def test_a_weak_tier_gets_more_than_its_share() -> None:
    tiers = (
        Slice(by="tier", name="simple", passed=10, total=10),
        Slice(by="tier", name="moderate", passed=0, total=10),
    )
    items = ask(weak("code", *tiers), doses={"code": 30}).items
    assert {item.tier: item.count for item in items} == {"simple": 10, "moderate": 20}


def test_a_dose_of_nothing_makes_no_item() -> None:
    request = ask(weak("code"), weak("label"), doses={"code": 0, "label": 1})
    assert [item.category for item in request.items] == ["label"]


def test_an_item_says_what_the_output_must_be() -> None:
    item = ask(weak("code"), doses={"code": 1}).items[0]
    assert (item.format, item.language, item.description) == ("code", "python", "Write a function.")


def test_tags_are_the_three_weakest_below_target_that_are_not_chance() -> None:
    tags = (
        tag("fine", 9, 10),
        tag("rare", 0, 2),
        tag("third", 7, 10),
        tag("second", 5, 10),
        tag("first", 1, 10),
        tag("fourth", 15, 20),
    )
    item = ask(weak("code", *tags), doses={"code": 1}).items[0]
    assert item.tags == ("first", "second", "third")


def test_a_tag_that_is_a_text_is_not_sent() -> None:
    texts = (tag("x" * 41, 0, 9), tag("two\nlines", 0, 9), tag("short", 0, 9))
    assert ask(weak("code", *texts), doses={"code": 1}).items[0].tags == ("short",)


def test_failures_stand_most_frequent_first() -> None:
    failures = {"error": 1, "format": 7, "wrong_answer": 3}
    item = ask(weak("code", failures=failures), doses={"code": 1}).items[0]
    assert item.failures == ("format", "wrong_answer", "error")


def test_exemplars_of_the_items_own_tier_come_first() -> None:
    rows = tuple(
        Example(instruction=f"{tier} {n}", output="o", category="code", tier=tier)
        for n, tier in enumerate(("simple", "simple", "moderate"))
    )
    items = ask(weak("code"), doses={"code": 2}, rows=rows).items
    shown = {item.tier: [e.instruction for e in item.exemplars] for item in items}
    assert shown == {"simple": ["simple 0", "simple 1"], "moderate": ["moderate 2", "simple 0"]}


def test_no_exemplars_where_the_recipe_wants_none() -> None:
    rows = (Example(instruction="i", output="o", category="code"),)
    items = ask(weak("code"), doses={"code": 1}, rows=rows, exemplars=0).items
    assert items[0].exemplars == ()


CANARY = "zebra-4711"


def holdout_row(number: int) -> Example:
    return Example(
        instruction=f"holdout {number} {CANARY}",
        input=CANARY,
        output=CANARY,
        category="code",
        tags=("loops", f"the whole task as a tag, which no label is: {CANARY}"),
        rationale=CANARY,
        origin=CANARY,
        checks={"tests": CANARY},
    )


def test_no_text_of_the_holdout_reaches_a_request() -> None:
    rows = tuple(holdout_row(number) for number in range(9))
    grade = Grade(score=0, passed=False, reason="wrong_answer", evidence=CANARY)
    samples = tuple(
        Sample(
            example_id=row.id,
            category=row.category,
            tier=row.tier,
            tags=row.tags,
            prompt=row.prompt,
            answer=CANARY,
            grade=grade,
        )
        for row in rows
    )
    evaluation = Evaluation(role="diagnose", round=1, model="m", samples=samples)
    weakness = diagnose(evaluation, None, (CODE,), {"code": 1.0}, StoppingSection())
    training = (Example(instruction=f"train {CANARY[:5]}", output="o", category="code"),)
    request = build_request(
        weakness,
        Allocation(doses={"code": 20}, why={}),
        {"code": nearest_training(rows, training, 3)},
        (CODE,),
        CurriculumSection(),
        1,
    )
    text = request.model_dump_json()
    assert "loops" in text
    assert "train zebra" in text
    assert CANARY not in text
    assert not any(row.id in text for row in rows)


def test_an_emitted_request_fits_the_published_schema() -> None:
    rows = (Example(instruction="i", output="o", category="code"),)
    request = ask(weak("code", tag("loops", 0, 5)), doses={"code": 5}, rows=rows)
    emitted = json.loads(request.model_dump_json())
    jsonschema.Draft202012Validator.check_schema(json_schema())
    jsonschema.validate(emitted, json_schema())
    emitted["items"][0]["count"] = 0
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(emitted, json_schema())
    assert GenerationRequest.model_validate_json(request.model_dump_json()) == request
