"""Loops over two things at once: rows, pairs, neighbours, positions, two lists."""

import random
from typing import Any

from coding.draws import Marks, numbers
from coding.numbers import number_pred
from coding.parts import GREATER, LESS, Change, Pred
from coding.program import Param, constant, numeral
from coding.sources import Source


def _pair_pred(rng: random.Random, x: str, y: str) -> Pred:
    pick = rng.randrange(6)
    k = constant(rng, 1, 20)
    if pick < 3:
        symbol, opposite, words = [
            ("<", ">=", LESS),
            (">", "<=", GREATER),
            ("==", "!=", ("equal", "same")),
        ][pick]
        phrase = {"<": "less than", ">": "greater than", "==": "equal to"}[symbol]
        short = {"<": "rising", ">": "falling", "==": "equal"}[symbol]
        tail = f"{x} is {phrase} {y}"
        return Pred(
            f"{{x}} {symbol} {{y}}",
            f"{{x}} {opposite} {{y}}",
            f"where {tail}",
            f"has {tail.replace(' is ', ' ')}",
            ((*words, "ascend" if pick == 0 else "descend"),),
            short,
            marks=(3, 4, 5),
        )
    if pick == 3:
        return Pred(
            f"{{x}} + {{y}} > {k}",
            f"{{x}} + {{y}} <= {k}",
            f"where {x} plus {y} is greater than {k}",
            f"has {x} plus {y} greater than {k}",
            (GREATER, numeral(k), ("plus", "sum", "total", "add", "together", "+")),
            "sum_above",
            marks=(k // 2, k - k // 2, k - k // 2 + 1),
        )
    base = number_pred(rng)
    place, name = rng.choice([("{x}", x), ("{y}", y)])
    return Pred(
        base.code.replace("{x}", place),
        base.negated.replace("{x}", place),
        f"where {name} {base.singular}",
        f"has {name} that {base.singular}",
        base.words,
        base.short,
        params=base.params,
        marks=base.marks,
    )


def _pair_change(rng: random.Random, x: str, y: str) -> Change:
    k = rng.randint(2, 9)
    add = ("sum", "plus", "add", "total")
    minus = ("differ", "minus", "subtract", "less")
    times = ("product", "times", "multipl")
    options = [
        ("{x} + {y}", f"{x} plus {y}", (add,), "sums"),
        ("{y} - {x}", f"{y} minus {x}", (minus,), "gaps"),
        ("{x} - {y}", f"{x} minus {y}", (minus,), "differences"),
        ("abs({x} - {y})", f"the absolute difference of {x} and {y}", (minus,), "distances"),
        ("{x} * {y}", f"{x} times {y}", (times,), "products"),
        (
            "max({x}, {y})",
            f"the larger of {x} and {y}",
            (("larg", "great", "max", "big"),),
            "maxima",
        ),
        ("min({x}, {y})", f"the smaller of {x} and {y}", (("small", "less", "min"),), "minima"),
        (f"{{x}} * {k} + {{y}}", f"{x} times {k} plus {y}", (times, add, numeral(k)), "mixed"),
    ]
    code, phrase, words, short = rng.choice(options)
    return Change(code, f"{phrase} for {{np}}", words, short)


def _paired(
    rng: random.Random,
    *,
    name: str,
    group: str,
    params: tuple[Param, ...],
    iterable: str,
    place: str,
    names: tuple[str, str],
    cost: int,
) -> Source:
    x, y = names

    def inputs(rng: random.Random, marks: Marks) -> tuple[Any, ...]:
        first, second = numbers(rng, marks, 4), numbers(rng, marks, 4)
        if name == "pairs":
            return ([list(pair) for pair in zip(first, second, strict=False)],)
        return (first, second) if len(params) == 2 else (first,)

    return Source(
        name=name,
        group=group,
        params=params,
        heads=((f"{x}, {y}", iterable),),
        x=x,
        y=y,
        noun=f"pair ({x}, {y})",
        nouns=f"pairs ({x}, {y})",
        place=place,
        pred=lambda rng: _pair_pred(rng, x, y),
        change=lambda rng: _pair_change(rng, x, y),
        inputs=inputs,
        kind="pair",
        out=f"[{x}, {y}]",
        cost=cost,
    )


def pairs_source(rng: random.Random) -> Source:
    """Pairs in a list.

    Args:
        rng: Source of randomness.

    Returns:
        The source.
    """
    name = rng.choice(["pairs", "points"])
    names = ("x", "y") if name == "points" else rng.choice([("a", "b"), ("left", "right")])
    return _paired(
        rng,
        name="pairs",
        group="nested",
        params=(Param(name, "List of pairs of numbers."),),
        iterable=name,
        place="in a list",
        names=names,
        cost=0,
    )


def neighbours_source(rng: random.Random) -> Source:
    """Each number of a list with the next one.

    Args:
        rng: Source of randomness.

    Returns:
        The source.
    """
    name = rng.choice(["nums", "values", "items"])
    return _paired(
        rng,
        name="neighbours",
        group="lists",
        params=(Param(name, "List of numbers."),),
        iterable=f"zip({name}, {name}[1:])",
        place="of neighbours in a list",
        names=rng.choice([("a", "b"), ("left", "right"), ("prev", "cur")]),
        cost=1,
    )


def zipped_source(rng: random.Random) -> Source:
    """Two lists side by side.

    Args:
        rng: Source of randomness.

    Returns:
        The source.
    """
    one, two = rng.choice([("xs", "ys"), ("first", "second")])
    return _paired(
        rng,
        name="zipped",
        group="lists",
        params=(Param(one, "First list of numbers."), Param(two, "Second list of numbers.")),
        iterable=f"zip({one}, {two})",
        place="of two lists",
        names=rng.choice([("x", "y"), ("a", "b")]),
        cost=0,
    )


def positions_source(rng: random.Random) -> Source:
    """Positions of the numbers of a list.

    Args:
        rng: Source of randomness.

    Returns:
        The source.
    """
    name, x = rng.choice([("nums", "n"), ("values", "value"), ("items", "item")])
    return Source(
        name="positions",
        group="lists",
        params=(Param(name, "List of numbers."),),
        heads=((f"i, {x}", f"enumerate({name})"),),
        x=x,
        noun="number",
        nouns="numbers",
        place="in a list",
        pred=number_pred,
        change=None,
        inputs=lambda rng, marks: (numbers(rng, marks),),
        kind="key",
        out="i",
        outs="positions",
        words=(("position", "index", "indic"),),
    )


def _row_pred(rng: random.Random) -> Pred:
    k = rng.randint(1, 5)
    total = constant(rng, 2, 20)
    greater, less = GREATER, LESS
    code, opposite, phrase, words, short, marks = rng.choice(
        [
            (f"sum({{x}}) > {total}", f"sum({{x}}) <= {total}", f"a sum greater than {total}",
             (("sum", "total", "add"), greater, numeral(total)), "heavy", (total, total + 1)),
            (f"sum({{x}}) < {total}", f"sum({{x}}) >= {total}", f"a sum less than {total}",
             (("sum", "total", "add"), less, numeral(total)), "light", (total, total - 1)),
            (f"len({{x}}) > {k}", f"len({{x}}) <= {k}", f"more than {k} numbers",
             ((*greater, "long"), numeral(k)), "long", (1, 2)),
            (f"len({{x}}) == {k}", f"len({{x}}) != {k}", f"exactly {k} numbers",
             (("exact", "length", "with", "hav", "has"), numeral(k)), "exact", (1, 2)),
            (f"{total} in {{x}}", f"{total} not in {{x}}", f"the number {total} in them",
             (("contain", "with", "includ", "hav", "in them"), numeral(total)), "with", (total,)),
        ]
    )  # fmt: skip
    return Pred(code, opposite, f"that have {phrase}", f"has {phrase}", words, short, marks=marks)


def _row_change(rng: random.Random) -> Change:
    k = rng.randint(1, 3)
    first, last = ("first", "initial", "begin"), ("last", "final", "end")
    options: list[Change] = [
        Change("sum({x})", "the sums of {np}", (("sum", "total", "add"),), "sums"),
        Change("len({x})", "the lengths of {np}", (("length", "number of", "size"),), "lengths"),
        Change(f"sum({{x}}) * {k + 1}", f"the sums of {{np}}, each times {k + 1}",
               (("sum", "total", "add"), numeral(k + 1)), "sums"),
        Change(f"{{x}}[:{k}]", f"the first {k} numbers of {{np}}", (first, numeral(k)), "heads",
               "list"),
        Change(f"{{x}}[-{k}:]", f"the last {k} numbers of {{np}}", (last, numeral(k)), "tails",
               "list"),
        Change("{x}[::-1]", "{np}, each reversed", (("revers", "backward"),), "reversed", "list"),
        Change("sorted({x})", "{np}, each sorted", (("sort", "order"),), "sorted", "list"),
    ]  # fmt: skip
    return rng.choice(options)


def rows_source(rng: random.Random) -> Source:
    """Whole rows of a list of lists.

    Args:
        rng: Source of randomness.

    Returns:
        The source.
    """
    name, row = rng.choice([("rows", "row"), ("lists", "part"), ("groups", "group")])
    return Source(
        name="rows",
        group="nested",
        params=(Param(name, "List of lists of numbers."),),
        heads=((row, name),),
        x=row,
        noun="list",
        nouns="lists",
        place="in a list of lists",
        pred=_row_pred,
        change=_row_change,
        inputs=lambda rng, marks: ([numbers(rng, marks, 4) for _ in range(rng.randint(1, 3))],),
        kind="row",
    )
