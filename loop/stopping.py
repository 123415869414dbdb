"""Decides whether the loop goes on, looks at the gate or stops, and which round to ship.

Works on weakness reports and rulings. Of the gate it knows totals and pass or fail, never a score.
"""

import math
from collections.abc import Collection, Mapping
from typing import Literal, NamedTuple

from loop.recipe import CategorySection, StoppingSection
from loop.records import Decision, GateRuling, Outcome, Weakness
from loop.stats import EDGE, alpha_of_look, chance_to_pass, gate_passes


def _needed(total: int, target: float, look: int, section: StoppingSection) -> int | None:
    return gate_passes(total, target, alpha_of_look(look, section.alpha), section.verdict)


def looks_table(
    gate_totals: Mapping[str, int], taxonomy: tuple[CategorySection, ...], section: StoppingSection
) -> dict[str, tuple[int | None, ...]]:
    """Passes that each category needs at each look.

    Args:
        gate_totals: Items in the gate per category, at least 1.
        taxonomy: All categories.
        section: Verdict rule, error and number of looks.

    Returns:
        Per category, one number a look; None where not even all items would do.
    """
    looks = range(1, section.looks + 1)
    return {
        category.name: tuple(
            _needed(gate_totals[category.name], category.target, look, section) for look in looks
        )
        for category in taxonomy
    }


def aims(
    gate_totals: Mapping[str, int],
    taxonomy: tuple[CategorySection, ...],
    section: StoppingSection,
    look: int,
) -> dict[str, float]:
    """Say which score would pass the gate.

    Args:
        gate_totals: Items in the gate per category, at least 1.
        taxonomy: All categories.
        section: Verdict rule, error and number of looks.
        look: The look to come, from 1.

    Returns:
        Share of passed items per category, in [0, 1]; 1 where not even that would do.
    """
    shares = {}
    for category in taxonomy:
        total = gate_totals[category.name]
        passes = _needed(total, category.target, look, section)
        shares[category.name] = 1.0 if passes is None else passes / total
    return shares


def check_gates(
    gate_totals: Mapping[str, int], taxonomy: tuple[CategorySection, ...], section: StoppingSection
) -> list[str]:
    """Find gates that cannot prove their target even if every item passes.

    Args:
        gate_totals: Items in the gate per category.
        taxonomy: All categories.
        section: Verdict rule and error.

    Returns:
        One line per such category: what is wrong and the way out.
    """
    problems = []
    for category in taxonomy:
        name, target, total = category.name, category.target, gate_totals.get(category.name, 0)
        if total and _needed(total, target, 1, section) is not None:
            continue
        if section.verdict == "point":
            problems.append(f"holdout: the gate has no item of {name}; hold out more of it")
            continue
        if target == 1:
            problems.append(
                f"taxonomy.{name}.target is 1, which no number of items can prove; lower it, or "
                "set stopping.verdict: point"
            )
            continue
        alpha = alpha_of_look(1, section.alpha)
        # If all of n pass, the exact lower bound is alpha ** (1 / n).
        items = max(1, math.ceil(math.log(alpha) / math.log(target)))
        problems.append(
            f"holdout: the gate has {total} items of {name} and cannot prove its target of "
            f"{target:g} even if all pass; at the first look (error {alpha:.4f}) it needs at least "
            f"{items}: raise holdout.min_per_category, lower the target, or set "
            "stopping.verdict: point"
        )
    return problems


def _chances(
    latest: Weakness, needed: Mapping[str, int], gate_totals: Mapping[str, int]
) -> dict[str, float]:
    """Chance of each category to pass the gate, judged by its diagnose score."""
    return {
        weak.category: chance_to_pass(
            weak.passed, weak.total, needed[weak.category], gate_totals[weak.category]
        )
        for weak in latest.categories
    }


def _gain(history: tuple[Weakness, ...], patience: int) -> float | None:
    """Mean weighted score of the last rounds less that of as many before; None while too few.

    Means, because the best round so far is the luckiest too: compared with it, a loop that truly
    gains 0.03 a round is called a plateau nearly twice as often (scripts/simulate_plateau.py).
    """
    if len(history) < 2 * patience:
        return None
    weighted = [weakness.weighted for weakness in history[-2 * patience :]]
    return (sum(weighted[patience:]) - sum(weighted[:patience])) / patience


def _stop(outcome: Outcome, reason: str) -> Decision:
    return Decision(action="stop", outcome=outcome, reason=reason)


def _spent(latest: int, looked: int, section: StoppingSection, exhausted: str) -> Decision | None:
    """The limit that is reached, if any is."""
    if looked >= section.looks:
        return _stop("budget", f"all looks at the gate are used ({looked} of {section.looks})")
    if exhausted:
        return _stop("budget", exhausted)
    if latest >= section.max_rounds:
        return _stop("rounds", f"round {latest} is the last that stopping.max_rounds allows")
    return None


def decide(
    history: tuple[Weakness, ...],
    rulings: tuple[GateRuling, ...],
    gate_totals: Mapping[str, int],
    section: StoppingSection,
    targets: Mapping[str, float],
    exhausted: str = "",
    barred: bool = False,
) -> Decision:
    """Say what the loop does after a round.

    A look at the gate comes before every limit: a model that seems ready costs only the look.

    Args:
        history: Weakness reports, round 0 first.
        rulings: Looks at the gate so far, oldest first.
        gate_totals: Items in the gate per category.
        section: Rounds, looks and verdict rule.
        targets: Share of items that must pass, per category.
        exhausted: Which hard stop of the budget leaves no room for another round, in a sentence;
            empty where none does.
        barred: Whether a guard refuses this round, so that it can neither pass nor be shipped.

    Returns:
        Continue, gate, or stop with an outcome; always with a one-sentence reason.

    Raises:
        ValueError: There is no round yet.
    """
    if not history:
        raise ValueError("a decision needs at least one evaluated round, got none")
    latest, look = history[-1], len(rulings) + 1
    looked_now = bool(rulings) and rulings[-1].round == latest.round
    if looked_now and rulings[-1].all_met:
        return _stop("met", f"every category met its target at look {rulings[-1].look} at the gate")
    unlikely = ""
    if look <= section.looks:
        needed: dict[str, int] = {}
        for name, target in targets.items():
            passes = _needed(gate_totals[name], target, look, section)
            if passes is None:
                reason = f"no usable look is left: look {look} cannot prove the target of {name}"
                return _stop("budget", reason)
            needed[name] = passes
        chances = _chances(latest, needed, gate_totals)
        chance = math.prod(chances.values())
        told = f"the chance that every category passes look {look} at the gate is {chance:.2f}"
        if chance >= section.min_chance and not looked_now and not barred:
            return Decision(action="gate", reason=told)
        least = min(chances, key=lambda name: chances[name])
        unlikely = f"{told}; least of all {least} ({chances[least]:.2f})"
        if barred:
            unlikely = "a broken guard refuses this round, so the gate stays closed to it"
    if spent := _spent(latest.round, len(rulings), section, exhausted):
        return spent
    gain = _gain(history, section.patience)
    if gain is not None and (gain <= EDGE or gain < section.min_gain - EDGE):
        return _stop(
            "plateau",
            f"the mean weighted score of {section.patience} rounds is {gain:+.3f} off that of the "
            f"{section.patience} before; stopping.min_gain is {section.min_gain:g}",
        )
    if looked_now:
        failed = ", ".join(name for name, met in rulings[-1].met.items() if not met)
        return Decision(action="continue", reason=f"the gate failed {failed}")
    return Decision(action="continue", reason=unlikely)


class Shipment(NamedTuple):
    """The round to ship, and why that one."""

    round: int
    by: Literal["gate", "diagnose"]
    why: str
    """One sentence for the report."""


def shipped(
    history: tuple[Weakness, ...],
    rulings: tuple[GateRuling, ...],
    barred: Collection[int] = (),
) -> Shipment:
    """Choose the round to ship.

    Args:
        history: Weakness reports, round 0 first.
        rulings: Looks at the gate.
        barred: Rounds that may not be shipped, whatever they score; never the untuned base.

    Returns:
        The round that passed the gate; else the best production-weighted diagnose score (the
        earlier of equals), which is optimistic.

    Raises:
        ValueError: There is no round yet, or none may be shipped.
    """
    allowed = [weakness for weakness in history if weakness.round not in barred]
    if not allowed:
        raise ValueError(
            "a round to ship needs at least one evaluated round that is not barred, got none"
        )
    refused = ", ".join(map(str, sorted(set(barred))))
    beside = f"; barred: round {refused}" if refused else ""
    for ruling in reversed(rulings):
        if ruling.all_met and ruling.round not in barred:
            why = f"round {ruling.round} passed every category at look {ruling.look} at the gate"
            return Shipment(ruling.round, "gate", why + beside)
    best = max(allowed, key=lambda weakness: weakness.weighted)
    looked = "no round passed the gate" if rulings else "no round was looked at by the gate"
    why = f"{looked}; round {best.round} has the best weighted diagnose score, {best.weighted:.3f}"
    return Shipment(best.round, "diagnose", why + beside)
