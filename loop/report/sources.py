"""Where examples came from: by source and way of asking, what was rejected, and what one cost."""

from collections.abc import Sequence

from loop.budget import usd
from loop.records import Yield
from loop.report.text import counts, duration, inline, table

UNKNOWN = "unknown"
"""What a cost is called whose price nobody named; never 0."""


def sources_table(yields: Sequence[Yield]) -> list[str]:
    """Compare sources and ways of asking.

    Args:
        yields: What each gave, in the order in which they were asked.

    Returns:
        Markdown; nothing where nobody delivered anything.
    """
    if not yields:
        return []
    ways = any(each.way for each in yields)
    people = any(each.seconds for each in yields)
    heads = ["Source", *(["Way"] if ways else []), "Delivered", "Accepted", "Cost"]
    heads += ["Per accepted", *(["People's time"] if people else []), "Rejected, and why"]
    rows = [
        [
            f"**{inline(each.source)}**",
            *([inline(each.way) or "–"] if ways else []),
            str(each.received),
            f"{each.accepted} ({each.accepted / each.received:.0%})",
            UNKNOWN if each.nano is None else usd(each.nano),
            _each(each),
            *([duration(each.seconds)] if people else []),
            counts(each.rejected),
        ]
        for each in yields
    ]
    return table(heads, rows)


def _each(gave: Yield) -> str:
    if gave.nano == 0:
        return usd(0)
    nano = gave.nano_per_accepted
    if nano is None:
        return UNKNOWN if gave.nano is None else "–"
    return usd(round(nano))
