"""The queue: every row that people are, or may be, asked about. Holds nothing that is measured."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from loop.example import Example
from loop.records import Fulfilment, Rejected, ReviewedBatch, ReviewRow, RowVerdict
from loop.review.batches import Batch

Touches = Callable[[Sequence[Example]], list[bool]]
"""Per row whether it overlaps an item of the holdout or of a benchmark."""


def queue_of(
    batches: Sequence[Batch],
    judged: Sequence[ReviewedBatch],
    verdicts: Mapping[str, RowVerdict],
    fulfilments: Iterable[Fulfilment],
    aside: Iterable[Rejected],
    touches: Touches,
) -> tuple[ReviewRow, ...]:
    """List the rows, each once: what bounds rest on first, then what people may take up.

    Args:
        batches: All batches so far, with their samples.
        judged: What is known of each; rows of one that is held back are listed.
        verdicts: By row; what was decided on stays listed.
        fulfilments: What came back so far; what curation set aside of it is listed.
        aside: What curation set aside of the seed.
        touches: Tells which rows must not be shown; a person's verdict could not bring such a row
            into training anyway.

    Returns:
        The rows, in the order in which they are shown.
    """
    rows = [_row(batch, id_) for batch in reversed(batches) for id_ in batch.asked]
    for batch, known in zip(batches, judged, strict=True):
        rows += [
            _row(batch, id_)
            for id_ in batch.rows
            if id_ not in batch.asked and (known.held_back or id_ in verdicts)
        ]
    found = [(each.round, row) for each in fulfilments for row in each.rejected]
    found += [(0, row) for row in aside]
    shown = [(number, row, row.example) for number, row in found if row.review and row.example]
    hidden = touches([example for _, _, example in shown]) if shown else []
    rows += [
        ReviewRow(
            id=example.id,
            round=number,
            why="set_aside",
            source=_source(example) if number else "",
            finding=f"{row.reason}: {row.detail}",
            example=example,
        )
        for (number, row, example), measured in zip(shown, hidden, strict=True)
        if not measured
    ]
    once: dict[str, ReviewRow] = {}
    for row in rows:
        once.setdefault(row.id, row)
    return tuple(once.values())


def _row(batch: Batch, id_: str) -> ReviewRow:
    row = batch.rows[id_]
    return ReviewRow(
        id=id_,
        round=batch.round,
        source=batch.source,
        why=batch.asked.get(id_, "held_back"),
        finding=row.finding,
        example=row.example,
    )


def _source(example: Example) -> str:
    """A delivery's origin is `<request item>/<source>/<delivery>`."""
    return example.origin.split("/")[1]


def open_rows(
    rows: Iterable[ReviewRow], verdicts: Mapping[str, RowVerdict]
) -> tuple[ReviewRow, ...]:
    """Pick the rows that nobody has decided on.

    Args:
        rows: The queue.
        verdicts: By row.

    Returns:
        Those without one, in order.
    """
    return tuple(row for row in rows if row.id not in verdicts)
