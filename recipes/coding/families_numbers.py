"""Arithmetic on one number or two, and labels by thresholds."""

import random

from coding.draws import MANY
from coding.plain import NUMBER_NAMES, drawn, made, one_number
from coding.program import Family, Param, Program, Tier, Words, constant, literal, numeral


def _steps(rng: random.Random, tier: Tier) -> Program | None:
    """A number through one, two or three operations."""
    count = {"simple": 1, "moderate": 2, "complex": 3}[tier]
    x = rng.choice(NUMBER_NAMES)
    code, phrases, lines = x, [], []
    words: list[tuple[str, ...]] = []
    shorts = []
    for i in range(count):
        k = constant(rng)
        symbol, phrase, group, short = rng.choice(
            [
                ("+", "plus", ("plus", "add", "increas", "more", "+"), "plus"),
                ("-", "minus", ("minus", "subtract", "decreas", "less", "-"), "minus"),
                ("*", "times", ("times", "multipl", "product"), "times"),
                ("//", "divided without remainder by", ("divi", "quotient"), "over"),
                ("%", "modulo", ("modulo", "remainder", "mod", "rest"), "mod"),
            ]
        )
        phrases.append(f"{phrase} {k}")
        words += [group, numeral(k)]
        lines.append(f"result = {x} {symbol} {k}" if i == 0 else f"result = result {symbol} {k}")
        loose = i > 0 and symbol in ("*", "//", "%")
        code = f"({code}) {symbol} {k}" if loose else f"{code} {symbol} {k}"
        shorts.append(f"{short}_{k}")
    return made(
        "_".join(shorts[:2]),
        [Param(x, "Whole number.")],
        [*lines, "return result"],
        what=f"{x} {', then '.join(phrases)}",
        returns="The resulting number.",
        words=tuple(words),
        tags=("numbers", "arithmetic"),
        tier=tier,
        inputs=drawn(rng, [], [], one_number),
        compact=code,
    )


def _two(rng: random.Random, tier: Tier) -> Program | None:
    """Two numbers combined, then scaled or shifted."""
    a, b = rng.choice([("a", "b"), ("x", "y"), ("price", "count"), ("width", "height")])
    k, c = constant(rng), constant(rng)
    add, times = ("plus", "add", "sum", "total"), ("times", "multipl", "product")
    minus = ("minus", "subtract", "differ", "less")
    words: Words
    first, phrase, words, short = rng.choice(
        [
            (f"{a} + {b}", f"the sum of {a} and {b}", (add,), "sum"),
            (f"{a} - {b}", f"the difference of {a} and {b}", (minus,), "difference"),
            (f"{a} * {b}", f"the product of {a} and {b}", (times,), "product"),
            (f"max({a}, {b})", f"the larger of {a} and {b}", (("larg", "max", "great"),), "larger"),
            (f"min({a}, {b})", f"the smaller of {a} and {b}", (("small", "min"),), "smaller"),
        ]
    )
    lines, code = [f"result = {first}"], first
    scaled = tier == "complex" or rng.random() < 0.5
    if scaled:
        code = f"{first} * {k}" if "(" in first or "*" in first else f"({first}) * {k}"
        lines.append(f"result = result * {k}")
        phrase, words = f"{phrase}, times {k}", (*words, times, numeral(k))
    if tier == "complex" or not scaled:
        sign, said, group = rng.choice([("+", "plus", add), ("-", "minus", minus)])
        code = f"{code} {sign} {c}"
        lines.append(f"result = result {sign} {c}")
        phrase, words = f"{phrase}, {said} {c}", (*words, group, numeral(c))
    return made(
        f"{short}_{a}_{b}",
        [Param(a, "A number."), Param(b, "Another number.")],
        [*lines, "return result"],
        what=phrase,
        returns="The resulting number.",
        words=words,
        tags=("numbers", "arithmetic"),
        tier=tier,
        inputs=[(rng.randint(0, 20), rng.randint(0, 20)) for _ in range(MANY)],
        compact=code,
    )


def _graded(rng: random.Random, tier: Tier) -> Program | None:
    """A label by thresholds."""
    x = rng.choice(["score", "points", "n", "age", "size"])
    labels = rng.choice(
        [("high", "medium", "low"), ("large", "medium", "small"), ("gold", "silver", "bronze"),
         ("hot", "warm", "cold"), ("pass", "retry", "fail"), ("old", "adult", "young")]
    )  # fmt: skip
    low = rng.randint(2, 40)
    high = low + rng.randint(5, 50)
    top, middle, rest = map(literal, labels)
    return made(
        rng.choice(["grade", "label", "level", "rate"]),
        [Param(x, "Number to judge.")],
        [f"if {x} >= {high}:", f"    return {top}", f"if {x} >= {low}:", f"    return {middle}",
         f"return {rest}"],
        what=f"{top} if {x} is at least {high}, {middle} if it is at least {low}, else {rest}",
        returns="The label.",
        words=((labels[0],), (labels[1],), (labels[2],), numeral(high), numeral(low)),
        tags=("numbers", "conditions"),
        tier=tier,
        inputs=drawn(rng, [low - 1, low, high - 1, high, high + 1], [], one_number),
    )  # fmt: skip


def _clamped(rng: random.Random, tier: Tier) -> Program | None:
    """A number kept within bounds."""
    x, low = rng.choice(NUMBER_NAMES), rng.randint(-5, 20)
    high = low + rng.randint(3, 30)
    return made(
        rng.choice(["clamp", "limit", "bounded"]),
        [Param(x, "Number to limit.")],
        [f"if {x} < {low}:", f"    return {low}", f"if {x} > {high}:", f"    return {high}",
         f"return {x}"],
        what=f"{x}, but at least {low} and at most {high}",
        returns="The limited number.",
        words=(numeral(low), numeral(high)),
        tags=("numbers", "conditions"),
        tier=tier,
        inputs=drawn(rng, [low - 2, low, low + 1, high, high + 2], [], one_number),
        compact=f"max({low}, min({high}, {x}))",
    )  # fmt: skip


FAMILIES: tuple[Family, ...] = (
    Family("number_steps", "numbers", ("simple", "moderate", "complex"), _steps),
    Family("two_numbers", "numbers", ("moderate", "complex"), _two),
    Family("number_label", "numbers", ("complex",), _graded),
    Family("number_clamp", "numbers", ("moderate",), _clamped, unseen=True),
)
