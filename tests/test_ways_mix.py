"""The rule that spreads calls over ways, and the plan of a wave."""

import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from loop.fulfil.source import Want
from loop.fulfil.waves import Decisions, Mix, Planned, Planner, tallies_of
from loop.fulfil.waves.mix import MEMORY
from loop.fulfil.waves.plan import MOST, PILOT
from loop.fulfil.waves.there import there_of
from loop.fulfil.waves.topics import topics_from, words_of
from loop.records import Fate, Fulfilment, RequestItem
from tests.teaching import example, item

WAYS = ("self_instruct", "evolve", "oss_instruct")


def fates(way: str, kept: int, refused: int, nano: int | None = 1000, **given: Any) -> list[Fate]:
    about = {"id": "x", "source": "teacher", "category": "adding", "tier": "simple", **given}
    reasons = [""] * kept + ["near_duplicate"] * refused
    return [Fate(way=way, nano=nano, reason=reason, **about) for reason in reasons]


def fulfilment(*groups: list[Fate]) -> Fulfilment:
    kept: dict[str, Any] = {"accepted": (), "rejected": (), "requested": {}, "shortfall": {}}
    return Fulfilment(
        round=0, received=0, fates=tuple(fate for group in groups for fate in group), **kept
    )


def drawn(now: list[Fate], category: str = "adding", explore: float = 0.0) -> Counter[str]:
    mix = Mix(tallies_of((), "teacher", now), explore)
    draws = random.Random("seed")
    return Counter(mix.draw(WAYS, category, draws) for _ in range(600))


def test_ways_that_nothing_is_known_of_are_drawn_alike() -> None:
    assert min(drawn([])[way] for way in WAYS) > 150


def test_the_way_that_is_accepted_most_is_drawn_most() -> None:
    known = fates(WAYS[0], 10, 30) + fates(WAYS[1], 30, 10) + fates(WAYS[2], 5, 35)
    assert drawn(known)[WAYS[1]] > 570


def test_a_way_is_judged_by_what_an_accepted_example_costs() -> None:
    known = fates(WAYS[0], 20, 20, 500) + fates(WAYS[1], 36, 4, 4000) + fates(WAYS[2], 2, 38, 400)
    assert drawn(known)[WAYS[0]] > 570


def test_without_prices_a_way_is_judged_by_what_a_call_gives() -> None:
    free = fates(WAYS[0], 20, 20, 0) + fates(WAYS[1], 36, 4, 0) + fates(WAYS[2], 2, 38, 0)
    assert drawn(free)[WAYS[1]] > 570


def test_an_unknown_price_is_not_taken_for_none() -> None:
    known = fates(WAYS[0], 20, 20, None) + fates(WAYS[1], 36, 4, 900) + fates(WAYS[2], 2, 38, 900)
    assert drawn(known)[WAYS[1]] > 570


def test_a_way_is_judged_by_its_own_category_where_that_is_known() -> None:
    here = fates(WAYS[0], 5, 35) + fates(WAYS[1], 30, 10) + fates(WAYS[2], 5, 35)
    there = fates(WAYS[0], 38, 2, category="naming") + fates(WAYS[1], 2, 38, category="naming")
    assert drawn(here + there)[WAYS[1]] > 540
    assert drawn(here + there, "naming")[WAYS[0]] > 540


def test_another_category_stands_in_where_nothing_is_known_of_this_one() -> None:
    known = fates(WAYS[0], 38, 2) + fates(WAYS[1], 1, 39) + fates(WAYS[2], 1, 39)
    counts = drawn(known, "naming")
    assert counts[WAYS[0]] > 2 * max(counts[WAYS[1]], counts[WAYS[2]])


def test_every_way_is_drawn_now_and_then_but_a_dear_one_less_often() -> None:
    known = fates(WAYS[0], 40, 0) + fates(WAYS[1], 0, 40) + fates(WAYS[2], 0, 40, 8000)
    counts = drawn(known, explore=0.3)
    assert counts[WAYS[1]] > 50
    assert 0 < counts[WAYS[2]] < counts[WAYS[1]] / 3


def test_older_requests_count_less() -> None:
    old, new = fulfilment(fates("evolve", 8, 0)), fulfilment(fates("evolve", 0, 8))
    tally = tallies_of((old, new), "teacher", [])["evolve", "adding"]
    assert (tally.accepted, tally.received) == (8 * MEMORY**2, 8 * MEMORY + 8 * MEMORY**2)


def test_other_sources_are_not_counted() -> None:
    assert not tallies_of((fulfilment(fates("evolve", 8, 0, source="other")),), "teacher", [])


class Ground:
    """Ways, and no rows."""

    def __init__(self, *ways: str) -> None:
        self._ways = list(ways)

    def ways(self, item: RequestItem, number: int) -> list[str]:
        return self._ways

    def rows(self, category: str) -> tuple[()]:
        return ()


class Stock:
    """So many replies wait."""

    def __init__(self, waiting: int) -> None:
        self._waiting = ["evolve"] * waiting
        self.copied: dict[str, list[str]] = {"adding": []}

    def waiting(self, item: str) -> list[str]:
        return self._waiting


def planned(
    known: list[Fate], count: int, waves: int, waiting: int = 0, candidates: int = 1, ways: int = 1
) -> Planned:
    ground: Any = Ground(*("evolve", "self_instruct", "oss_instruct")[:ways])
    stock: Any = Stock(waiting)
    mix = Mix(tallies_of((), "teacher", known), 0.0)
    planner = Planner(ground, stock, mix, (), candidates, waves)
    [plan] = planner.plan([Want(item(count), count)], {"r01-001": 7}, "seed")
    assert plan.first == 7
    return plan


HALF = fates("evolve", 500, 500)
TENTH = fates("evolve", 100, 900)


def test_without_knowledge_what_is_missing_is_asked_for() -> None:
    assert sum(planned([], 40, waves=5).candidates) == 40


def test_what_will_be_refused_is_asked_for_too_while_waves_are_left() -> None:
    assert sum(planned(HALF, 40, waves=5).candidates) == pytest.approx(80, abs=3)
    assert sum(planned(HALF, 40, waves=2).candidates) == pytest.approx(60, abs=2)


def test_the_last_wave_asks_for_no_more_than_it_can_deliver() -> None:
    assert sum(planned(HALF, 40, waves=1).candidates) == 40


def test_no_wave_asks_for_more_than_a_multiple_of_what_is_missing() -> None:
    assert sum(planned(TENTH, 40, waves=20).candidates) == MOST * 40


def test_replies_that_wait_are_not_asked_for_again() -> None:
    assert sum(planned(HALF, 40, waves=5, waiting=50).candidates) == pytest.approx(30, abs=3)
    assert planned(HALF, 40, waves=5, waiting=80).ways == ()


def test_candidates_are_counted_as_replies() -> None:
    plan = planned([], 10, waves=5, candidates=4)
    assert plan.candidates == (4, 4, 2)


def test_a_large_first_wave_over_unknown_ways_is_a_pilot() -> None:
    assert sum(planned([], 3000, waves=5, ways=3).candidates) == pytest.approx(3 * PILOT, abs=1)
    assert sum(planned([], 3000, waves=1, ways=3).candidates) == 3000
    assert sum(planned([], 3000, waves=5, ways=1).candidates) == 3000


def test_a_small_first_wave_is_no_pilot() -> None:
    assert sum(planned([], 2 * 3 * PILOT, waves=5, ways=3).candidates) == 6 * PILOT


def test_a_decision_is_made_once_and_found_again(tmp_path: Path) -> None:
    plan = [Planned("r01-001", 3, ("evolve", "evolve"), (2, 1), {"CAME TOO OFTEN": "x"})]
    other = [Planned("r01-001", 9, ("evolve",), (1,), {})]
    path = tmp_path / "waves" / "teacher.jsonl"
    assert Decisions(path).once("01/0", [item()], lambda: plan) == plan
    assert Decisions(path).once("01/0", [item()], lambda: other) == plan
    assert Decisions(path).once("01/1", [item()], lambda: other) == other


def test_a_request_that_was_changed_is_planned_anew(tmp_path: Path) -> None:
    plan = [Planned("r01-001", 0, ("evolve",), (1,), {}), Planned("r01-002", 0, (), (), {})]
    other = [Planned("r01-001", 5, ("evolve",), (1,), {}), Planned("r01-002", 5, (), (), {})]
    decisions = Decisions(tmp_path / "teacher.jsonl")
    items = [item(1), item(1, id="r01-002")]
    decisions.once("01/0", items, lambda: plan)
    changed = [item(1), item(2, id="r01-002")]
    assert decisions.once("01/0", changed, lambda: other) == [plan[0], other[1]]


def test_what_is_there_is_summed_up_in_bounded_length() -> None:
    rows = [example(f"Please add {'very ' * 400}{n} and more.") for n in range(50)]
    parts = there_of(rows, ["x" * 10_000] * 50)
    assert sum(map(len, parts.values())) < 3000
    assert parts["FREQUENT OPENINGS"].startswith("Please add very very … (50)")


def test_an_empty_slice_has_nothing_to_say() -> None:
    assert there_of([], []) == {}


def test_frequent_openings_stand_first_and_single_ones_are_left_out() -> None:
    rows = [example(f"Count all the red {n}") for n in "ab"] + [example("Name it now then")]
    rows += [example(f"Name it if you {n}") for n in "abc"]
    assert there_of(rows, [])["FREQUENT OPENINGS"].splitlines() == [
        "Name it if you … (3)",
        "Count all the red … (2)",
    ]


def test_topics_are_words_of_several_rows_and_not_of_most() -> None:
    rows = [example(f"Please count {word} quickly") for word in ["boats", "boats", "sheep"] * 3]
    rows += [example(f"Please count n{n} quickly") for n in range(40)]
    assert words_of(rows) == ("boats", "sheep")


def test_a_models_topics_are_short_single_lines_each_once() -> None:
    assert topics_from({"topics": ["a\nb", "a b", " ", "c" * 500]}) == ("a b", "c" * 80)
    assert topics_from(None) == ()
