"""The dry run's text: what a run would measure, prove, ask for and cost. Trains and writes nothing.

Says only what follows from the recipe and the seed; what is not known is called unknown.
"""

from collections.abc import Mapping

from loop.prices import check_prices
from loop.recipe import (
    CategorySection,
    OpenSource,
    PeopleSource,
    PluginSource,
    PoolSource,
    Recipe,
)
from loop.stats import alpha_of_look, items_needed, power, score_for_power
from loop.stopping import looks_table

NAME = 22
"""Longest category name shown, in characters, so that a row stays within 100 columns."""
LOOKS = 3
"""Most looks shown side by side."""
ABOVE = (0.05, 0.10)
"""How far above its target a model is supposed to be, where the chance to pass is told."""
POWER = 0.8
"""The chance to pass that is called good enough."""


def _short(name: str) -> str:
    return name if len(name) <= NAME else name[: NAME - 1] + "…"


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    """Align columns: the first to the left, the others to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _what(ordered: list[CategorySection], recipe: Recipe, counts: Mapping[str, int]) -> list[str]:
    rows: list[tuple[str, ...]] = [
        ("category", "priority", "weight", "target", "rows", "simple", "moderate", "complex")
    ]
    for category in ordered:
        whole = sum(category.tiers.values())
        tiers = (category.tiers.get(t, 0.0) / whole for t in ("simple", "moderate", "complex"))
        rows.append(
            (
                _short(category.name),
                str(category.priority),
                f"{recipe.weights[category.name]:.2f}",
                f"{category.target:.2f}",
                str(counts.get(category.name, 0)),
                *(f"{share:.0%}" if share else "-" for share in tiers),
            )
        )
    return _table(rows)


def _proof(
    ordered: list[CategorySection], recipe: Recipe, quotas: Mapping[str, Mapping[str, int]]
) -> list[str]:
    """Items per role, passes needed per look, and the score that passes 4 times in 5."""
    looks = min(recipe.stopping.looks, LOOKS)
    heads = (f"look {number}" for number in range(1, looks + 1))
    rows: list[tuple[str, ...]] = [("category", "diagnose", "gate", "final", *heads, "true score")]
    roles = {category.name: quotas.get(category.name, {}) for category in ordered}
    gates = {name: role.get("gate", 0) for name, role in roles.items()}
    held_out = tuple(category for category in ordered if gates[category.name])
    table = looks_table(gates, held_out, recipe.stopping)
    for name, role in roles.items():
        needed = table.get(name, (None,) * looks)
        first = needed[0]
        rows.append(
            (
                _short(name),
                *(str(role.get(each, 0)) for each in ("diagnose", "gate", "final")),
                *("never" if k is None else f"{k} of {gates[name]}" for k in needed[:looks]),
                "-" if first is None else f"{score_for_power(gates[name], first):.2f}",
            )
        )
    return _table(rows)


def _chance(total: int, needed: int | None, scores: list[float]) -> str:
    if needed is None:
        return "never"
    return " ".join(f"{power(total, needed, score):.0%}" for score in scores) or "-"


def _chances(
    ordered: list[CategorySection], recipe: Recipe, quotas: Mapping[str, Mapping[str, int]]
) -> list[str]:
    """How likely a model that deserves it passes each look, and what gate would make it likely."""
    stopping = recipe.stopping
    looks = min(stopping.looks, LOOKS)
    gates = {category.name: quotas.get(category.name, {}).get("gate", 0) for category in ordered}
    held_out = tuple(category for category in ordered if gates[category.name])
    table = looks_table(gates, held_out, stopping)
    heads = (f"look {number}" for number in range(1, looks + 1))
    rows: list[tuple[str, ...]] = [("category", "target", *heads, "gate wanted")]
    for category in ordered:
        name, target = category.name, category.target
        scores = [target + more for more in ABOVE if target + more <= 1]
        needed = table.get(name, (None,) * looks)[:looks]
        wanted = None
        if stopping.verdict == "bound" and len(scores) == len(ABOVE):
            wanted = items_needed(target, alpha_of_look(1, stopping.alpha), POWER, scores[-1])
        rows.append(
            (
                _short(name),
                f"{target:.2f}",
                *(_chance(gates[name], passes, scores) for passes in needed),
                "-" if wanted is None else str(wanted),
            )
        )
    return _table(rows)


def _doses(recipe: Recipe, counts: Mapping[str, int], held_out: Mapping[str, int]) -> list[str]:
    curriculum, stopping = recipe.curriculum, recipe.stopping
    seed = sum(
        min(dose, max(0, counts.get(name, 0) - held_out.get(name, 0)))
        for name, dose in recipe.seed_doses.items()
    )
    # The last round asks for nothing: no later round could train on it.
    most = curriculum.round_budget * (stopping.max_rounds - 1)
    if recipe.budget.examples is not None:
        most = min(most, recipe.budget.examples)
    floor = round(curriculum.floor * curriculum.round_budget)
    doses = f"{curriculum.seed_dose} per category"
    for name, dose in curriculum.seed_doses.items():
        doses += f", {dose} of {name}"
    return [
        f"round 1 trains on   {seed} seed rows, at most {doses}",
        f"a round asks for    {curriculum.round_budget} examples, {floor} of them spread over all "
        "categories",
        f"rounds at most      {stopping.max_rounds}, after round 0 (the untuned base)",
        f"examples at most    {seed + most} = {seed} + {most} new",
    ]


def _time(recipe: Recipe, timings: Mapping[str, float] | None) -> str:
    first = [s for step, s in (timings or {}).items() if step.startswith("round-01/")]
    if not timings or not first:
        return "unknown until round 1 has run"
    before = sum(seconds for step, seconds in timings.items() if not step.startswith("round-"))
    base = sum(seconds for step, seconds in timings.items() if step.startswith("round-00/"))
    most = before + base + recipe.stopping.max_rounds * sum(first)
    return (
        f"at least {most / 60:.0f} min for {recipe.stopping.max_rounds} rounds as long as round 1 "
        "was; later ones train on more"
    )


def _cost(recipe: Recipe) -> str:
    if refused := check_prices(recipe):
        who = ", ".join(problem.partition(":")[0] for problem in refused)
        return f"refused: budget.usd is set and not every price is known ({who})"
    if recipe.budget.usd is not None:
        return f"at most {recipe.budget.usd} USD for teachers, judges and people (budget.usd)"
    free = (PoolSource, OpenSource)
    paid = [each for each in recipe.sources if not isinstance(each, free)]
    fixed = [each for each in paid if isinstance(each, PluginSource | PeopleSource)]
    if silent := ", ".join(each.name for each in fixed if each.usd_per_example is None):
        return f"unknown: {silent} says no price; usd_per_example does"
    if all(each in fixed and each.usd_per_example == 0 for each in paid):
        return "0 USD: every source is free"
    named = ", ".join(each.name for each in paid)
    return f"unlimited: {named} may be asked for every example; budget.usd is a hard stop"


def plan(
    recipe: Recipe,
    counts: Mapping[str, int],
    quotas: Mapping[str, Mapping[str, int]],
    timings: Mapping[str, float] | None = None,
) -> str:
    """Describe a run before anything is trained.

    Args:
        recipe: The recipe.
        counts: Seed rows per category, before cleaning.
        quotas: Per category, items for diagnose, gate and final.
        timings: Seconds per step of an earlier run of this recipe, or None.

    Returns:
        Lines of at most 100 columns, without a last newline.
    """
    ordered = sorted(recipe.taxonomy, key=lambda category: -category.priority)
    held_out = {c.name: sum(quotas.get(c.name, {}).values()) for c in ordered}
    stopping = recipe.stopping
    rule = (
        f"exact one-sided bound, error {stopping.alpha:g} over all looks"
        if stopping.verdict == "bound"
        else "the bare score, which proves nothing"
    )
    lines = [
        f"plan for {recipe.name}: {sum(counts.values())} seed rows before cleaning, "
        f"{sum(held_out.values())} of them held out",
        "",
        *_what(ordered, recipe, counts),
        "",
        f"to pass the gate ({rule}; looks: {stopping.looks})",
        *_proof(ordered, recipe, quotas),
        f"true score: what a model must truly have to pass look 1 with a chance of {POWER:.0%}",
        "",
        "chance to pass a look, for a model truly 0.05 and 0.10 above the target",
        *_chances(ordered, recipe, quotas),
        f"gate wanted: items that pass one 0.10 above it at look 1 with a chance of {POWER:.0%}",
        "",
        *_doses(recipe, counts, held_out),
        f"time                {_time(recipe, timings)}",
        f"cost                {_cost(recipe)}",
    ]
    return "\n".join(lines)
