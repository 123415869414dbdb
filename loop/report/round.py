"""One round's weakness report: which categories are weak, where, why, and what was done about it.

Names failed diagnose items by id only, so that the page can go to whoever delivers examples.
"""

from collections import Counter
from collections.abc import Mapping

from loop.recipe import CategorySection
from loop.records import (
    Adapter,
    CurationReport,
    Fulfilment,
    GenerationRequest,
    Guards,
    Mixture,
    Reviewed,
    Weakness,
)
from loop.report.curation import curation_summary
from loop.report.guards import guards_section
from loop.report.review import review_section
from loop.report.sources import sources_table
from loop.report.text import SIGNS, change_cell, counts, inline, interval, table, time_section
from loop.report.weakness import category_section, fallen


def _scores(weakness: Weakness, history: tuple[Weakness, ...]) -> list[str]:
    rows = [
        [
            f"**{inline(each.category)}**",
            f"{each.score:.2f} ({each.passed}/{each.total})",
            interval(each.low, each.high),
            f"{each.target:.2f}",
            f"{each.gap:.2f}",
            SIGNS[each.verdict],
            change_cell(each.change, each.regressed),
            str(each.priority),
            f"{each.weight:.2f}",
        ]
        for each in weakness.categories
    ]
    heads = ("Category", "Score", "95 % interval", "Target", "Gap", "Verdict", "Since last round")
    before = [each.weighted for each in history if each.round < weakness.round]
    last = f" (last round {before[-1]:.3f})" if before else ""
    change = weakness.weighted_change
    if change is not None:
        last += f", a change of {change.mean:+.3f} [{change.low:+.3f}, {change.high:+.3f}]"
    more = [
        f"{inline(each.category)} {each.to_decide}"
        for each in weakness.categories
        if each.to_decide is not None
    ]
    return [
        *table((*heads, "Priority", "Weight"), rows),
        f"Production-weighted score: {weakness.weighted:.3f}{last}.",
        *(
            [
                "",
                "More diagnose items that would decide what is undecided, with a chance of 80 %, "
                f"if it scored on as now: {', '.join(more)}.",
            ]
            if more
            else []
        ),
        "",
    ]


def _verdicts(weakness: Weakness) -> str:
    named: dict[str, list[str]] = {}
    for each in weakness.categories:
        named.setdefault(each.verdict, []).append(inline(each.category))
    return "; ".join(
        f"{verdict}: {', '.join(named[verdict])}"
        for verdict in ("not met", "undecided", "met")
        if verdict in named
    )


def _trained(
    mixture: Mixture | None, adapter: Adapter | None, taxonomy: tuple[CategorySection, ...]
) -> list[str]:
    lines = ["## Trained on", ""]
    if mixture is None:
        return [*lines, "Nothing: this is the untuned base model.", ""]
    old = len(mixture.examples) - mixture.new
    new = Counter(example.category for example in mixture.examples[old:])
    total = mixture.by_category
    rows = [
        [inline(category.name), str(total.get(category.name, 0)), str(new[category.name])]
        for category in sorted(taxonomy, key=lambda category: -category.priority)
    ]
    rows.append(["**all**", f"**{len(mixture.examples)}**", f"**{mixture.new}**"])
    lines += table(("Category", "Examples", "New this round"), rows)
    if adapter is None:
        return lines
    text = f"{adapter.steps} steps over {adapter.tokens} completion tokens"
    if adapter.loss:
        text += f"; loss {adapter.loss[0].loss:.3f} → {adapter.loss[-1].loss:.3f} nats per token"
    lines += [f"Adapter {inline(adapter.folder)}: {text}.", ""]
    if adapter.dropped:
        reasons = counts(Counter(row.reason for row in adapter.dropped))
        lines += [f"Not trained on, though in the mixture: {reasons}.", ""]
    return lines


def _asked(request: GenerationRequest | None) -> list[str]:
    lines = ["## Asked for", ""]
    if request is None:
        return [*lines, "Nothing was asked for after this round.", ""]
    rows = [
        [
            inline(item.id, 40),
            inline(item.category),
            item.tier,
            ", ".join(inline(tag, 60) for tag in item.tags) or "whole breadth",
            ", ".join(item.failures) or "–",
            ", ".join(kind.replace("_", " ") for kind in item.wanted) or "–",
            str(item.count),
        ]
        for item in request.items
    ]
    rows.append(["**all**", "", "", "", "", "", f"**{request.count}**"])
    heads = ("Item", "Category", "Tier", "Tags", "Failures seen", "Wanted", "Count")
    return [*lines, *table(heads, rows)]


def _delivered(fulfilment: Fulfilment, taxonomy: tuple[CategorySection, ...]) -> list[str]:
    accepted = Counter(example.category for example in fulfilment.accepted)
    reasons: dict[str, Counter[str]] = {}
    for row in fulfilment.rejected:
        reasons.setdefault(row.category, Counter())[row.reason] += 1
    known = [c.name for c in sorted(taxonomy, key=lambda category: -category.priority)]
    names = [*known, *sorted(set(reasons) - set(known))]
    rows = [
        [
            inline(name) or "no category",
            str(fulfilment.requested.get(name, 0)),
            str(accepted[name] + sum(reasons.get(name, {}).values())),
            str(accepted[name]),
            str(fulfilment.shortfall.get(name, 0)),
            counts(reasons.get(name, {})),
        ]
        for name in names
    ]
    total = (
        "**all**",
        f"**{sum(fulfilment.requested.values())}**",
        f"**{fulfilment.received}**",
        f"**{len(fulfilment.accepted)}**",
        f"**{sum(fulfilment.shortfall.values())}**",
        counts(fulfilment.rejected_by_reason),
    )
    heads = ("Category", "Asked for", "Delivered", "Accepted", "Missing", "Rejected, and why")
    lines = ["## Delivered", "", *table(heads, [*rows, total])]
    lines += sources_table(fulfilment.yields)
    lines += [f"- {inline(note, 400)}" for note in fulfilment.notes]
    return [*lines, *([""] if fulfilment.notes else [])]


def round_report(
    weakness: Weakness,
    history: tuple[Weakness, ...],
    mixture: Mixture | None,
    request: GenerationRequest | None,
    fulfilment: Fulfilment | None,
    adapter: Adapter | None,
    timings: Mapping[str, float],
    taxonomy: tuple[CategorySection, ...],
    curation: CurationReport | None = None,
    guards: Guards | None = None,
    judged: Mapping[str, str] | None = None,
    reviewed: Reviewed | None = None,
) -> str:
    """Write a round's report.

    Args:
        weakness: This round's weakness report, highest priority first.
        history: Weakness reports of rounds 0 to this one.
        mixture: What the round trained on; None for the untuned base.
        request: What was asked for after it, if anything.
        fulfilment: What came back, if anything was asked for.
        adapter: What training made of it; None for the untuned base.
        timings: Seconds per stage of this round; empty leaves the section out.
        taxonomy: All categories.
        curation: What became of what came back.
        guards: What the round did to other skills, where the recipe watches any.
        judged: Per judged category, how far its judge was checked against people.
        reviewed: What people said of deliveries, where the recipe has them looked over.

    Returns:
        Markdown.
    """
    descriptions = {category.name: category.description for category in taxonomy}
    lines = [f"# Round {weakness.round} – {_verdicts(weakness)}", "", *_scores(weakness, history)]
    lines += [
        *fallen(weakness),
        "Scores are shares of diagnose items passed. The interval is Wilson's and for display; "
        "p is the exact McNemar test on the same items, before correction. A weak slice fails "
        "more than the rest of its category by a one-sided exact test, significant at 0.05 after "
        "correction for all tiers and tags that were tested; p is shown before it.",
        "",
        "## Where it is weak",
        "",
    ]
    for each in weakness.categories:
        lines += category_section(
            each, descriptions.get(each.category, ""), (judged or {}).get(each.category, "")
        )
    if guards is not None:
        lines += guards_section(guards)
    lines += [*_trained(mixture, adapter, taxonomy), *_asked(request)]
    if fulfilment is not None:
        lines += _delivered(fulfilment, taxonomy)
    if reviewed is not None:
        lines += review_section(reviewed)
    if curation is not None:
        lines += curation_summary(curation, "curation.md")
    return "\n".join([*lines, *time_section(timings)])
