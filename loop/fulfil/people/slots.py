"""What people are asked for: one slot an example, in a sheet to be filled in."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from loop.errors import RunDirectoryError
from loop.fulfil.people.journal import Answer, Handed, read_answers
from loop.records import Exemplar, RequestItem
from loop.records.base import Record
from loop.rundir import write_bytes

WANTED, OPEN = "wanted.jsonl", "open.jsonl"
FIELDS = ("instruction", "input", "output", "rationale", "checks")
"""Fields of an example that a person fills in."""
REQUIRED = ("instruction", "output")


class Slot(Record):
    """One example that is asked for."""

    id: str
    """`<item>/<source>/<attempt>-<number>`."""
    round: int
    item: RequestItem
    note: str = ""
    """Why an earlier delivery of the item was not accepted."""


def texts_of(exemplar: Exemplar) -> list[tuple[str, str]]:
    """Lay an exemplar out.

    Args:
        exemplar: An example of the training side.

    Returns:
        Its fields that hold text, by name.
    """
    fields = exemplar.model_dump(exclude={"version"})
    return [(name, str(text)) for name, text in fields.items() if text]


def sheet_row(slot: Slot) -> dict[str, Any]:
    """Lay a slot out for a person to fill in.

    Args:
        slot: What is asked for.

    Returns:
        What it is about, and empty fields.
    """
    item = slot.item
    about: dict[str, Any] = {"id": slot.id, "category": item.category, "tier": item.tier}
    about |= {"tags": list(item.tags), "format": item.format}
    if slot.note:
        about["note"] = slot.note
    blank: dict[str, Any] = {
        **dict.fromkeys(FIELDS, ""),
        "checks": {},
        "author": "",
        "minutes": None,
    }
    return about | blank


def write_slots(folder: Path, slots: Sequence[Slot], answers: Mapping[str, Answer]) -> list[Slot]:
    """Write what is asked for and the sheet of what is open.

    Args:
        folder: The source's folder in the run directory; made if missing.
        slots: All of the attempt.
        answers: What was handed in so far, by slot.

    Returns:
        The slots that are open.
    """
    left = [slot for slot in slots if slot.id not in answers]
    # First what answers are checked against.
    wanted = b"".join(slot.model_dump_json().encode() + b"\n" for slot in slots)
    write_bytes(folder / WANTED, wanted)
    sheet = "".join(json.dumps(sheet_row(slot), ensure_ascii=False) + "\n" for slot in left)
    write_bytes(folder / OPEN, sheet.encode("utf-8", "replace"))
    return left


def read_slots(folder: Path) -> dict[str, Slot]:
    """Read what is asked for.

    Args:
        folder: The source's folder.

    Returns:
        Slots by their ids; none where nothing was asked for yet.

    Raises:
        RunDirectoryError: The file is damaged.
    """
    path = folder / WANTED
    if not path.exists():
        return {}
    try:
        rows = [Slot.model_validate_json(line) for line in path.read_bytes().splitlines()]
    except ValidationError as error:
        raise RunDirectoryError(
            f"{path} is damaged; run the loop again, which writes it"
        ) from error
    return {slot.id: slot for slot in rows}


def ended(run: Path, slots: Mapping[str, Slot], handed: Handed) -> str:
    """Say why nothing more is taken from people.

    Args:
        run: The run directory.
        slots: What they are asked for.
        handed: What they said so far.

    Returns:
        A sentence; empty where what is open is waited for.
    """
    number = max((slot.round for slot in slots.values()), default=0)
    if (run / f"round-{number:02d}" / "fulfilment.json").is_file():
        return f"round {number} has its examples; nothing more is taken for it"
    if number in handed.closed:
        return f"round {number} was closed with --close; nothing more is taken for it"
    return ""


def waiting(run: Path) -> str:
    """Say what a run waits for people for.

    Args:
        run: A run directory.

    Returns:
        One line; empty where nothing is open.
    """
    told = []
    for folder in sorted(path.parent for path in (run / "people").glob(f"*/{WANTED}")):
        slots, handed = read_slots(folder), read_answers(folder)
        left = slots.keys() - handed.answers.keys()
        if left and not ended(run, slots, handed):
            told.append(f"{len(left)} of {len(slots)} examples of {folder.name}")
    return f"waiting for people: {', '.join(told)}" if told else ""
