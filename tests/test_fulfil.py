from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from loop.budget import OverBudget
from loop.example import Example
from loop.fulfil import Delivery, Situation, Source, Waiting, Want, fulfil, grow, seed_dose
from loop.fulfil.pool import Pool
from loop.recipe import CategorySection, PluginSource, PoolSource, SourceSection
from loop.records import Curated, Fulfilment, GenerationRequest, Mixture, Rejected, RequestItem

TAXONOMY = tuple(
    CategorySection(name=name, weight=1, target=0.5, format="text") for name in ("adding", "naming")
)


def example(text: str, category: str = "adding", **fields: Any) -> Example:
    return Example(instruction=text, output="answer", category=category, **fields)


def item(count: int, **fields: Any) -> RequestItem:
    given = {"id": "r01-001", "category": "adding", "tier": "simple", "format": "text", **fields}
    return RequestItem.model_validate(given | {"count": count})


def accept_all(candidates: tuple[Example, ...], training: tuple[Example, ...]) -> Curated:
    """Refuses what is trained on already and whatever says bad."""
    known = {row.prompt_id for row in training}
    kept, rejected = [], []
    for row in candidates:
        if "bad" in row.instruction or row.prompt_id in known:
            rejected.append(Rejected(reason="bad", category=row.category, example=row))
        else:
            known.add(row.prompt_id)
            kept.append(row)
    return Curated(kept=tuple(kept), rejected=tuple(rejected), received=len(candidates))


class Scripted:
    """A source that answers from a list of batches, for the first item that is wanted."""

    def __init__(self, *batches: list[Any], ends: Exception | None = None) -> None:
        self.batches = list(batches)
        self.ends = ends
        self.asked: list[tuple[str, int, int]] = []
        self.situations: list[Situation] = []

    def deliver(
        self, wants: Sequence[Want], attempt: int, situation: Situation
    ) -> Iterator[Delivery]:
        self.asked += [(want.item.id, want.count, attempt) for want in wants]
        self.situations.append(situation)
        for number, raw in enumerate(self.batches.pop(0) if self.batches else []):
            given = raw if isinstance(raw, Delivery) else None
            name = f"{attempt}-{number}"
            yield given or Delivery(name, wants[0].item.id, raw, "synthetic:scripted", nano=7)
        if self.ends:
            raise self.ends


def row(text: str, **fields: Any) -> dict[str, Any]:
    return {"instruction": text, "output": "answer", "category": "adding"} | fields


def ask(*items: RequestItem) -> GenerationRequest:
    return GenerationRequest(round=1, items=items)


def run(
    request: GenerationRequest,
    source: Source | None,
    pool: tuple[Example, ...] = (),
    training: tuple[Example, ...] = (),
    **section: Any,
) -> Fulfilment:
    """The pool first, then one source."""
    sections: list[SourceSection] = [PoolSource(name="pool")]
    sources: dict[str, Source] = {"pool": Pool()}
    if source is not None:
        sections.append(PluginSource(name="teacher", use="a:B", **section))
        sources["teacher"] = source
    return route(request, sections, sources, pool, training)


def route(
    request: GenerationRequest,
    sections: Sequence[SourceSection],
    sources: dict[str, Source],
    pool: tuple[Example, ...] = (),
    training: tuple[Example, ...] = (),
) -> Fulfilment:
    means: dict[str, Any] = {"sources": sources, "accept": accept_all}
    return fulfil(request, pool, training, sections, (), **means)


def two(first: Source, second: Source, request: GenerationRequest, **limits: Any) -> Fulfilment:
    """Two sources, of which the first has limits."""
    sections = [
        PluginSource(name="first", use="a:B", **limits),
        PluginSource(name="second", use="a:B"),
    ]
    return route(request, sections, {"first": first, "second": second})


def test_the_pool_is_drawn_before_the_teacher_is_asked() -> None:
    teacher = Scripted([row("from teacher")])
    result = run(ask(item(2)), teacher, pool=(example("from pool"),))
    assert result.by_source == {"pool": 1, "teacher": 1}
    assert teacher.asked == [("r01-001", 1, 0)]


def test_a_rejected_pool_row_is_replaced_from_the_pool() -> None:
    pool = (example("bad"), example("good"))
    result = run(ask(item(1)), None, pool=pool)
    assert [each.instruction for each in result.accepted] == ["good"]
    assert result.rejected_by_reason == {"bad": 1}


def test_a_pool_row_is_drawn_once_for_all_items() -> None:
    pool = (example("one"), example("two"))
    result = run(ask(item(1), item(1, id="r01-002")), None, pool=pool)
    assert [each.instruction for each in result.accepted] == ["one", "two"]


def test_pool_rows_of_another_tier_or_category_are_not_drawn() -> None:
    pool = (example("hard", tier="complex"), example("other", category="naming"))
    result = run(ask(item(1)), None, pool=pool)
    assert result.accepted == ()
    assert result.shortfall == {"adding": 1}


def test_pool_rows_with_the_wanted_tags_come_first() -> None:
    pool = (example("plain"), example("tagged", tags=("carry",)))
    result = run(ask(item(1, tags=("carry",))), None, pool=pool)
    assert [each.instruction for each in result.accepted] == ["tagged"]


def test_a_shortfall_is_asked_for_again_a_bounded_number_of_times() -> None:
    teacher = Scripted([row("bad one")], [row("bad two")], [row("good")], [row("late")])
    result = run(ask(item(2)), teacher, attempts=3)
    assert teacher.asked == [("r01-001", 2, 0), ("r01-001", 2, 1), ("r01-001", 2, 2)]
    assert len(result.accepted) == 1
    assert result.shortfall == {"adding": 1}


def test_deliveries_that_are_no_examples_are_counted_with_a_reason() -> None:
    rubbish = ["text", {"instruction": 3}, row("naming", category="naming"), row("x", evil=1)]
    result = run(ask(item(4)), Scripted(rubbish), attempts=1)
    assert result.rejected_by_reason == {"bad_field": 2, "not_an_object": 1, "not_as_asked": 1}
    assert result.received == 4
    assert len(result.accepted) + len(result.rejected) == result.received


def test_more_than_asked_for_is_never_accepted() -> None:
    result = run(ask(item(1)), Scripted([row("one"), row("two")]))
    assert len(result.accepted) == 1


def test_what_is_trained_on_already_is_not_accepted_again() -> None:
    result = run(ask(item(1)), Scripted([row("old")]), training=(example("old"),), attempts=1)
    assert result.accepted == ()


def test_an_accepted_example_says_where_it_came_from() -> None:
    result = run(ask(item(1)), Scripted([row("one", source="human", origin="forged")]))
    assert (result.accepted[0].source, result.accepted[0].origin) == (
        "synthetic:scripted",
        "r01-001/teacher/0-0",
    )


def test_every_delivery_has_a_fate_that_leads_back_from_the_example() -> None:
    result = run(ask(item(2)), Scripted([row("one"), row("bad")]), attempts=1)
    (accepted,) = result.accepted
    told = [(fate.id, fate.example, fate.reason, fate.nano) for fate in result.fates]
    assert told[0] == (accepted.origin, accepted.id, "", 7)
    assert told[1][0] == "r01-001/teacher/0-1"
    assert told[1][2:] == ("bad", 7)


def test_a_teacher_cannot_score_its_own_work() -> None:
    praised = row("one", quality={"checks": 1.0})
    (accepted,) = run(ask(item(1)), Scripted([praised])).accepted
    assert accepted.quality == {}


def test_a_pool_row_keeps_the_scores_that_curation_gave_it() -> None:
    pool = (example("one", quality={"checks": 1.0}),)
    (accepted,) = run(ask(item(1)), None, pool=pool).accepted
    assert accepted.quality == {"checks": 1.0}


def test_what_a_model_made_without_checks_is_refused_where_examples_have_some() -> None:
    checked = example("old", checks={"tests": "assert True"})
    made = [Delivery("a", "r01-001", row("made"), "synthetic:m")]
    people = [Delivery("b", "r01-001", row("written"), "human:ann")]
    result = run(ask(item(2)), Scripted(made, people), training=(checked,), attempts=2)
    assert [each.instruction for each in result.accepted] == ["written"]
    assert result.rejected_by_reason == {"unverified": 1}
    assert [fate.reason for fate in result.fates] == ["unverified", ""]
    free = run(ask(item(1)), Scripted(made), training=(example("old"),), attempts=1)
    assert len(free.accepted) == 1


def test_checks_count_unrun_where_the_recipe_runs_none_and_not_where_it_does() -> None:
    made = Scripted([Delivery("a", "r01-001", row("m", checks={"tests": ""}), "synthetic:m")])
    unrun = example("old", checks={"tests": "assert True"})
    assert len(run(ask(item(1)), made, training=(unrun,), attempts=1).accepted) == 1
    made = Scripted([Delivery("a", "r01-001", row("m", checks={"tests": ""}), "synthetic:m")])
    run_ = unrun.model_copy(update={"quality": {"checks": 1.0}})
    result = run(ask(item(1)), made, training=(run_,), attempts=1)
    assert result.rejected_by_reason == {"unverified": 1}


def test_pool_rows_are_not_asked_for_checks_again() -> None:
    checked = example("old", checks={"tests": "assert True"}, quality={"checks": 1.0})
    pool = (example("from pool", source="synthetic:seed"),)
    assert len(run(ask(item(1)), None, pool=pool, training=(checked,)).accepted) == 1


@pytest.mark.parametrize("score", ["checks", "agreement"])
def test_what_was_verified_in_some_way_is_accepted(score: str) -> None:
    def accept(candidates: tuple[Example, ...], training: tuple[Example, ...]) -> Curated:
        kept = [row.model_copy(update={"quality": {score: 1.0}}) for row in candidates]
        return Curated(kept=tuple(kept), rejected=(), received=len(kept))

    made = Scripted([Delivery("a", "r01-001", row("made"), "synthetic:m")])
    means: dict[str, Any] = {"sources": {"t": made}, "accept": accept}
    sections = [PluginSource(name="t", use="a:B")]
    checked = (example("old", checks={"tests": "assert True"}),)
    result = fulfil(ask(item(1)), (), checked, sections, (), **means)
    assert len(result.accepted) == 1


def test_what_each_source_gave_and_cost_is_counted() -> None:
    result = run(ask(item(3)), Scripted([row("one"), row("bad")], [row("two")]), attempts=2)
    (gave,) = result.yields
    assert (gave.received, gave.accepted, gave.rejected, gave.nano) == (3, 2, {"bad": 1}, 21)
    assert gave.nano_per_accepted == 10.5


def test_an_unknown_price_is_never_zero() -> None:
    free = Delivery("a", "r01-001", row("one"), "open:x")
    unknown = Delivery("b", "r01-001", row("two"), "open:x", nano=None)
    (gave,) = run(ask(item(2)), Scripted([free, unknown]), attempts=1).yields
    assert gave.nano is None
    assert gave.nano_per_accepted is None


def test_what_was_delivered_twice_counts_once() -> None:
    same = Delivery("a", "r01-001", row("one"), "open:x")
    other = Delivery("a", "r01-001", row("two"), "open:x")
    result = run(ask(item(3)), Scripted([same, other], [other]), attempts=2)
    assert [each.instruction for each in result.accepted] == ["one"]
    assert result.rejected_by_reason == {"delivered_twice": 2}


def test_what_a_source_leaves_open_the_next_is_asked_for() -> None:
    first, second = Scripted([row("one")]), Scripted([row("two")])
    result = two(first, second, ask(item(2)), attempts=1)
    assert second.asked == [("r01-001", 1, 0)]
    assert [each.instruction for each in second.situations[0].accepted] == ["one"]
    assert result.by_source == {"first": 1, "second": 1}


def test_a_source_is_asked_for_what_it_fits_only() -> None:
    first, second = Scripted(), Scripted()
    request = ask(item(1, tier="complex"), item(2, id="r01-002"))
    two(first, second, request, tiers=["complex"], attempts=1)
    assert first.asked == [("r01-001", 1, 0)]
    assert second.asked == [("r01-001", 1, 0), ("r01-002", 2, 0)]


def test_a_source_gives_no_more_than_its_share_of_a_request() -> None:
    first = Scripted([row("1"), row("2"), row("3")])
    result = two(first, Scripted([row("4"), row("5")]), ask(item(4)), max_share=0.5)
    assert first.asked == [("r01-001", 2, 0)]
    assert result.by_source == {"first": 2, "second": 2}
    assert result.notes == ("first: gave its share of 50% of what was asked for",)


def test_a_source_that_cannot_be_paid_any_more_keeps_what_it_gave_and_the_next_goes_on() -> None:
    first = Scripted([row("one")], [row("late")], ends=OverBudget("budget.usd: 0 USD left"))
    result = two(first, Scripted([row("two")]), ask(item(2)))
    assert result.by_source == {"first": 1, "second": 1}
    assert result.notes == ("first: budget.usd: 0 USD left",)


def test_what_people_may_still_bring_is_asked_of_nobody_else() -> None:
    people, second = Scripted([row("one")], ends=Waiting("1 example is waited for")), Scripted()
    with pytest.raises(Waiting, match="1 example is waited for"):
        two(people, second, ask(item(2), item(1, id="r01-002")))
    assert second.asked == []


def test_sources_behind_the_one_that_is_waited_for_are_asked_for_the_rest() -> None:
    people, second = Scripted(ends=Waiting("waiting")), Scripted()
    request = ask(item(2, tier="complex"), item(1, id="r01-002"))
    with pytest.raises(Waiting) as caught:
        two(people, second, request, tiers=["complex"])
    assert caught.value.exit_code == 4
    assert second.asked == [("r01-002", 1, 0)]


def test_the_seed_dose_takes_the_first_of_each_category() -> None:
    pool = tuple(example(str(n), category=("adding", "naming")[n % 2]) for n in range(10))
    mixture = seed_dose(pool, {"adding": 2, "naming": 1, "other": 5})
    assert [each.instruction for each in mixture.examples] == ["0", "1", "2"]
    assert mixture.by_category == {"adding": 2, "naming": 1}
    assert not seed_dose(pool, {}).examples


def test_a_grown_mixture_has_the_new_examples_last() -> None:
    grown = grow(Mixture(examples=(example("a"),), new=1), (example("b"),))
    assert [each.instruction for each in grown.examples[-grown.new :]] == ["b"]
