"""What people said of delivered rows decides what is trained on next."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from loop.budget import OverBudget, Purse
from loop.errors import Waiting
from loop.example import Example
from loop.recipe import ReviewSection
from loop.records import (
    Curated,
    Fulfilment,
    Mixture,
    Rejected,
    Reviewed,
    ReviewedBatch,
    ReviewFate,
    ReviewRow,
    RowVerdict,
)
from loop.review.answers import with_fields
from loop.review.batches import Batch, batches_of
from loop.review.bound import judged
from loop.review.journal import read_verdicts
from loop.review.payment import paid, price_of, seconds_of
from loop.review.queue import Touches, queue_of
from loop.review.sheet import BRIEF, counted, write_sheets

Accept = Callable[[tuple[Example, ...], tuple[Example, ...]], Curated]
"""(candidates, what is trained on) → kept and rejected; what only a person may pass, passes."""


def review(
    fulfilments: tuple[Fulfilment, ...],
    aside: tuple[Rejected, ...],
    mixture: Mixture,
    section: ReviewSection,
    seed: int,
    *,
    folder: Path,
    accept: Accept,
    touches: Touches,
    purse: Purse,
) -> Reviewed:
    """Take the verdicts there are and say what they change.

    Args:
        fulfilments: What came back so far, oldest first; the last one is under review.
        aside: What curation set aside of the seed.
        mixture: What was trained on last.
        section: The recipe's `review` section.
        seed: Random seed of the samples.
        folder: The run's `review` folder.
        accept: Checks what a person accepted or corrected: own checks, duplicates, holdout.
        touches: Tells which rows must not be shown.
        purse: Pays for verdicts.

    Returns:
        How all batches stand, what may be trained on no longer, and what may be now.

    Raises:
        Waiting: People have not decided on everything that is waited for. Executed again, this
            costs nothing twice.
        OverBudget: The loop waits for verdicts, and one that was given cannot be paid for.
    """
    last = fulfilments[-1]
    batches = batches_of(fulfilments, section, seed)
    given = read_verdicts(folder)
    used, over = paid(given, section, purse)
    verdicts = {verdict.row: verdict for verdict in used}
    figures = tuple(judged(batch, verdicts, section) for batch in batches)
    rows = queue_of(batches, figures, verdicts, fulfilments, aside, touches)
    left = write_sheets(folder, rows, {verdict.row: verdict for verdict in given})
    latest = [each for each in figures if each.round == last.round]
    if section.wait:
        _wait_for_the_sample(latest, left, folder, over)
    barred = _barred(batches, figures, used, rows)
    current = (*mixture.examples, *last.accepted)
    stays = tuple(row for row in current if row.id not in barred)
    known = {row.id for row in stays}
    offered = tuple(row for row in _offered(batches, barred, rows, verdicts) if row.id not in known)
    curated = Curated(kept=(), rejected=(), received=0)
    if offered:
        curated = accept(offered, stays)
    gained = curated.kept or any(row.id not in barred for row in last.accepted)
    if section.wait and not gained:
        _wait_for_the_rest(latest, left, folder)
    return Reviewed(
        round=last.round,
        batches=figures,
        removed=tuple(row.id for row in current if row.id in barred),
        added=curated.kept,
        fates=_fates(rows, verdicts, curated, section),
        open=dict(Counter(row.why for row in left)),
        notes=(f"review: {over}",) if over is not None else (),
    )


def _wait_for_the_sample(
    latest: Sequence[ReviewedBatch],
    left: Sequence[ReviewRow],
    folder: Path,
    over: OverBudget | None,
) -> None:
    missing = sum(each.asked - each.answered for each in latest)
    if missing and over is not None:
        raise over
    if missing:
        raise Waiting(
            f"review: {missing} of {sum(each.asked for each in latest)} rows that are waited for "
            f"have no verdict ({counted(left)} open in all); read {folder / BRIEF}"
        )


def _wait_for_the_rest(
    latest: Sequence[ReviewedBatch], left: Sequence[ReviewRow], folder: Path
) -> None:
    """A round that gains nothing is not gone on with while people may still pass rows of it."""
    held = [each for each in latest if each.held_back]
    if held and left:
        named = "; ".join(
            f"of {each.source} up to {each.left_at_most:.0%} may be wrong, and review.max_error "
            f"is {each.max_error:.0%}"
            for each in held
        )
        raise Waiting(
            f"review: nothing of round {latest[0].round} may be trained on: {named}; accept or "
            f"correct more rows of {folder / BRIEF}, or end the run with --finish"
        )


def _outcome(example: Example, verdict: RowVerdict) -> Example | None:
    """What a verdict makes of a row."""
    if verdict.verdict == "reject":
        return None
    if verdict.verdict == "correct":
        return with_fields(example, verdict.fields, verdict.author)
    return example


def _barred(
    batches: Sequence[Batch],
    figures: Sequence[ReviewedBatch],
    used: Sequence[RowVerdict],
    rows: Iterable[ReviewRow],
) -> set[str]:
    """Ids of what may not be trained on."""
    verdicts = {verdict.row: verdict for verdict in used}
    barred = {row for row, verdict in verdicts.items() if verdict.verdict != "accept"}
    for batch, each in zip(batches, figures, strict=True):
        if each.held_back:
            barred |= batch.rows.keys()
    shown = {row.id: row.example for row in rows}
    for verdict in used:
        # A correction that was itself taken back or mended must go again.
        if verdict.verdict == "correct" and verdict.row in shown:
            barred.add(with_fields(shown[verdict.row], verdict.fields, verdict.author).id)
    # What a person passed stands, whatever its batch.
    for row, verdict in verdicts.items():
        if row in shown and (stands := _outcome(shown[row], verdict)) is not None:
            barred.discard(stands.id)
    return barred


def _offered(
    batches: Iterable[Batch],
    barred: set[str],
    rows: Iterable[ReviewRow],
    verdicts: Mapping[str, RowVerdict],
) -> tuple[Example, ...]:
    """What may be trained on: rows of batches, and what people accepted or corrected."""
    passed = {
        id_: row.example
        for batch in batches
        for id_, row in batch.rows.items()
        if id_ not in barred
    }
    for row in rows:
        verdict = verdicts.get(row.id)
        if verdict is not None and (example := _outcome(row.example, verdict)) is not None:
            passed[example.id] = example
    return tuple(passed.values())


def _fates(
    rows: Iterable[ReviewRow],
    verdicts: Mapping[str, RowVerdict],
    curated: Curated,
    section: ReviewSection,
) -> tuple[ReviewFate, ...]:
    refused = {row.example.id: row.reason for row in curated.rejected if row.example}
    fates = []
    for row in rows:
        if (verdict := verdicts.get(row.id)) is None:
            continue
        example = _outcome(row.example, verdict)
        reason = refused.get(example.id, "") if example else ""
        fate = ReviewFate(
            row=row.id,
            origin=row.example.origin,
            round=row.round,
            why=row.why,
            verdict=verdict.verdict,
            reason=verdict.reason,
            author=verdict.author,
            seconds=seconds_of(verdict, section),
            nano=price_of(section),
            example=example.id if example and not reason else "",
            refused=reason,
        )
        fates.append(fate)
    return tuple(fates)
