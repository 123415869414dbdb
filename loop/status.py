"""`python -m loop.status RUN`: where a run stands, from its directory alone. Writes nothing."""

import argparse
import fcntl
import json
import os
import re
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from loop.errors import LoopError, RunDirectoryError

if TYPE_CHECKING:
    from loop.budget import Account
    from loop.records import Record, Summary

R = TypeVar("R", bound="Record")
Entry = dict[str, Any]
CLOSING = ("met", "finished")


def _objects(path: Path, data: bytes) -> list[Entry]:
    rows = []
    for number, row in enumerate(data.splitlines(), 1):
        try:
            rows.append(json.loads(row))
        except ValueError as error:
            raise RunDirectoryError(f"{path}:{number} is not JSON; restore the file") from error
        if not isinstance(rows[-1], dict):
            raise RunDirectoryError(f"{path}:{number} is no JSON object; restore the file")
    return rows


def _ledger(run: Path) -> "tuple[list[Entry], Account, int]":
    """All but money entries, what those come to, and the bytes of a torn one behind them."""
    from loop.ledger import read

    path = run / "ledger.jsonl"
    if not path.is_file():
        raise RunDirectoryError(
            f"{run} is no run directory: it has no ledger.jsonl; give a folder such as "
            "results/coding"
        )
    return read(path)


def _is_held(run: Path) -> bool:
    """Whether a controller works on the run now."""
    try:
        lock = os.open(run / "lock", os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        # Shared: two people who ask at once must not take each other for a controller.
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def _record(path: Path, kind: type[R]) -> R:
    """A record's own fields; those in JSON lines files are read where they are needed."""
    from pydantic import ValidationError

    try:
        fields = json.loads(path.read_bytes())
        own = {key: value for key, value in fields.items() if not key.startswith("_")}
        return kind.model_validate(own)
    except (ValueError, AttributeError, ValidationError) as error:
        raise RunDirectoryError(
            f"{path} is damaged: {str(error).splitlines()[0]}; put it back, or start a new run"
        ) from error


def _named(numbers: Iterable[tuple[str, object]]) -> str:
    from loop.report.text import plain

    return ", ".join(f"{plain(name, 40)} {number}" for name, number in numbers)


def _open_step(run: Path, entries: list[Entry]) -> str:
    """The step that was started and has no record yet, or nothing."""
    steps = [str(e.get("step")) for e in entries if e.get("event") == "stage_start"]
    return steps[-1] if steps and not (run / f"{steps[-1]}.json").is_file() else ""


def _summary(run: Path, entries: list[Entry]) -> "Summary | None":
    """The run's summary, unless the run went on after it was written."""
    from loop.records import Summary

    if not (run / "summary.json").is_file():
        return None
    summary = _record(run / "summary.json", Summary)
    last = run / f"round-{summary.rounds:02d}"
    delivered = (last / "accepted.jsonl").is_file() and (last / "accepted.jsonl").stat().st_size
    # A run stops before a last round's request is made, or because it brought nothing.
    asked = (last / "allocation.json").is_file()
    went_on = asked and (delivered or not (last / "fulfilment.json").is_file())
    started = [re.match(r"round-(\d+)/", str(e.get("step"))) for e in entries]
    later = any(found and int(found[1]) > summary.rounds for found in started)
    closing = (run / "final/evaluation.json").is_file() and summary.outcome not in CLOSING
    return None if went_on or later or closing or _open_step(run, entries) else summary


def _state(run: Path, entries: list[Entry]) -> tuple[str, str]:
    """What the run is doing, and what a person does next."""
    from loop.report.text import plain

    where = plain(_open_step(run, entries)) or "between stages"
    if _is_held(run):
        return f"running: {where}", "wait, or stop it with Ctrl-C; the same command goes on"
    summary = _summary(run, entries)
    if summary is None:
        from loop.fulfil.people import waiting

        if told := waiting(run):
            brief = f"{run}/people/*/brief.md says what is wanted"
            return told, f"{brief}; hand in with python -m loop.fulfil {run} ANSWERS"
        return f"interrupted: {where}", "run the same command again; it goes on from here"
    report = run / "report.md"
    if summary.outcome in CLOSING:
        what = f"closed: {summary.outcome}"
        ship = f"; ship {run / summary.adapter}" if summary.adapter else ""
        return what, f"read {report}{ship}"
    raised = "--set stopping.… or budget.…"
    again = f"run it again with a raised limit ({raised}), or end it with --finish"
    return f"stopped short: {summary.outcome}", f"read {report}; {again}"


def _rounds(run: Path) -> list[str]:
    """Per round a line, and below it one per category, highest priority first."""
    from loop.records import Weakness
    from loop.report.text import plain

    history: list[Weakness] = [
        _record(file, Weakness) for file in sorted(run.glob("round-*/weakness.json"))
    ]
    lines = []
    for weakness in history:
        lines.append(f"round {weakness.round:02d} | weighted {weakness.weighted:.3f}")
        lines += [
            f"  {plain(each.category, 40):22} {each.score:.2f} [{each.low:.2f}, {each.high:.2f}] "
            f"target {each.target:.2f} {each.verdict} on diagnose | n={each.total}"
            for each in weakness.categories
        ]
    return lines


def _looks(run: Path, entries: list[Entry]) -> list[str]:
    from loop.recipe import load_recipe
    from loop.records import GateRuling
    from loop.stats import alpha_of_look

    used = sum(entry.get("event") == "look" for entry in entries)
    if not used:
        return ["looks at the gate: 0"]
    section = load_recipe(run / "recipe.yaml").stopping
    spent = sum(alpha_of_look(look, section.alpha) for look in range(1, used + 1))
    error = f"error spent {spent:.4f} of {section.alpha:g}"
    if section.verdict == "point":
        error = "a point verdict controls no error"
    lines = [f"looks at the gate: {used} of {section.looks}, {error}"]
    for file in sorted(run.glob("round-*/gate.json")):
        ruling = _record(file, GateRuling)
        ruled = _named((name, "pass" if met else "fail") for name, met in ruling.met.items())
        lines.append(f"  look {ruling.look}, round {ruling.round}: {ruled}")
    return lines


def _accepted(run: Path) -> str:
    accepted: Counter[str] = Counter()
    for record in sorted(run.glob("round-*/fulfilment.json")):
        path = record.with_name("accepted.jsonl")
        rows = _objects(path, path.read_bytes() if path.is_file() else b"")
        accepted.update(str(row.get("category")) for row in rows)
    each = _named(accepted.items())
    return f"examples accepted: {accepted.total()}" + (f" ({each})" if each else "")


def _time(entries: list[Entry]) -> str:
    from loop.report.text import duration, per_stage

    spent: Counter[str] = Counter()
    for entry in entries:
        if isinstance(entry.get("seconds"), int | float):
            spent[str(entry.get("step"))] += entry["seconds"]
    stages = sorted(per_stage(spent).items(), key=lambda item: -item[1])
    each = _named((stage, duration(seconds)) for stage, seconds in stages)
    return f"time: {duration(sum(spent.values()))}" + (f" ({each})" if each else "")


def _money(run: Path, entries: list[Entry], account: "Account") -> list[str]:
    from loop.ledger import hours_in
    from loop.recipe import load_recipe
    from loop.report.money import money_lines

    if not (run / "recipe.yaml").is_file():
        return []
    recipe = load_recipe(run / "recipe.yaml")
    steps = [str(entry.get("step")) for entry in entries if entry["event"] == "stage_start"]
    begun = [int(found[1]) for step in steps if (found := re.match(r"round-(\d+)/", step))]
    summary = _summary(run, entries)
    closed = summary is not None and summary.outcome in CLOSING
    left = 0 if closed else max(0, recipe.stopping.max_rounds - max(begun, default=0))
    gpu = hours_in(entries, accelerator=True)
    return money_lines(account, recipe.budget, steps, left, gpu, _is_held(run))


def describe(run: Path) -> str:
    """Describe a run.

    Args:
        run: The run directory.

    Returns:
        Text of a few lines; every number comes from the ledger and the records.

    Raises:
        RunDirectoryError: It is no run directory, or a file in it is damaged.
    """
    entries, account, torn = _ledger(run)
    state, advice = _state(run, entries)
    lines = [f"{run}: {state}"]
    if torn and not _is_held(run):
        lines.append(f"ledger: a torn last line of {torn} bytes; the next start repairs it")
    lines += [*_rounds(run), *_looks(run, entries), _accepted(run), _time(entries)]
    lines += _money(run, entries, account)
    return "\n".join([*lines, f"next: {advice}"])


def main(argv: list[str] | None = None) -> int:
    """Run the command.

    Args:
        argv: Arguments; the process's own by default.

    Returns:
        Exit code.
    """
    parser = argparse.ArgumentParser(
        prog="python -m loop.status", description="Say where a run stands; change nothing."
    )
    parser.add_argument("run", type=Path, help="run directory, for example results/coding")
    arguments = parser.parse_args(argv)
    try:
        sys.stdout.write(describe(arguments.run) + "\n")
    except LoopError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
