"""`python -m loop.review RUN [answers.jsonl]`: what is open for review; takes verdicts."""

import argparse
import sys
from pathlib import Path

from loop.console import line
from loop.errors import DataError, LoopError
from loop.review.answers import read_answers
from loop.review.journal import keep_verdicts, read_verdicts
from loop.review.sheet import OPEN, counted, read_queue, write_sheets


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m loop.review",
        description="Show what is open for review, or hand verdicts in. Rows may be handed in a "
        "few at a time; a row that is wrong takes nothing from the others.",
        epilog="exit codes: 0 every row was taken; 2 a row, file or command is wrong",
    )
    parser.add_argument("run", type=Path, help="run directory, for example results/coding")
    parser.add_argument(
        "answers", type=Path, nargs="?", help="JSONL: rows of review/open.jsonl, filled in"
    )
    parser.add_argument("--author", default="", help="who answered, where a row does not say")
    return parser


def _review(run: Path, answers: Path | None, author: str) -> int:
    folder = run / "review"
    queue = read_queue(folder)
    problems: list[str] = []
    if answers is not None:
        try:
            lines = answers.read_bytes().splitlines()
        except OSError as error:
            raise DataError(f"{answers}: cannot be read: {error.strerror}") from error
        given = read_answers(lines, str(answers), queue, author)
        new = keep_verdicts(folder, given.verdicts)
        again = len(given.verdicts) - new
        problems = given.problems
        line(
            f"review   | {new} verdicts taken, {again} known already, {given.undecided} left "
            f"open, {len(problems)} lines wrong"
        )
    verdicts = {verdict.row: verdict for verdict in read_verdicts(folder)}
    left = write_sheets(folder, tuple(queue.values()), verdicts)
    waited = sum(row.waited_for for row in left)
    line(f"review   | open: {counted(left)}; waited for: {waited}; rows: {folder / OPEN}")
    sys.stderr.write("".join(f"{problem}\n" for problem in problems))
    return 2 if problems else 0


def main(argv: list[str] | None = None) -> int:
    """Run the command.

    Args:
        argv: Arguments; the process's own by default.

    Returns:
        Exit code.
    """
    arguments = _parser().parse_args(argv)
    try:
        return _review(arguments.run, arguments.answers, arguments.author)
    except LoopError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
