"""The whole run's report: the outcome first, then what proves it, what it cost, what to load.

Of gate and final it is given counts and rulings only, so no text or id of theirs can stand here.
"""

from collections.abc import Mapping

from loop.recipe import CategorySection, Recipe
from loop.records import GateRuling, Summary
from loop.report.shipped import shipped_section
from loop.report.sources import sources_table
from loop.report.text import SIGNS, change_cell, inline, interval, table, time_section
from loop.stats import verdict, wilson


def _share(passed: int, total: int) -> str:
    low, high = wilson(passed, total)
    return f"{passed / total:.2f} ({passed}/{total}), {interval(low, high)}"


def _outcome(summary: Summary) -> str:
    reason = inline(summary.reason).rstrip(".")
    after = f"after {summary.rounds} round{'' if summary.rounds == 1 else 's'}"
    if summary.outcome == "met":
        return f"**Every target is met**, {after}: {reason}."
    names = {
        "plateau": "Stopped on a plateau",
        "budget": "Stopped by a budget",
        "rounds": "Stopped at the last round",
        "finished": "Ended on request",
    }
    shipped = summary.weakness[summary.shipped_round]
    met = sum(each.verdict == "met" for each in shipped.categories)
    return (
        f"**{names[summary.outcome]}, not every target proven**, {after}: "
        f"{reason}. On diagnose, round {summary.shipped_round} meets {met} of "
        f"{len(shipped.categories)} targets."
    )


def _ordered(recipe: Recipe) -> list[CategorySection]:
    return sorted(recipe.taxonomy, key=lambda category: -category.priority)


def _ruled(ruling: GateRuling | None, name: str) -> str:
    if ruling is None:
        return "not looked at"
    return "✓ pass" if ruling.met[name] else "✗ fail"


def _verdicts(summary: Summary, recipe: Recipe) -> list[str]:
    final = {score.category: score for score in summary.final}
    shipped = summary.weakness[summary.shipped_round]
    looks = [ruling for ruling in summary.rulings if ruling.round == summary.shipped_round]
    ruling = looks[-1] if looks else None
    rule, alpha = recipe.stopping.verdict, recipe.stopping.alpha
    rows = []
    for category in _ordered(recipe):
        name, weak = category.name, shipped.category(category.name)
        if name in final:
            passed, total = final[name].passed, final[name].total
            shown = [
                _share(passed, total),
                SIGNS[verdict(passed, total, category.target, alpha, rule)],
            ]
        else:
            shown = ["not opened", "–"]
        diagnose = f"{weak.score:.2f} ({weak.passed}/{weak.total})"
        target, priority = f"{category.target:.2f}", str(category.priority)
        rows.append([f"**{name}**", target, _ruled(ruling, name), *shown, diagnose, priority])
    lines = table(
        ("Category", "Target", "Gate", "Final, 95 %", "By final alone", "Diagnose", "Priority"),
        rows,
    )
    scored = f"{shipped.weighted:.3f} on diagnose"
    if len(final) == len(recipe.taxonomy):
        weighted = sum(recipe.weights[name] * score.score for name, score in final.items())
        scored = f"{weighted:.3f} on final, {scored}"
    return [
        *lines,
        f"Production-weighted score of round {summary.shipped_round}: {scored}.",
        "",
    ]


def _history(summary: Summary, recipe: Recipe) -> list[str]:
    names = [category.name for category in _ordered(recipe)]
    rows = [
        [
            str(weakness.round),
            *(f"{each.score:.2f} {SIGNS[each.verdict]}" for each in map(weakness.category, names)),
            f"{weakness.weighted:.3f}",
        ]
        for weakness in summary.weakness
    ]
    note = "Round 0 is the untuned base."
    return [
        "## Diagnose, round by round",
        "",
        *table(("Round", *names, "Weighted"), rows),
        note,
        "",
    ]


def _fell(summary: Summary) -> list[str]:
    """Categories that a round left significantly worse than an earlier round had them."""
    rows = [
        [
            f"{weakness.round}{' (shipped)' if weakness.round == summary.shipped_round else ''}",
            inline(each.category),
            str(each.since_best.round),
            change_cell(each.since_best, False),
        ]
        for weakness in summary.weakness
        for each in weakness.categories
        if each.below_best and each.since_best is not None
    ]
    lines = ["## Regressions", ""]
    if not rows:
        text = "No round left a category significantly worse than its best earlier round."
        return [*lines, text, ""]
    heads = ("Round", "Category", "Best earlier round", "Since then")
    text = (
        "Exact McNemar test on the same items, p before correction. The best of several rounds is "
        "optimistic, so p counts as often as there were rounds to choose from, then Holm over the "
        "categories, at 0.05."
    )
    return [*lines, *table(heads, rows), text, ""]


def _gate(summary: Summary, recipe: Recipe) -> list[str]:
    section = recipe.stopping
    if not summary.rulings:
        text = f"No look was taken; {section.looks} are allowed."
        return ["## Looks at the gate", "", text, ""]
    names = [category.name for category in _ordered(recipe)]
    rows = [
        [
            str(ruling.look),
            str(ruling.round),
            f"{ruling.alpha:.4f}",
            *(
                f"{_ruled(ruling, name)} (needs {ruling.needed[name]} of {ruling.total[name]})"
                for name in names
            ),
        ]
        for ruling in summary.rulings
    ]
    spent = sum(ruling.alpha for ruling in summary.rulings)
    used = f"{len(rows)} of {section.looks} looks used"
    text = f"{used}; error spent {spent:.4f} of {section.alpha:g}."
    if summary.verdict_rule == "point":
        text = f"{used}. By a point verdict no error is controlled."
    heads = ("Look", "Round", "Error", *names)
    return ["## Looks at the gate", "", *table(heads, rows), text, ""]


def _unseen(summary: Summary) -> list[str]:
    if not summary.unseen:
        return []
    rows = [
        [inline(score.file, 60), inline(score.category), _share(score.passed, score.total)]
        for score in summary.unseen
    ]
    return [
        "## Tasks from outside the seed's families",
        "",
        *table(("File", "Category", "Score, 95 %"), rows),
        "Never a target and never trained on: this says how far the skill carries.",
        "",
    ]


def _accepted(summary: Summary, recipe: Recipe) -> list[str]:
    names = [category.name for category in _ordered(recipe)]
    rows = [
        [str(number), *(str(dose.get(name, 0)) for name in names), str(sum(dose.values()))]
        for number, dose in enumerate(summary.fulfilments)
        if dose
    ]
    lines = ["## Examples accepted", ""]
    if not rows:
        return [*lines, "None beyond the seed dose.", ""]
    sums = [sum(dose.get(name, 0) for dose in summary.fulfilments) for name in names]
    rows.append(["**all**", *(f"**{number}**" for number in (*sums, sum(sums)))])
    text = "The seed dose is not counted. What was accepted after a round trains the next one."
    lines += [*table(("After round", *names, "All"), rows), text, ""]
    return [*lines, *sources_table(summary.yields)]


def _notes(summary: Summary, recipe: Recipe, holdout_notes: tuple[str, ...]) -> list[str]:
    alpha = recipe.stopping.alpha
    if summary.verdict_rule == "point":
        rule = "Verdicts are bare scores against targets (`point`): they prove nothing."
    else:
        rule = (
            "A category is met where the exact one-sided lower bound of its score is at least its "
            "target. A look at the gate wrongly passes a model that is below a target with at most "
            f"the error shown; over all looks these sum to at most {alpha:g}. What later rounds "
            "learn of an earlier look, pass or fail per category, is not corrected for."
        )
    notes = [rule]
    if summary.shipped_by == "diagnose":
        notes.append(
            "No round passed the gate. What is shipped has the best weighted diagnose score, and "
            "a score it was chosen by is optimistic."
        )
    if summary.final:
        notes.append("Final was opened once, for the shipped round, and decided nothing.")
    else:
        notes.append(
            "Final is still closed: run again with a raised limit, or end the run with `--finish`."
        )
    notes.append(
        "Diagnose steered the rounds, so its scores are optimistic. Intervals are Wilson's."
    )
    notes += [f"Holdout: {inline(note, 400)}" for note in holdout_notes]
    return ["## What these figures are worth", "", *(f"- {note}" for note in notes), ""]


def run_report(
    summary: Summary,
    recipe: Recipe,
    holdout_notes: tuple[str, ...],
    timings: Mapping[str, float],
) -> str:
    """Write the run's report.

    Args:
        summary: What the run came to.
        recipe: Its recipe.
        holdout_notes: What a reader must know of how the holdout was drawn.
        timings: Seconds per step; empty leaves the section out.

    Returns:
        Markdown.
    """
    lines = [
        f"# {inline(recipe.name)}: {summary.outcome}",
        "",
        _outcome(summary),
        "",
        *_verdicts(summary, recipe),
        *_history(summary, recipe),
        *_fell(summary),
        *_gate(summary, recipe),
        *_unseen(summary),
        *_accepted(summary, recipe),
        *shipped_section(summary, recipe),
        *_notes(summary, recipe, holdout_notes),
    ]
    return "\n".join([*lines, *time_section(timings)])
