"""Markdown from data that may be hostile: tags, reasons and notes are text, never markup."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import TypeVar

from loop.records import Change, Verdict

Name = TypeVar("Name", bound=str)
LONGEST = 200
"""Characters kept of one piece of data; a report is read, not archived."""
DROPPED = {"Cc", "Cs", "Zl", "Zp"}
BIDI = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that reverse the order in which the text around them is shown."""
MARKUP = re.compile(r"[\\`*\[\]<>|~&!#$]|(?<![^\W_])_|_(?![^\W_])")
SIGNS: dict[Verdict, str] = {"met": "✓ met", "not met": "✗ not met", "undecided": "? undecided"}


def plain(text: str, longest: int = LONGEST) -> str:
    """Make text safe to print on one line.

    Args:
        text: Any text.
        longest: Most characters kept.

    Returns:
        The text with control characters and line ends as single spaces, cut with an ellipsis.
    """
    shown = (
        " " if unicodedata.category(char) in DROPPED or char in BIDI else char
        for char in text[: longest * 8]
    )
    line = " ".join("".join(shown).split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def inline(text: str, longest: int = LONGEST) -> str:
    """Make text safe inside a Markdown paragraph or table cell.

    Args:
        text: Any text.
        longest: Most characters kept before escaping.

    Returns:
        One line of Markdown that is shown as that text.
    """
    escaped = MARKUP.sub(lambda match: "\\" + match[0], plain(text, longest))
    # A web address would become a link on some pages.
    return re.sub(r"(?i)(https?|ftp|www)([:.])", r"\1\\\2", escaped)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lay out a table: words to the left, columns of figures to the right.

    Args:
        heads: Column titles, safe Markdown.
        rows: Cells, safe Markdown.

    Returns:
        Lines of Markdown, with an empty one behind.
    """
    words = [any(char.isalpha() for row in rows for char in row[i]) for i in range(len(heads))]
    marks = ["---" if left or not i else "---:" for i, left in enumerate(words)]
    return [*(f"| {' | '.join(row)} |" for row in (heads, marks, *rows)), ""]


def counts(numbers: Mapping[Name, int]) -> str:
    """Write counts in a row, most frequent first.

    Args:
        numbers: Number per name.

    Returns:
        Safe Markdown; a dash where there are none.
    """
    ordered = sorted(numbers.items(), key=lambda item: -item[1])
    return ", ".join(f"{inline(name)} {number}" for name, number in ordered if number) or "–"


def change_cell(change: Change | None, regressed: bool) -> str:
    """Write what changed on the same items since the last round.

    Args:
        change: The paired comparison, or None.
        regressed: Whether the change for the worse is significant after correction.

    Returns:
        Safe Markdown: `+9 −1, p = 0.021`.
    """
    if change is None:
        return "–"
    text = f"+{change.better} −{change.worse}, p = {change.p_value:.2g}"
    return f"{text}, **regressed**" if regressed else text


def interval(low: float, high: float) -> str:
    """Write an interval of scores.

    Args:
        low: Lower end, in [0, 1].
        high: Upper end, in [0, 1].

    Returns:
        `0.56 – 0.75`.
    """
    return f"{low:.2f} – {high:.2f}"


def duration(seconds: float) -> str:
    """Write a time.

    Args:
        seconds: At least 0.

    Returns:
        `3.4 s`, `1 min 05 s` or `2 h 07 min`.
    """
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def stage_of(step: str) -> str:
    """Name the stage that a step belongs to, whatever its round.

    Args:
        step: For example `round-01/adapter` or `seed/read`.

    Returns:
        `adapter`, `seed/read`.
    """
    return re.sub(r"^round-\d+/", "", step)


def per_stage(seconds: Mapping[str, float]) -> dict[str, float]:
    """Add up seconds over the rounds.

    Args:
        seconds: Seconds per step.

    Returns:
        Seconds per stage, in the order in which the stages first ran.
    """
    spent: dict[str, float] = {}
    for step, taken in seconds.items():
        spent[stage_of(step)] = spent.get(stage_of(step), 0.0) + taken
    return spent


def time_section(seconds: Mapping[str, float]) -> list[str]:
    """Write the section on time, which stands last because it alone differs between equal runs.

    Args:
        seconds: Seconds per step; empty leaves the section out.

    Returns:
        Lines of Markdown.
    """
    if not seconds:
        return []
    spent = per_stage(seconds)
    rows = [[inline(name), duration(taken)] for name, taken in spent.items()]
    rows.append(["**all stages**", f"**{duration(sum(spent.values()))}**"])
    return ["## Time per stage", "", *table(("Stage", "Time"), rows)]
