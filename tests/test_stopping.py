from typing import Any

import pytest

from loop.recipe import CategorySection, StoppingSection
from loop.records import CategoryWeakness, Decision, GateRuling, Weakness
from loop.stopping import aims, check_gates, decide, looks_table, shipped

TARGETS = {"a": 0.8, "b": 0.8}
GATE = {"a": 100, "b": 100}
TAXONOMY = tuple(
    CategorySection(name=name, weight=1, target=target, format="text")
    for name, target in TARGETS.items()
)


def weakness(round_: int, weighted: float = 0.5, passed: int = 20, passed_b: int = 50) -> Weakness:
    """`a` passed so many of 50; `b` all of 50 unless said."""
    categories = tuple(
        CategoryWeakness(
            category=name,
            priority=1,
            weight=0.5,
            target=0.8,
            passed=count,
            total=50,
            low=0,
            high=1,
            verdict="not met",
        )
        for name, count in (("a", passed), ("b", passed_b))
    )
    return Weakness(round=round_, categories=categories, weighted=weighted)


def ruling(round_: int, look: int, **met: bool) -> GateRuling:
    given = {"a": True, "b": True} | met
    return GateRuling(look=look, round=round_, alpha=0.03, needed=GATE, total=GATE, met=given)


def decision(
    *history: Weakness,
    rulings: tuple[GateRuling, ...] = (),
    gate: dict[str, int] = GATE,
    exhausted: str = "",
    barred: bool = False,
    **section: Any,
) -> Decision:
    stopping = StoppingSection(**section)
    return decide(history, rulings, gate, stopping, TARGETS, exhausted, barred)


def test_the_gate_opens_where_every_category_may_pass() -> None:
    # Look 1 needs 88 of 100: 44 of 50 foretell that with 0.5, twice 44 with a quarter.
    assert decision(weakness(1, passed=44), min_chance=0.4).action == "gate"
    assert decision(weakness(1, passed=44, passed_b=44), min_chance=0.4).action == "continue"
    assert decision(weakness(1, passed=44, passed_b=44), min_chance=0.2).action == "gate"
    assert decision(weakness(1, passed=50, passed_b=38)).action == "continue"


def test_the_gate_stays_closed_to_a_round_that_a_guard_refuses() -> None:
    ready = weakness(1, passed=50)
    assert decision(ready).action == "gate"
    refused = decision(ready, barred=True)
    assert refused.action == "continue"
    assert "a broken guard refuses this round" in refused.reason


def test_a_later_look_needs_more() -> None:
    failed = (ruling(1, 1, a=False),)
    ready = weakness(2, 0.7, passed=44)
    assert decision(weakness(1, 0.6), ready, min_chance=0.45).action == "gate"
    # Look 2 needs 90 of 100.
    went = decision(weakness(1, 0.6), ready, rulings=failed, min_chance=0.45)
    assert went.action == "continue"
    assert went.reason.startswith("the chance that every category passes look 2 at the gate is 0.3")
    assert "least of all a (0.3" in went.reason


def test_by_point_the_gate_needs_the_target_itself() -> None:
    assert decision(weakness(0, passed=40), verdict="point").action == "gate"
    assert decision(weakness(0, passed=33), verdict="point").action == "continue"
    assert decision(weakness(0, passed=40)).action == "continue"


def test_the_untuned_base_may_be_looked_at() -> None:
    assert decision(weakness(0, passed=50)).action == "gate"


def test_a_passed_look_of_this_round_ends_the_run_as_met() -> None:
    ended = decision(weakness(0), weakness(1, passed=50), rulings=(ruling(1, 1),))
    assert (ended.action, ended.outcome) == ("stop", "met")


def test_a_round_is_looked_at_once() -> None:
    ready = weakness(1, 0.9, passed=50)
    went = decision(weakness(0), ready, rulings=(ruling(1, 1, a=False),))
    assert went.action == "continue"
    assert "failed a" in went.reason


def test_the_gate_comes_before_the_limits() -> None:
    ready = weakness(2, passed=50)
    assert decision(weakness(0), weakness(1), ready, max_rounds=2).action == "gate"
    assert decision(ready, exhausted="no examples are left").action == "gate"


def test_used_up_looks_end_the_run() -> None:
    failed = (ruling(1, 1, a=False), ruling(2, 2, a=False))
    history = (weakness(1, 0.6), weakness(2, 0.7, passed=50))
    ended = decision(*history, rulings=failed, looks=2)
    assert (ended.action, ended.outcome) == ("stop", "budget")
    assert "all looks at the gate are used" in ended.reason
    assert decision(*history, rulings=failed, looks=3).action == "continue"


def test_a_look_that_can_prove_nothing_ends_the_run() -> None:
    # 16 of 16 prove 0.8 at look 1 and not at look 2.
    gate = {"a": 16, "b": 16}
    assert decision(weakness(1, passed=50), gate=gate).action == "gate"
    ended = decision(weakness(1, passed=50), gate=gate, rulings=(ruling(1, 1, a=False),))
    assert (ended.outcome, "cannot prove" in ended.reason) == ("budget", True)


def test_a_spent_budget_ends_the_run() -> None:
    ended = decision(weakness(1), exhausted="no examples are left")
    assert (ended.outcome, ended.reason) == ("budget", "no examples are left")
    assert decision(weakness(1)).action == "continue"


def test_the_last_round_ends_the_run() -> None:
    history = (weakness(0, 0.1), weakness(1, 0.2), weakness(2, 0.3))
    assert decision(*history, max_rounds=2).outcome == "rounds"
    assert decision(*history, max_rounds=3).action == "continue"


def test_rounds_without_gain_are_a_plateau() -> None:
    rounds = [weakness(i, w) for i, w in enumerate((0.5, 0.5, 0.505, 0.4))]
    assert decision(*rounds[:3], patience=2, min_gain=0.01).action == "continue"
    ended = decision(*rounds, patience=2, min_gain=0.01)
    assert (ended.action, ended.outcome) == ("stop", "plateau")


def test_a_lucky_round_long_ago_is_no_plateau_by_itself() -> None:
    rounds = [weakness(i, w) for i, w in enumerate((0.2, 0.6, 0.5, 0.55))]
    assert decision(*rounds, patience=2, min_gain=0.01).action == "continue"


def test_small_gains_that_add_up_are_no_plateau() -> None:
    rounds = [weakness(i, 0.5 + 0.005 * i) for i in range(5)]
    assert decision(*rounds, patience=2, min_gain=0.01).action == "continue"


def test_a_gain_of_exactly_the_least_counts_and_no_gain_never_does() -> None:
    gained = (weakness(0, 0.1), weakness(1, 0.1 + 0.01))
    assert decision(*gained, patience=1, min_gain=0.01).action == "continue"
    still = (weakness(0, 0.1), weakness(1, 0.1))
    assert decision(*still, patience=1, min_gain=0.0).outcome == "plateau"


def test_the_base_alone_is_no_plateau() -> None:
    assert decision(weakness(0, 0.0), patience=1).action == "continue"


def test_every_reason_is_one_line() -> None:
    for made in (decision(weakness(0)), decision(weakness(3), max_rounds=3)):
        assert made.reason
        assert "\n" not in made.reason


def test_without_a_round_there_is_nothing_to_decide() -> None:
    with pytest.raises(ValueError, match="at least one evaluated round"):
        decision()
    with pytest.raises(ValueError, match="at least one evaluated round"):
        shipped((), ())


def test_the_round_that_passed_the_gate_ships() -> None:
    history = (weakness(0, 0.9), weakness(1, 0.5), weakness(2, 0.6))
    assert shipped(history, (ruling(1, 1, a=False), ruling(2, 2)))[:2] == (2, "gate")


def test_else_the_best_weighted_round_ships_the_earlier_of_equals() -> None:
    history = (weakness(0, 0.1), weakness(1, 0.7), weakness(2, 0.7))
    assert shipped(history, (ruling(2, 1, b=False),))[:2] == (1, "diagnose")


def test_a_barred_round_is_not_shipped_even_where_it_passed_the_gate() -> None:
    history = (weakness(0, 0.1), weakness(1, 0.7), weakness(2, 0.9))
    sent = shipped(history, (ruling(2, 1),), barred={2})
    assert (sent.round, sent.by) == (1, "diagnose")
    assert "barred: round 2" in sent.why
    with pytest.raises(ValueError, match="not barred"):
        shipped(history, (), barred={0, 1, 2})


def test_why_a_round_is_shipped_is_one_sentence_with_its_figures() -> None:
    history = (weakness(0, 0.1), weakness(1, 0.712))
    assert shipped(history, ()).why == (
        "no round was looked at by the gate; round 1 has the best weighted diagnose score, 0.712"
    )
    assert shipped(history, (ruling(1, 1),)).why == (
        "round 1 passed every category at look 1 at the gate"
    )


def test_a_gate_that_cannot_prove_its_target_is_named_with_the_items_it_needs() -> None:
    # 0.8 ** 15 = 0.035 > 0.0304 >= 0.8 ** 16.
    assert check_gates({"a": 16, "b": 100}, TAXONOMY, StoppingSection()) == []
    (problem,) = check_gates({"a": 15, "b": 100}, TAXONOMY, StoppingSection())
    assert "15 items of a" in problem
    assert "at least 16" in problem


def test_a_gate_without_items_is_refused_under_either_rule() -> None:
    for rule in ("bound", "point"):
        section = StoppingSection.model_validate({"verdict": rule})
        (problem,) = check_gates({"a": 100}, TAXONOMY, section)
        assert " b" in problem


def test_a_target_of_one_is_refused_unless_by_point() -> None:
    perfect = (TAXONOMY[0].model_copy(update={"target": 1.0}),)
    (problem,) = check_gates({"a": 1000}, perfect, StoppingSection())
    assert "taxonomy.a.target is 1" in problem
    assert check_gates({"a": 1000}, perfect, StoppingSection(verdict="point")) == []


def test_the_table_of_looks_shows_what_each_needs() -> None:
    table = looks_table({"a": 100, "b": 16}, TAXONOMY, StoppingSection(looks=2))
    assert table == {"a": (88, 90), "b": (16, None)}


def test_the_aim_is_the_share_that_the_next_look_needs() -> None:
    totals, section = {"a": 100, "b": 16}, StoppingSection(looks=2)
    assert aims(totals, TAXONOMY, section, 1) == {"a": 0.88, "b": 1.0}
    assert aims(totals, TAXONOMY, section, 2) == {"a": 0.90, "b": 1.0}
