"""What is there already, in a few lines for the prompt: it is not to be written again."""

import re
from collections import Counter
from collections.abc import Sequence

from loop.api.structured import one_line
from loop.example import Example
from loop.fulfil.waves.topics import words_of

_WORDS = 4
"""Words that an instruction opens with."""
_OPENINGS, _SUBJECTS, _COPIES = 8, 16, 6
_LONGEST = 160
"""Characters of one instruction that is quoted."""
_LATEST = 2_000
"""Rows looked at."""


def there_of(rows: Sequence[Example], copies: Sequence[str]) -> dict[str, str]:
    """Sum up what is there.

    Args:
        rows: Of the slice: trained on or accepted, the latest last.
        copies: Instructions of this request that repeated others, the latest last.

    Returns:
        Parts of a prompt, of bounded length; a part that would be empty is left out.
    """
    recent = rows[-_LATEST:]
    parts = {
        "FREQUENT OPENINGS": openings(recent),
        "FREQUENT SUBJECTS": ", ".join(words_of(recent, _SUBJECTS)),
        "CAME TOO OFTEN": "\n".join(one_line(text, _LONGEST) for text in copies[-_COPIES:]),
    }
    return {name: text for name, text in parts.items() if text}


def openings(rows: Sequence[Example]) -> str:
    """List how instructions begin, where several begin alike.

    Args:
        rows: Any rows.

    Returns:
        One opening a line, the most frequent first.
    """
    counts: Counter[str] = Counter()
    for row in rows:
        words = re.findall(r"\S+", row.instruction[:400])[:_WORDS]
        counts[one_line(" ".join(words), 60)] += 1
    often = [(text, count) for text, count in counts.items() if count > 1 and text]
    often.sort(key=lambda pair: (-pair[1], pair[0]))
    return "\n".join(f"{text} … ({count})" for text, count in often[:_OPENINGS])
