"""What a loop runs over: the loop's head, the words for its elements, and example arguments."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from coding.draws import Marks, numbers, text, words
from coding.numbers import digit_pred, number_change, number_pred
from coding.parts import Change, Pred
from coding.program import Param, Words
from coding.texts import char_change, char_pred, word_change, word_pred

"""Candidate inputs per program."""


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
        pred=number_pred,
        change=number_change,
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
        pred=word_pred,
        change=word_change,
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
        pred=word_pred,
        change=word_change,
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
        pred=char_pred,
        change=char_change,
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
        params: tuple[Param, ...] = (Param(start, "First number."), Param(stop, "Last number."))
        head, place = f"range({start}, {stop} + 1)", f"from {start} to {stop}"
    else:
        params = (Param("n", "Last number." if pick else "Number to stop before."),)
        head, place = [("range(n)", "from 0 to n - 1"), ("range(1, n + 1)", "from 1 to n")][pick]

    def inputs(rng: random.Random, marks: Marks) -> tuple[Any, ...]:
        top = rng.choice(
            [5, 6, 8, 10, 12, *[m for m in marks if isinstance(m, int) and 0 < m < 30]]
        )
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
        pred=number_pred,
        change=number_change,
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
        pred=digit_pred,
        change=number_change,
        inputs=lambda rng, marks: (int("".join(rng.choices("0123456789", k=rng.randint(1, 6)))),),
        words=(("digit",),),
    )
