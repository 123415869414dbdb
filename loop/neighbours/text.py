"""Text in, comparable symbols out: words and code symbols, without what changes no meaning."""

import re
import unicodedata

SHINGLE = 3
"""Words in a shingle of the near-duplicate comparison."""

# Words whose presence makes no other task. An adjective is not among them: "the short words" and
# "the words" are two tasks.
# fmt: off
_FILLER = frozenset({
    "a", "an", "the", "please", "kindly", "just", "simply", "basically", "actually", "really",
    "quite", "also", "now", "very", "carefully", "ok", "okay", "hey", "hi", "hello", "thanks",
    "thank", "you", "could", "would", "can", "me",
})
# fmt: on
_SENTENCE_MARK = re.compile(r"(?<=[\w'\"`)\]])[.,;:!?]+(?=\s|$)")
_SYMBOL = re.compile(r"\w+|[^\w\s]")
_QUOTES = str.maketrans('‘’“”"–—', "'''''--", "`")


def _depths(lines: list[str]) -> list[int]:
    """Nesting of each line that stands in an indented block; 0 for all others."""
    widths, opened = [], False
    for line in lines:
        body = line.strip()
        width = len(line) - len(line.lstrip())
        opened = bool(body) and width > 0 and opened
        widths.append(width if opened else 0)
        opened = opened or body.endswith((":", "{", "(", "["))
    ranks = {width: rank for rank, width in enumerate(sorted({0, *widths}))}
    return [ranks[width] for width in widths]


def _words(text: str) -> list[str]:
    plain = _SENTENCE_MARK.sub(" ", unicodedata.normalize("NFKC", text).casefold())
    lines = [line for line in plain.translate(_QUOTES).expandtabs(4).splitlines() if line.strip()]
    # Marks are cut above, so nesting is read from the text as it stood.
    raw = [line for line in text.expandtabs(4).splitlines() if line.strip()]
    depths = _depths(raw) if len(raw) == len(lines) else [0] * len(lines)
    found: list[str] = []
    for line, depth in zip(lines, depths, strict=True):
        if depth:
            found.append(f"⇥{depth}")
        found.extend(_SYMBOL.findall(line))
    return found


def tokens(*texts: str) -> list[str]:
    """Split texts into what is compared.

    Case, spacing, sentence punctuation, backticks, the kind of quote and filler words ("please",
    "the") make no difference. Code symbols and the depth of an indented block do: `x[:n]` is not
    `x[n:]`, and a `return` inside a loop is not one after it. A filler word beside a code symbol
    is a name (`a + b`) and stays.

    Args:
        *texts: Texts, in order; each has its own indentation.

    Returns:
        Words, code symbols and marks of indentation, in order.
    """
    found = [word for text in texts for word in _words(text)]
    edges = ["", *found, ""]
    return [
        word
        for before, word, after in zip(edges, found, edges[2:], strict=False)
        if word not in _FILLER or not (_is_prose(before) and _is_prose(after))
    ]


def _is_prose(neighbour: str) -> bool:
    return not neighbour or neighbour[0].isalnum()


def text_key(*texts: str) -> str:
    """Give texts that read the same the same key.

    Args:
        *texts: Texts, in order.

    Returns:
        The tokens, joined.
    """
    return " ".join(tokens(*texts))


def shingles(words: list[str]) -> frozenset[str]:
    """Take all runs of three words, the ends padded so that every word counts alike.

    Args:
        words: Tokens of a text.

    Returns:
        The runs; empty for an empty text.
    """
    if not words:
        return frozenset()
    edge = [""] * (SHINGLE - 1)
    padded = [*edge, *words, *edge]
    return frozenset(" ".join(padded[i : i + SHINGLE]) for i in range(len(words) + SHINGLE - 1))


def ngrams(words: list[str], n: int) -> frozenset[str]:
    """Take all runs of n words.

    Args:
        words: Tokens of a text.
        n: Words in a run.

    Returns:
        The runs; empty where the text is shorter.
    """
    return frozenset(" ".join(words[i : i + n]) for i in range(len(words) - n + 1))
