"""Loops over dictionaries, records and lists of lists."""

import random
from typing import Any

from coding.draws import NAMES, Marks, numbers, scores
from coding.numbers import number_change, number_pred
from coding.program import Param
from coding.sources import Source


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
        pred=number_pred,
        change=number_change,
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
        pred=number_pred,
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
        labels = rng.sample(NAMES, 6) if out != "id" else list(range(1, 7))
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
        place="in a list of dictionaries",
        pred=number_pred,
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
    name, row, x = rng.choice(
        [("rows", "row", "n"), ("grid", "row", "cell"), ("lists", "part", "x")]
    )
    return Source(
        name="grid",
        group="nested",
        params=(Param(name, "List of lists of numbers."),),
        heads=((row, name), (x, row)),
        x=x,
        noun="number",
        nouns="numbers",
        place="in a list of lists",
        pred=number_pred,
        change=number_change,
        inputs=lambda rng, marks: ([numbers(rng, marks, 3) for _ in range(rng.randint(1, 3))],),
        cost=1,
    )
