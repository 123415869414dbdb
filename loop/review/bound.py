"""How wrong a batch may be, from the verdicts on its rows, and whether it is held back."""

from collections import Counter
from collections.abc import Mapping

from loop.recipe import ReviewSection
from loop.records import ReviewedBatch, ReviewedStratum, RowVerdict
from loop.review.batches import Batch
from loop.stats import EDGE, most_wrong


def judged(
    batch: Batch, verdicts: Mapping[str, RowVerdict], section: ReviewSection
) -> ReviewedBatch:
    """Bound the error of a batch.

    A row that was corrected was wrong. One that the bound rests on and that has no verdict counts
    as wrong until it has: whoever reviews may take the easy ones first.

    Args:
        batch: Its rows, and which of them were drawn.
        verdicts: By row; of others too.
        section: What is proved, and how surely.

    Returns:
        Its figures, and whether it is held back.
    """
    said = {id_: verdicts[id_].verdict for id_ in batch.rows if id_ in verdicts}
    wrong = {id_ for id_, verdict in said.items() if verdict != "accept"}
    sample = [id_ for id_, why in batch.asked.items() if why == "sampled"]
    answered = sum(id_ in said for id_ in batch.asked)
    held = ReviewedBatch(
        round=batch.round,
        source=batch.source,
        rows=len(batch.rows),
        asked=len(batch.asked),
        answered=answered,
        sampled=len(sample),
        sampled_wrong=sum(id_ in wrong for id_ in sample),
        reviewed=len(said),
        wrong=len(wrong),
        rejected=sum(verdict == "reject" for verdict in said.values()),
        at_most=_at_most(batch, set(said), wrong, 1 - section.confidence),
        confidence=section.confidence,
        max_error=section.max_error,
        held_back=False,
        strata=_strata(batch, set(said), wrong),
    )
    too_wrong = held.left_at_most > section.max_error + EDGE
    # What nobody looked at is not known to be bad: it is reported as not reviewed.
    return held.model_copy(update={"held_back": held.answered_whole and too_wrong})


def _at_most(batch: Batch, said: set[str], wrong: set[str], alpha: float) -> int:
    plain = {id_ for id_, row in batch.rows.items() if not row.finding}
    flagged = set(batch.rows) - plain
    sample = [id_ for id_, why in batch.asked.items() if why == "sampled"]
    doubtful = sum(id_ in wrong or id_ not in said for id_ in sample)
    most = most_wrong(doubtful, len(sample), len(plain), alpha)
    # What is known of rows beyond the sample holds whatever the sample says.
    most = min(max(most, len(plain & wrong)), len(plain) - len(plain & (said - wrong)))
    return most + len(flagged - (said - wrong))


def _strata(batch: Batch, said: set[str], wrong: set[str]) -> tuple[ReviewedStratum, ...]:
    rows = Counter(row.stratum for row in batch.rows.values())
    reviewed = Counter(batch.rows[id_].stratum for id_ in said)
    bad = Counter(batch.rows[id_].stratum for id_ in wrong)
    return tuple(
        ReviewedStratum(
            way=way,
            category=category,
            rows=rows[way, category],
            reviewed=reviewed[way, category],
            wrong=bad[way, category],
        )
        for way, category in sorted(rows)
    )
