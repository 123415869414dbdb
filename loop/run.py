"""`python -m loop.run recipes/coding.yaml`: start the loop, or go on where it was interrupted."""

import argparse
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import NoReturn

from loop.errors import LoopError

EXIT = {"met": 0, "plateau": 3, "budget": 3, "rounds": 3, "finished": 3}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m loop.run",
        description="Tune a model until every task category meets its target. "
        "The same command again resumes an interrupted run.",
        epilog="exit codes: 0 every target met; 1 a defect; 2 the recipe, data or command is "
        "wrong; 3 stopped short (plateau, budget, rounds, --finish); 4 waiting for people; "
        "130 interrupted",
    )
    parser.add_argument("recipe", type=Path, help="YAML file, for example recipes/coding.yaml")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="override a key: training.epochs=3, taxonomy.refactoring.target=0.7",
    )
    parser.add_argument(
        "--run-dir", type=Path, help="where to keep the run (default: results/<recipe's name>)"
    )
    parser.add_argument(
        "--from",
        type=Path,
        dest="earlier",
        metavar="RUN",
        help="start from an earlier run's dataset and carry its holdout on",
    )
    parser.add_argument("--dry-run", action="store_true", help="print the plan and stop")
    parser.add_argument(
        "--finish", action="store_true", help="end the run now: open final, report, close"
    )
    return parser


def _dry_run(
    path: Path, assignments: tuple[str, ...], run_dir: Path | None, earlier: Path | None
) -> int:
    import json
    from collections import Counter

    from loop.heritage import held_roles
    from loop.holdout import quotas
    from loop.plan import plan
    from loop.prices import check_prices
    from loop.recipe import load_recipe
    from loop.seed import read_seed
    from loop.stopping import check_gates

    recipe = load_recipe(path, assignments)
    seed = read_seed(recipe.seed, recipe.taxonomy, path.parent)
    # Rows without an output cannot survive curation; the rest is counted before cleaning.
    counts = Counter(row.category for row in seed.examples if row.output.strip())
    roles, looks = held_roles(earlier, recipe) if earlier else ({}, 0)
    new = {c.name: counts[c.name] for c in recipe.taxonomy if c.name not in roles}
    roles |= quotas(new, recipe.holdout)
    timing = (run_dir or Path("results") / recipe.name) / "timing.json"
    timings = json.loads(timing.read_bytes()) if timing.is_file() else None
    sys.stdout.write(plan(recipe, counts, roles, timings) + "\n")
    if earlier:
        sys.stdout.write(
            f"carried on          the holdout of {earlier}, at whose gate {looks} looks were "
            "taken; more is drawn from new rows once they are cleaned\n"
        )
    gates = {name: role["gate"] for name, role in roles.items()}
    problems = [
        *check_gates(gates, recipe.taxonomy, recipe.stopping),
        *check_prices(recipe),
    ]
    sys.stderr.write("".join(f"{problem}\n" for problem in problems))
    return 2 if problems else 0


def _closing(outcome: str, path: Path, recipe: Path) -> str:
    report = path / "report.md"
    if outcome == "met":
        return f"every target is met: read {report}"
    if outcome == "finished":
        return f"the run is closed: read {report}"
    more = "raise the limit with --set stopping.… or budget.…, or end it with --finish"
    return f"stopped short ({outcome}): read {report}; to go on run {recipe} again: {more}"


def _interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _run(
    path: Path,
    assignments: tuple[str, ...],
    run_dir: Path | None,
    finish: bool,
    earlier: Path | None,
) -> int:
    from loop.console import line
    from loop.heritage import FACT, ancestor_of
    from loop.recipe import load_recipe
    from loop.rundir import RunDirectory, environment

    recipe = load_recipe(path, assignments)
    target = run_dir or Path("results") / recipe.name
    ancestor = ancestor_of(target, earlier)
    with RunDirectory(target) as run:
        if run.ledger.torn_bytes:
            line(f"ledger   | dropped a torn last line of {run.ledger.torn_bytes} bytes")
        facts = environment(path.parent, path.stem)
        resumed = run.begin(recipe, {**facts, FACT: ancestor.label} if ancestor else facts)
        line(f"run      | {target} {'resumed' if resumed else 'started'}")
        from loop.budget import Purse
        from loop.controller import run_loop
        from loop.models import resolve
        from loop.parts import Parts

        line(f"machine  | {resolve(recipe.model).description}")
        purse = Purse(recipe.budget, recipe.prices, run.ledger.account, run.ledger.write)
        parts = Parts(recipe, path.parent, target, purse, ancestor)
        run.devices = parts.devices
        parts.check()
        if not resumed:
            parts.check_servers()
        summary = run_loop(run, parts, finish)
    line(_closing(summary.outcome, target, path))
    return EXIT[summary.outcome]


def main(argv: list[str] | None = None) -> int:
    """Run the command.

    Args:
        argv: Arguments; the process's own by default.

    Returns:
        Exit code.
    """
    arguments = _parser().parse_args(argv)
    # Nothing here may wait for a network that is not there, or phone home.
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    signal.signal(signal.SIGTERM, _interrupt)
    assignments = tuple(arguments.set)
    try:
        if arguments.dry_run:
            return _dry_run(arguments.recipe, assignments, arguments.run_dir, arguments.earlier)
        given = (arguments.run_dir, arguments.finish, arguments.earlier)
        return _run(arguments.recipe, assignments, *given)
    except LoopError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("\ninterrupted; the same command goes on from here\n")
        return 130


if __name__ == "__main__":
    sys.exit(main())
