"""The training side of an earlier run, with the trace of every row."""

from pathlib import Path

from loop.example import Example
from loop.heritage.ancestor import DATASET, MANIFEST
from loop.heritage.trace import Tracer
from loop.records import Fulfilment, Heritage, Mixture, Reviewed
from loop.records.holdout import Holdout
from loop.saved import at_rest, has, read_saved


def read_dataset(folder: Path) -> Heritage:
    """Read everything that an earlier run may be trained on by.

    Args:
        folder: The run's directory, which is only read.

    Returns:
        What its rounds trained on or accepted, the rest of its training side, and the traces.

    Raises:
        RunDirectoryError: A file is damaged or missing, or somebody works on the run.
    """
    with at_rest(folder):
        tracer = Tracer(folder)
        holdout = read_saved(folder, MANIFEST, Holdout)
        before = read_saved(folder, DATASET, Heritage) if has(folder, DATASET) else None
        used, removed, notes = _used(folder, holdout)
        refused = removed | set(before.refused if before else ())
        refused -= {row.id for row in used}
        known = {row.id for row in used} | refused
        rows = [*used, *(row for row in holdout.pool if row.id not in known)]
        return Heritage(
            run=tracer.label,
            # An origin that is of this run must not be taken for one of the next.
            rows=tuple(
                row
                if tracer.carried(row)
                else row.model_copy(update={"origin": f"{tracer.label}:{row.origin}"})
                for row in rows
            ),
            used=len(used),
            traces=tuple(tracer.trace(row) for row in rows),
            refused=tuple(sorted(refused)),
            notes=tuple(notes),
        )


def _used(folder: Path, holdout: Holdout) -> tuple[list[Example], set[str], list[str]]:
    """What was trained on or accepted, ids of what people refused, and notes."""
    rounds = [path.name for path in sorted(folder.glob("round-*"))]
    mixed = [name for name in rounds if has(folder, f"{name}/mixture")]
    removed: set[str] = set()
    for name in rounds:
        if has(folder, f"{name}/review"):
            removed |= set(read_saved(folder, f"{name}/review", Reviewed).removed)
    if not mixed:
        return list(holdout.pool[: holdout.carried]), removed, []
    last = mixed[-1]
    rows = list(read_saved(folder, f"{last}/mixture", Mixture).examples)
    if not has(folder, f"{last}/fulfilment"):
        return rows, removed, []
    accepted = read_saved(folder, f"{last}/fulfilment", Fulfilment).accepted
    if has(folder, f"{last}/review"):
        reviewed = read_saved(folder, f"{last}/review", Reviewed)
        out = set(reviewed.removed)
        rows = [row for row in (*rows, *accepted) if row.id not in out]
        return [*rows, *reviewed.added], removed, []
    if (folder / "review").is_dir():
        note = f"{len(accepted)} deliveries of {last} await review and are not carried on"
        return rows, removed, [note] if accepted else []
    return [*rows, *accepted], removed, []
