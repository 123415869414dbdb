"""Which earlier run a run starts from; refuses one that cannot be carried on."""

import difflib
import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from loop.errors import HoldoutError, RunDirectoryError
from loop.ledger import read
from loop.saved import has

MANIFEST = "holdout/manifest"
DATASET, HOLDOUT = "earlier/dataset", "earlier/holdout"
"""Steps under which a run keeps what it took over, so that it needs the earlier run no more."""
FACT = "from"
"""Key of the environment that names the earlier run."""


@dataclass(frozen=True)
class Ancestor:
    """The run that another one starts from."""

    label: str
    """`<recipe's name>@<hash of its holdout>`, which stays the same wherever it is moved."""
    path: Path | None
    """Its directory; None where the command does not name it any more."""

    @property
    def folder(self) -> Path:
        """Its directory.

        Raises:
            RunDirectoryError: It is not there, and not everything was taken over yet.
        """
        if self.path is None or not self.path.is_dir():
            raise RunDirectoryError(
                f"{self.label} was not taken over whole before this run was interrupted: name its "
                "directory again with --from, or start a new run with --run-dir"
            )
        return self.path


def label_of(run: Path) -> str:
    """Name a run by its recipe and its holdout.

    Args:
        run: Its directory.

    Returns:
        `<recipe's name>@<hash>`.

    Raises:
        RunDirectoryError: It is no run directory, or has no holdout yet.
    """
    ledger = run / "ledger.jsonl"
    if not ledger.is_file():
        raise RunDirectoryError(
            f"{run} is no run directory: it has no ledger.jsonl; give a folder such as "
            "results/coding"
        )
    if not has(run, MANIFEST):
        raise RunDirectoryError(
            f"{run} has no holdout yet, so there is nothing to carry on: run it further, or start "
            "without --from"
        )
    names = [entry["detail"] for entry in read(ledger)[0] if entry["event"] == "start"]
    manifest = (run / f"{MANIFEST}.json").read_bytes()
    return f"{names[0] if names else run.name}@{hashlib.sha256(manifest).hexdigest()[:12]}"


def ancestor_of(run: Path, given: Path | None) -> Ancestor | None:
    """Find the run that this one starts from, or started from when it began.

    Args:
        run: This run's directory, which need not be there yet.
        given: What the command names with --from.

    Returns:
        The earlier run; None for a run that starts from nothing. A run that has begun needs not be
        told again, and the earlier one may have been moved since.

    Raises:
        RunDirectoryError: It cannot be started from, or this run was started otherwise.
    """
    facts_file = run / "environment.json"
    began = facts_file.is_file()
    stored = json.loads(facts_file.read_bytes()).get(FACT) if began else None
    if given is None:
        return Ancestor(stored, None) if stored else None
    if given.resolve() == run.resolve():
        raise RunDirectoryError(
            f"--from {given} is this run's own directory; name another one with --run-dir"
        )
    if began and stored is None:
        raise RunDirectoryError(
            f"{run} was started without --from: leave it out to resume the run, or start a new one "
            "with --run-dir"
        )
    if began and not given.is_dir():
        return Ancestor(str(stored), None)
    label = label_of(given)
    if began and label != stored:
        raise RunDirectoryError(
            f"{run} was started from {stored}, and {given} is {label}: name that run again, leave "
            "--from out, or start a new run with --run-dir"
        )
    return Ancestor(label, given)


def check_names(before: Collection[str], names: Sequence[str], label: str) -> None:
    """Refuse a taxonomy that seems to rename a category, for its items would be lost.

    Args:
        before: Categories of the earlier run's holdout.
        names: Categories of the taxonomy.
        label: The earlier run.

    Raises:
        HoldoutError: A new name is much like one that is there no longer, or none is left.
    """
    gone = [name for name in before if name not in names]
    problems = []
    for name in names:
        near = [] if name in before else difflib.get_close_matches(name, gone, n=1, cutoff=0.6)
        if near:
            problems.append(
                f"taxonomy: {label} has no {name}, but {near[0]}; did you mean that? A category "
                "keeps its name, or its holdout and examples are lost; for another category take "
                "a name less alike"
            )
    if not problems and not set(before) & set(names):
        problems.append(
            f"taxonomy: none of its categories is one of {label} ({', '.join(sorted(before))}), so "
            "there is nothing to carry on: start without --from"
        )
    if problems:
        raise HoldoutError("\n".join(problems))
