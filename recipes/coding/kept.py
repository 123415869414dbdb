"""What is kept out of training: the canonical forms of the tasks in the unseen files."""

import json
from functools import lru_cache
from pathlib import Path

from coding.canonical import canonical
from loop.example import Example

FILES = ("unseen.jsonl", "unseen_families.jsonl")


@lru_cache(maxsize=1)
def kept_forms() -> frozenset[str]:
    """Read the forms that neither seed nor teacher may give.

    Returns:
        Canonical forms of all tasks in the unseen files that are there.
    """
    folder = Path(__file__).parent
    rows = [
        Example.model_validate(json.loads(line))
        for name in FILES
        if (folder / name).exists()
        for line in (folder / name).read_text(encoding="utf-8").splitlines()
    ]
    return frozenset(canonical(row) for row in rows) - {""}
