"""The brief: what people are asked to write, in Markdown. All text of others stands as code."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from loop.fulfil.people.slots import OPEN, Slot, texts_of
from loop.records import RequestItem
from loop.rundir import write_bytes

BRIEF = "brief.md"
_HEAD = """# Examples to write

{left} of {total} examples are still wanted. Each is an instruction that a user could give, and the
answer that a model should give: complete, right, and in the form that is named.

1. Copy [{sheet}]({sheet}); it has a line for each example that is open.
2. Fill in `instruction`, `input` (the material that the instruction is about, or leave it empty),
   `output`, and where it helps `rationale` (how one gets there) and `checks` (what a program needs
   to check the answer). Write your name in `author` and the time you took in `minutes`.
3. Hand the copy in, RUN being the folder two above this one, a few lines at a time if you like:

       python -m loop.fulfil RUN answers.jsonl

The same tasks stand in `label_studio.json` with `label_studio.xml`, and in `argilla.json` with
`argilla_settings.json`; exports of both tools can be handed in as they are. A line that is wrong is
named, and takes nothing from the others. What a check refuses is asked for again, with the reason
in `note`.

Write what is new: copies and rewordings of examples that exist already are refused.
"""


def write_brief(folder: Path, slots: Sequence[Slot], left: Sequence[Slot]) -> None:
    """Write the brief.

    Args:
        folder: The source's folder.
        slots: All that is asked for.
        left: What of it is open.
    """
    items = {slot.item.id: slot.item for slot in slots}
    open_ = {item: [slot for slot in left if slot.item.id == item] for item in items}
    lines = [_HEAD.format(left=len(left), total=len(slots), sheet=OPEN)]
    for item in items.values():
        lines += _item(item, open_[item.id])
    write_bytes(folder / BRIEF, "\n".join(lines).encode("utf-8", "replace"))


def _item(item: RequestItem, left: Sequence[Slot]) -> Iterable[str]:
    form = f"{item.format}, {item.language}" if item.language else item.format
    yield f"## {item.id}: {len(left)} open\n"
    yield f"- Category: {_code(item.category)}, {item.tier}"
    if item.description:
        yield f"- What it is: {_code(item.description)}"
    yield f"- Form of the answer: {_code(form)}"
    yield f"- Skills to exercise: {', '.join(map(_code, item.tags)) or 'the whole breadth'}"
    if item.failures:
        yield f"- Mistakes that the model makes now: {', '.join(item.failures)}"
    if item.wanted:
        wanted = ", ".join(each.replace("_", " ") for each in item.wanted)
        yield f"- What the examples should bring about: {wanted}"
    for slot in left:
        if slot.note:
            yield f"- {_code(slot.note)}"
    yield ""
    for number, exemplar in enumerate(item.exemplars, 1):
        yield f"Example {number} of the task, not to be repeated:\n"
        for name, text in texts_of(exemplar):
            yield f"{name}:\n\n{_block(text)}\n"


def _code(text: str) -> str:
    """One line of another's text as code, so that nothing in it is Markdown or HTML."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    ticks = "`" * (1 + max(map(len, re.findall(r"`+", line)), default=0))
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{ticks}{pad}{line}{pad}{ticks}" if line else ""


def _block(text: str) -> str:
    fence = "`" * max(3, 1 + max(map(len, re.findall(r"`+", text)), default=0))
    return f"{fence}text\n{text}\n{fence}"
