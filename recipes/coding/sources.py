"""What a loop runs over: the loop's head, the words for its elements, and example arguments."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from coding import parts
from coding.program import Param, Words
from coding.parts import Change, Pred

Marks = list[Any]
MANY = 14
"""Candidate inputs per program."""
_WORDS = (
    "apple Banana kiwi sun tree Stone bread go cat house garden Ada echo level note radar "
    "table ice moon open rain seed umbrella code data ten"
).split()
_NAMES = "Ada Bob Cleo Dan Eve Finn".split()


@dataclass(frozen=True)
class Source:
    """Something to loop over. `x` is what conditions and changes apply to."""

    name: str
    group: str
    params: tuple[Param, ...]
    heads: tuple[tuple[str, str], ...]
    """Targets and iterables of the for clauses, outermost first."""
    x: str
    noun: str
    nouns: str
    place: str
    pred: Callable[[random.Random], Pred]
    change: Callable[[random.Random], Change] | None
    inputs: Callable[[random.Random, Marks], tuple[Any, ...]]
    kind: str = "number"
    out: str = ""
    """Element given where nothing is changed; `x` where empty."""
    outs: str = ""
    """Plural of what `out` gives: `names`."""
    field: str = ""
    """What of the element a condition is about: `the users whose age is …`."""
    words: Words = ()
    y: str = ""
    """A partner of x, for conditions on two."""
    cost: int = 0
    """Steps that the source itself adds to the difficulty."""


def numbers(rng: random.Random, marks: Marks, most: int = 6) -> list[int]:
    """Draw a short list of numbers, some of them at the boundaries.

    Args:
        rng: Source of randomness.
        marks: Boundary values; others than integers are left out.
        most: Greatest length.

    Returns:
        The list, sometimes empty.
    """
    if rng.random() < 0.08:
        return []
    edges = [mark for mark in marks if isinstance(mark, int)]
    pool = edges + [rng.randint(-9, 30) for _ in range(4)] + [0, 1, 2, 4, -3]
    return [rng.choice(pool) for _ in range(rng.randint(2, most))]


def words(rng: random.Random, marks: Marks) -> list[str]:
    """Draw a short list of words, some of them at the boundaries.

    Args:
        rng: Source of randomness.
        marks: Boundary values; others than text are left out.

    Returns:
        The list, sometimes empty.
    """
    if rng.random() < 0.08:
        return []
    edges = [mark for mark in marks if isinstance(mark, str) and mark]
    pool = edges * 3 + rng.sample(_WORDS, 6)
    return [rng.choice(pool) for _ in range(rng.randint(2, 5))]


def text(rng: random.Random, marks: Marks) -> str:
    """Draw a short text with some boundary characters in it.

    Args:
        rng: Source of randomness.
        marks: Boundary values; others than text are left out.

    Returns:
        The text, sometimes empty.
    """
    if rng.random() < 0.06:
        return ""
    edges = [mark for mark in marks if isinstance(mark, str)]
    pieces = [rng.choice(_WORDS)] + [rng.choice(edges + _WORDS) for _ in range(rng.randint(0, 1))]
    return rng.choice(["", " ", "7", "2B"]).join([*pieces, rng.choice(["", "e", "42", "X"])])


def scores(rng: random.Random, marks: Marks) -> dict[str, int]:
    """Draw a small dictionary from names to numbers.

    Args:
        rng: Source of randomness.
        marks: Boundary values.

    Returns:
        The dictionary, sometimes empty.
    """
    return dict(zip(rng.sample(_NAMES, 6), numbers(rng, marks, 4), strict=False))


def list_source(rng: random.Random) -> Source:
    """A list of numbers.

    Args:
        rng: Source of randomness.

    Returns:
        The source.
    """
    name, x = rng.choice(
        [
            ("nums", "n"),
            ("numbers", "number"),
            ("values", "value"),
            ("scores", "score"),
            ("prices", "price"),
            ("items", "item"),
        ]
    )
    one, many = (x, name) if name in ("values", "scores", "prices") else ("number", "numbers")
    return Source(
        name="list",
        group="lists",
        params=(Param(name, f"List of {many}."),),
        heads=((x, name),),
        x=x,
        noun=one,
        nouns=many,
        place="in a list",
        pred=parts.number_pred,
        change=parts.number_change,
        inputs=lambda rng, marks: (numbers(rng, marks),),
    )


def words_source(rng: random.Random) -> Source:
    """A list of words.

    Args:
        rng: Source of randomness.

    Returns:
        The source.
    """
    name, x = rng.choice([("words", "word"), ("names", "name"), ("words", "w"), ("tags", "tag")])
    noun = "word" if x == "w" else x
    return Source(
        name="words",
        group="strings",
        params=(Param(name, f"List of {name}."),),
        heads=((x, name),),
        x=x,
        noun=noun,
        nouns=name,
        place="in a list",
        pred=parts.word_pred,
        change=parts.word_change,
        inputs=lambda rng, marks: (words(rng, marks),),
        kind="word",
    )


def sentence_source(rng: random.Random) -> Source:
    """The words of a text.

    Args:
        rng: Source of randomness.

    Returns:
        The source.
    """
    name = rng.choice(["text", "sentence", "line"])
    return Source(
        name="sentence",
        group="strings",
        params=(Param(name, "Words separated by spaces."),),
        heads=(("word", f"{name}.split()"),),
        x="word",
        noun="word",
        nouns="words",
        place=f"in a {name}",
        pred=parts.word_pred,
        change=parts.word_change,
        inputs=lambda rng, marks: (" ".join(words(rng, marks)),),
        kind="word",
    )


def chars_source(rng: random.Random) -> Source:
    """The characters of a text.

    Args:
        rng: Source of randomness.

    Returns:
        The source.
    """
    name = rng.choice(["text", "word", "s"])
    x = rng.choice(["c", "ch", "char"])
    return Source(
        name="chars",
        group="strings",
        params=(Param(name, "Text to go through."),),
        heads=((x, name),),
        x=x,
        noun="character",
        nouns="characters",
        place="in a text",
        pred=parts.char_pred,
        change=parts.char_change,
        inputs=lambda rng, marks: (text(rng, marks),),
        kind="char",
    )


def range_source(rng: random.Random) -> Source:
    """The whole numbers of a range.

    Args:
        rng: Source of randomness.

    Returns:
        The source.
    """
    pick = rng.randrange(3)
    if pick == 2:
        start, stop = rng.choice([("start", "end"), ("low", "high"), ("a", "b")])
        params = (Param(start, "First number."), Param(stop, "Last number."))
        head, place = f"range({start}, {stop} + 1)", f"from {start} to {stop}"
    else:
        params = (Param("n", "Last number." if pick else "Number to stop before."),)
        head, place = [("range(n)", "from 0 to n - 1"), ("range(1, n + 1)", "from 1 to n")][pick]

    def inputs(rng: random.Random, marks: Marks) -> tuple[Any, ...]:
        top = rng.choice([5, 6, 8, 10, 12, *[m for m in marks if isinstance(m, int) and 0 < m < 30]])
        return (top,) if pick < 2 else (rng.randint(0, 5), top)

    return Source(
        name="range",
        group="numbers",
        params=params,
        heads=(("i", head),),
        x="i",
        noun="number",
        nouns="numbers",
        place=place,
        pred=parts.number_pred,
        change=parts.number_change,
        inputs=inputs,
    )


def digits_source(rng: random.Random) -> Source:
    """The digits of a number.

    Args:
        rng: Source of randomness.

    Returns:
        The source.
    """
    return Source(
        name="digits",
        group="numbers",
        params=(Param("n", "Whole number, not negative."),),
        heads=(("d", "map(int, str(n))"),),
        x="d",
        noun="digit",
        nouns="digits",
        place="of a number",
        pred=parts.digit_pred,
        change=parts.number_change,
        inputs=lambda rng, marks: (int("".join(rng.choices("0123456789", k=rng.randint(1, 6)))),),
        words=(("digit",),),
    )


def values_source(rng: random.Random) -> Source:
    """The values of a dictionary.

    Args:
        rng: Source of randomness.

    Returns:
        The source.
    """
    name, x = rng.choice([("scores", "score"), ("prices", "price"), ("ages", "age"), ("d", "v")])
    return Source(
        name="values",
        group="dicts",
        params=(Param(name, "Dictionary with numbers as values."),),
        heads=((x, f"{name}.values()"),),
        x=x,
        noun="value",
        nouns="values",
        place="of a dictionary",
        pred=parts.number_pred,
        change=parts.number_change,
        inputs=lambda rng, marks: (scores(rng, marks),),
    )


def keys_source(rng: random.Random) -> Source:
    """The keys of a dictionary, chosen by their values.

    Args:
        rng: Source of randomness.

    Returns:
        The source.
    """
    name, key, x = rng.choice(
        [("scores", "name", "score"), ("prices", "item", "price"), ("d", "k", "v")]
    )
    return Source(
        name="keys",
        group="dicts",
        params=(Param(name, "Dictionary with numbers as values."),),
        heads=((f"{key}, {x}", f"{name}.items()"),),
        x=x,
        noun="key",
        nouns="keys",
        place="of a dictionary",
        pred=parts.number_pred,
        change=None,
        inputs=lambda rng, marks: (scores(rng, marks),),
        kind="key",
        out=key,
        field="value",
        words=(("key", "name", "item"),),
    )


def records_source(rng: random.Random) -> Source:
    """Dictionaries in a list, chosen by a field.

    Args:
        rng: Source of randomness.

    Returns:
        The source.
    """
    name, x, out, field = rng.choice(
        [
            ("users", "user", "name", "age"),
            ("products", "product", "name", "price"),
            ("books", "book", "title", "pages"),
            ("orders", "order", "id", "total"),
        ]
    )

    def inputs(rng: random.Random, marks: Marks) -> tuple[Any, ...]:
        labels = rng.sample(_NAMES, 6) if out != "id" else list(range(1, 7))
        pairs = zip(labels, numbers(rng, marks, 3), strict=False)
        return ([{out: label, field: number} for label, number in pairs],)

    return Source(
        name="records",
        group="nested",
        params=(Param(name, f"List of dictionaries with {out} and {field}."),),
        heads=((x, name),),
        x=f'{x}["{field}"]',
        noun=x,
        nouns=name,
        place="in a list",
        pred=parts.number_pred,
        change=None,
        inputs=inputs,
        kind="key",
        out=f'{x}["{out}"]',
        outs={"id": "ids"}.get(out, f"{out}s"),
        field=field if field != "pages" else "number of pages",
        words=((out,),),
        cost=1,
    )


def grid_source(rng: random.Random) -> Source:
    """The numbers of a list of lists.

    Args:
        rng: Source of randomness.

    Returns:
        The source.
    """
    name, row, x = rng.choice([("rows", "row", "n"), ("grid", "row", "cell"), ("lists", "part", "x")])
    return Source(
        name="grid",
        group="nested",
        params=(Param(name, "List of lists of numbers."),),
        heads=((row, name), (x, row)),
        x=x,
        noun="number",
        nouns="numbers",
        place="in a list of lists",
        pred=parts.number_pred,
        change=parts.number_change,
        inputs=lambda rng, marks: ([numbers(rng, marks, 3) for _ in range(rng.randint(1, 3))],),
        cost=1,
    )
