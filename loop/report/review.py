"""The report's section on review: how wrong each batch may be, what people's verdicts changed."""

from collections import Counter

from loop.records import Reviewed, ReviewedBatch
from loop.report.text import counts, duration, inline, table


def _standing(batch: ReviewedBatch) -> str:
    if batch.held_back:
        return "✗ **held back**"
    if not batch.answered_whole:
        return "? not reviewed"
    return "✓ passed"


def _row(batch: ReviewedBatch) -> list[str]:
    shown = f"{batch.answered}/{batch.asked}"
    bound = f"{batch.at_most / batch.rows:.1%} ({batch.at_most})" if batch.answered else "–"
    return [
        str(batch.round),
        inline(batch.source),
        str(batch.rows),
        shown,
        f"{batch.sampled_wrong}/{batch.sampled}",
        bound,
        f"{batch.left_at_most:.1%}" if batch.answered else "–",
        f"{batch.max_error:.1%}",
        _standing(batch),
    ]


def _strata(reviewed: Reviewed) -> list[str]:
    rows = [
        [
            inline(batch.source),
            inline(stratum.way) or "–",
            inline(stratum.category),
            str(stratum.rows),
            str(stratum.reviewed),
            str(stratum.wrong),
        ]
        for batch in reviewed.latest
        for stratum in batch.strata
        if stratum.reviewed
    ]
    if not rows:
        return []
    return table(("Source", "Way", "Category", "Rows", "Reviewed", "Wrong"), rows)


def review_section(reviewed: Reviewed) -> list[str]:
    """Write every batch so far and what verdicts changed.

    Args:
        reviewed: How things stand after a round.

    Returns:
        Lines of Markdown.
    """
    heads = ("Round", "Source", "Rows", "Reviewed", "Wrong in the sample", "At most wrong")
    ends = ("Left in training", "Allowed", "")
    lines = ["## Reviewed by people", ""]
    if reviewed.batches:
        lines += table((*heads, *ends), [_row(batch) for batch in reviewed.batches])
        sure = reviewed.batches[0].confidence
        lines += [
            f"At most so many rows of a batch are wrong, at {sure:.0%} confidence for each batch: "
            "an exact hypergeometric bound from a simple random sample. Corrected rows were wrong, "
            "and rows of the sample without a verdict count as wrong. What is left is the share "
            "that may be wrong once rejected rows are out and corrected ones are replaced.",
            "",
            *_strata(reviewed),
        ]
    else:
        lines += ["No batch of a source that is sampled was delivered.", ""]
    return [*lines, *_effects(reviewed)]


def _effects(reviewed: Reviewed) -> list[str]:
    verdicts = Counter(fate.verdict for fate in reviewed.fates)
    seconds = sum(fate.seconds for fate in reviewed.fates)
    authors = Counter(fate.author or "not named" for fate in reviewed.fates)
    lines = []
    if reviewed.fates:
        lines += [
            f"Verdicts in force: {counts(verdicts)}, by {counts(authors)}; "
            f"{duration(seconds)} of people's time.",
            "",
        ]
    refused = Counter(fate.refused for fate in reviewed.fates if fate.refused)
    if refused:
        lines += [f"Passed by a person, but refused by curation: {counts(refused)}.", ""]
    lines += [
        f"Taken out of training: {len(reviewed.removed)}; added: {len(reviewed.added)}. "
        f"Open: {counts(reviewed.open)}.",
        "",
    ]
    return [*lines, *(line for note in reviewed.notes for line in (inline(note, 400), ""))]


def review_lines(reviewed: Reviewed) -> list[str]:
    """Describe a round's review.

    Args:
        reviewed: How things stand after it.

    Returns:
        One line per batch of the round, then one on what changed.
    """
    head = f"round {reviewed.round:02d} | review   |"
    lines = [
        f"{head} {batch.source}: {batch.answered}/{batch.asked} reviewed, {batch.wrong} wrong, at "
        f"most {batch.at_most} of {batch.rows} at {batch.confidence:.0%}"
        f"{', held back' if batch.held_back else ''}"
        f"{'' if batch.answered_whole else ', not reviewed'}"
        for batch in reviewed.latest
    ]
    return [*lines, f"{head} removed {len(reviewed.removed)}, added {len(reviewed.added)}"]
