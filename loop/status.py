"""`python -m loop.status RUN`: where a run stands, from its directory alone. Writes nothing."""

import argparse
import fcntl
import json
import os
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loop.errors import LoopError, RunDirectoryError

if TYPE_CHECKING:
    from loop.records import Weakness


def _ledger(run: Path) -> tuple[list[dict[str, Any]], bool]:
    """Whole entries, and whether a torn one follows."""
    path = run / "ledger.jsonl"
    if not path.is_file():
        raise RunDirectoryError(f"{run} is no run directory: it has no ledger.jsonl")
    data = path.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]
    try:
        entries = [json.loads(row) for row in whole.splitlines()]
    except json.JSONDecodeError as error:
        raise RunDirectoryError(f"{path} is damaged: {error}; restore the file") from error
    return entries, len(whole) < len(data)


def _is_held(run: Path) -> bool:
    """Whether a controller works on the run now."""
    try:
        lock = os.open(run / "lock", os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def _record(path: Path) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(path.read_bytes())
    return {key: value for key, value in fields.items() if not key.startswith("_")}


def _weakness(run: Path) -> list["Weakness"]:
    from loop.records import Weakness

    files = sorted(run.glob("round-*/weakness.json"))
    return [Weakness.model_validate(_record(file)) for file in files]


def _scores(history: list["Weakness"]) -> list[str]:
    """One row per category: the score of every round, the target, the last verdict."""
    rows = []
    for last in history[-1].categories:
        scores = " → ".join(f"{each.category(last.category).score:.2f}" for each in history)
        target = f"target {last.target:.2f}"
        rows.append(f"  {last.category:22} {scores}  {target}  {last.verdict} on diagnose")
    return rows


def _state(entries: list[dict[str, Any]], held: bool) -> tuple[str, str]:
    """What the run is doing, and what a person does next."""
    open_steps = [entry["step"] for entry in entries if entry["event"] == "stage_start"]
    done = {entry["step"] for entry in entries if entry["event"] == "stage_done"}
    current = open_steps[-1] if open_steps and open_steps[-1] not in done else "between stages"
    if held:
        return f"running: {current}", "wait, or stop it with Ctrl-C; it resumes"
    if any(entry["event"] == "closed" for entry in entries):
        return "closed", "read report.md"
    if current != "between stages" or entries[-1]["event"] == "interrupted":
        return f"interrupted: {current}", "run the same command again; it goes on from here"
    again = "run it again with a raised limit (--set stopping.…), or end it with --finish"
    return "stopped short", again


def describe(run: Path) -> str:
    """Describe a run.

    Args:
        run: The run directory.

    Returns:
        Text of a few lines; every number comes from the ledger and the records.

    Raises:
        RunDirectoryError: It is no run directory, or its ledger is damaged.
    """
    entries, torn = _ledger(run)
    state, advice = _state(entries, _is_held(run))
    lines = [f"{run}: {state}"]
    if torn:
        lines.append("  the ledger's last line is torn; the next start repairs it")
    if history := _weakness(run):
        lines.append(f"rounds: {len(history) - 1} after the base")
        lines += _scores(history)
    looks = [entry["detail"] for entry in entries if entry["event"] == "look"]
    lines.append(f"looks at the gate: {len(looks)}" + "".join(f"; {look}" for look in looks))
    rulings = [_record(file) for file in sorted(run.glob("round-*/gate.json"))]
    for ruling in rulings:
        met = ", ".join(f"{n} {'pass' if ok else 'fail'}" for n, ok in ruling["met"].items())
        lines.append(f"  look {ruling['look']}, round {ruling['round']}: {met}")
    accepted = Counter[str]()
    for file in sorted(run.glob("round-*/accepted.jsonl")):
        accepted.update(json.loads(row)["category"] for row in file.read_bytes().splitlines())
    each = ", ".join(f"{name} {count}" for name, count in accepted.items())
    lines.append(f"examples accepted: {accepted.total()}" + (f" ({each})" if each else ""))
    spent = Counter[str]()
    for entry in entries:
        if entry["event"] == "stage_done":
            spent[entry["step"].rpartition("/")[2]] += entry["seconds"]
    times = ", ".join(f"{step} {seconds:.0f} s" for step, seconds in spent.most_common())
    lines.append(f"time: {sum(spent.values()) / 60:.1f} min ({times})")
    return "\n".join([*lines, f"next: {advice}"])


def main(argv: list[str] | None = None) -> int:
    """Run the command.

    Args:
        argv: Arguments; the process's own by default.

    Returns:
        Exit code.
    """
    parser = argparse.ArgumentParser(
        prog="python -m loop.status", description="Say where a run stands."
    )
    parser.add_argument("run", type=Path, help="run directory, for example results/coding")
    try:
        sys.stdout.write(describe(parser.parse_args(argv).run) + "\n")
    except LoopError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
