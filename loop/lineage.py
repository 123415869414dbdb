"""`python -m loop.lineage RUN [EXAMPLE_ID]`: where each training row came from. Writes nothing."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from loop.errors import LoopError, RunDirectoryError

if TYPE_CHECKING:
    from loop.records import Trace


def traces(run: Path, number: int | None = None) -> "list[Trace]":
    """Trace every row that a round trained on.

    Args:
        run: The run's directory.
        number: The round, from 1; the last one that has a dataset by default.

    Returns:
        One trace per row, in the dataset's order.

    Raises:
        RunDirectoryError: It is no run directory, is damaged, or has no such dataset.
    """
    from loop.heritage import Tracer
    from loop.records import Mixture
    from loop.saved import has, read_saved

    tracer = Tracer(run)
    found = [path.name for path in sorted(run.glob("round-*")) if has(run, f"{path.name}/mixture")]
    wanted = found[-1:] if number is None else [f"round-{number:02d}"]
    if not wanted or wanted[0] not in found:
        rounds = ", ".join(str(int(name.removeprefix("round-"))) for name in found) or "none"
        raise RunDirectoryError(f"{run}: rounds with a dataset: {rounds}; name one with --round")
    mixture = read_saved(run, f"{wanted[0]}/mixture", Mixture)
    return [tracer.trace(row) for row in mixture.examples]


def _cost(trace: "Trace") -> str:
    from decimal import Decimal

    if trace.nano is None:
        return "cost unknown"
    return f"{(Decimal(trace.nano) / 10**9).normalize():f} USD" if trace.nano else ""


def told(trace: "Trace") -> str:
    """Write a trace on one line.

    Args:
        trace: The trace.

    Returns:
        Parts separated by bars, newest fact first; control characters are taken out.
    """
    from loop.report.text import plain

    parts = [trace.id, f"{trace.category} {trace.tier}", " ← ".join(trace.runs)]
    if trace.asked_in:
        asked = [f"{trace.asked} for {trace.item}", f"delivery {trace.delivery}"]
        asked += [f"way {trace.way}"] if trace.way else []
        asked += [f"by {trace.author}"] if trace.author else []
        asked += [f"{trace.seconds / 60:.1f} min"] if trace.seconds else []
        parts.append(", ".join([*asked, *filter(None, [_cost(trace)]), f"in {trace.asked_in}"]))
    if trace.review:
        parts.append(f"review: {trace.review}" + (f" by {trace.reviewer}" * bool(trace.reviewer)))
    if trace.read_in:
        parts.append(f"{trace.file}:{trace.row}")
    parts.append(trace.source)
    return " | ".join(plain(part, 300) for part in parts)


def main(argv: list[str] | None = None) -> int:
    """Run the command.

    Args:
        argv: Arguments; the process's own by default.

    Returns:
        Exit code.
    """
    parser = argparse.ArgumentParser(
        prog="python -m loop.lineage",
        description="Say where each training row of a run came from; change nothing.",
    )
    parser.add_argument("run", type=Path, help="run directory, for example results/coding")
    parser.add_argument("example", nargs="?", help="an example's id; all rows by default")
    parser.add_argument("--round", type=int, help="the round; by default the last with a dataset")
    parser.add_argument("--json", action="store_true", help="one JSON object a row")
    arguments = parser.parse_intermixed_args(argv)
    try:
        found = traces(arguments.run, arguments.round)
        if arguments.example is not None:
            found = [trace for trace in found if trace.id == arguments.example]
            if not found:
                raise RunDirectoryError(
                    f"{arguments.run}: no row of that round has the id {arguments.example}; leave "
                    "it out to list all, or name another --round"
                )
        for trace in found:
            text = trace.model_dump_json() if arguments.json else told(trace)
            sys.stdout.write(text + "\n")
    except LoopError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
