"""`python -m loop.fulfil RUN [answers …]`: what people are asked for; takes what they hand in."""

import argparse
import fcntl
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from loop.console import line
from loop.errors import DataError, LoopError, RunDirectoryError
from loop.fulfil.people.answers import read_file
from loop.fulfil.people.brief import write_brief
from loop.fulfil.people.journal import keep, keep_refused, read_answers
from loop.fulfil.people.slots import WANTED, ended, read_slots, write_slots
from loop.fulfil.people.tools import write_tools
from loop.report.text import plain


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m loop.fulfil",
        description="Show what people are asked for, or hand examples in: the filled-in "
        "open.jsonl, or an export of Label Studio or Argilla. Rows may be handed in a few at a "
        "time; a row that is wrong takes nothing from the others.",
        epilog="exit codes: 0 every row was taken; 2 a row, file or command is wrong",
    )
    parser.add_argument("run", type=Path, help="run directory, for example results/coding")
    parser.add_argument("answers", type=Path, nargs="*", help="JSONL, or a JSON export")
    parser.add_argument("--source", default="", help="whom it is from, where several are asked")
    parser.add_argument("--author", default="", help="who wrote it, where a row does not say")
    parser.add_argument(
        "--close", action="store_true", help="no more will come: others are asked for the rest"
    )
    return parser


def _folder(run: Path, source: str) -> Path:
    found = sorted(path.parent for path in (run / "people").glob(f"*/{WANTED}"))
    if source:
        found = [folder for folder in found if folder.name == source]
    if not found:
        raise DataError(
            f"{run}: nobody {f'called {source} ' if source else ''}is asked for examples; a recipe "
            "asks people by a source of `kind: people`, once the sources before it are asked"
        )
    if len(found) > 1:
        names = ", ".join(folder.name for folder in found)
        raise DataError(f"{run}: {names} are asked for examples; say whom with --source")
    return found[0]


@contextmanager
def _alone(run: Path) -> Iterator[None]:
    """Keep the loop away, which writes the same files, and wait for others who hand in."""
    with (run / "people/lock").open("a") as others, (run / "lock").open("a") as loop:
        fcntl.flock(others, fcntl.LOCK_EX)
        try:
            fcntl.flock(loop, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RunDirectoryError(
                f"{run}: the loop works on this run; nothing was taken. Hand in again once it "
                "waits or has ended"
            ) from error
        yield


def _take(run: Path, folder: Path, path: Path, author: str) -> list[str]:
    """Take a file of answers; what is wrong with it."""
    handed, slots = read_answers(folder), read_slots(folder)
    read = read_file(path, slots, handed.answers, author, ended(run, slots, handed))
    refused = keep_refused(folder, read.refused) if read.refused else ""
    keep(folder, [vars(answer) for answer in read.new])
    line(
        f"fulfil   | {path}: {len(read.new)} examples taken, {read.again} known already, "
        f"{read.left_open} left open, {len(read.problems)} wrong"
    )
    if read.problems:
        read.problems.append(f"the rows that are wrong are kept in {refused}")
    return read.problems


def _hand_in(run: Path, folder: Path, answers: list[Path], author: str, close: bool) -> list[str]:
    """Take files of answers, and lay out what is still open; what is wrong with them."""
    with _alone(run):
        problems = [problem for path in answers for problem in _take(run, folder, path, author)]
        slots = list(read_slots(folder).values())
        if close and slots:
            keep(folder, [{"closed": slots[0].round}])
        left = write_slots(folder, slots, read_answers(folder).answers)
        write_brief(folder, slots, left)
        write_tools(folder, left)
    return problems


def _show(run: Path, folder: Path) -> None:
    slots, handed = read_slots(folder), read_answers(folder)
    left = [slot for slot in slots.values() if slot.id not in handed.answers]
    over = ended(run, slots, handed)
    if over:
        line(f"fulfil   | {over}")
    else:
        items = {slot.item.id: slot.item for slot in left}
        for name, count in Counter(slot.item.id for slot in left).items():
            about = f"{plain(items[name].category, 40)}, {items[name].tier}"
            line(f"fulfil   | {name} {about}: {count} open")
        line(f"fulfil   | open: {len(left)} of {len(slots)} examples; {folder / 'brief.md'}")
    if over or not left:
        line("fulfil   | run the loop again: it goes on from here")


def _fulfil(run: Path, answers: list[Path], source: str, author: str, close: bool) -> int:
    folder = _folder(run, source)
    problems = _hand_in(run, folder, answers, author, close) if answers or close else []
    _show(run, folder)
    sys.stderr.write("".join(f"{problem}\n" for problem in problems))
    return 2 if problems else 0


def main(argv: list[str] | None = None) -> int:
    """Run the command.

    Args:
        argv: Arguments; the process's own by default.

    Returns:
        Exit code.
    """
    given = _parser().parse_args(argv)
    try:
        return _fulfil(given.run, given.answers, given.source, given.author, given.close)
    except LoopError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
