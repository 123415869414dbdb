"""Hard stops on what is not money, looked at before another round is begun."""

from dataclasses import dataclass

from loop.recipe import BudgetSection, ModelSource, Recipe


@dataclass(frozen=True)
class Hours:
    """Time of a run."""

    total: float
    longest: float
    """Of the round that took longest so far: what the next one is expected to take."""


def exhausted(limits: BudgetSection, examples: int, hours: Hours, gpu_hours: Hours) -> str:
    """Say which hard stop leaves no room for another round.

    Args:
        limits: The recipe's `budget` section.
        examples: Accepted over the run, the seed dose not counted.
        hours: Wall-clock hours of the run so far.
        gpu_hours: Hours of stages that used an accelerator, times its devices.

    Returns:
        A sentence; empty where there is room.
    """
    if limits.examples is not None and examples >= limits.examples:
        return f"{examples} examples are accepted; budget.examples is {limits.examples}"
    times = (("hours", limits.hours, hours), ("gpu_hours", limits.gpu_hours, gpu_hours))
    for name, limit, used in times:
        # A round cannot be ended half way: the longest so far is put aside for the next one.
        if limit is not None and used.total and used.total + used.longest > limit:
            return (
                f"{used.total:.2f} of budget.{name} {limit:g} are used, and the longest round so "
                f"far took {used.longest:.2f}"
            )
    return ""


def runs_a_model(step: str, recipe: Recipe) -> bool:
    """Say whether a model of this machine works in a step.

    Args:
        step: For example `round-01/adapter`.
        recipe: The recipe.

    Returns:
        Whether one is trained, answers, scores rows or teaches here; not behind another's server.
    """
    used = {"adapter", "evaluation", "guards", "gate"}
    asked = (each for each in recipe.sources if isinstance(each, ModelSource))
    if any(each.local or each.server for each in asked):
        used.add("fulfilment")
    if recipe.curation.quality.difficulty:
        used |= {"curation", "fulfilment"}
    return step.rpartition("/")[2] in used
