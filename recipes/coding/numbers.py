"""Conditions on numbers, and changes of numbers, drawn at random."""

import random

from coding.parts import AT_LEAST, AT_MOST, GREATER, LESS, MULTIPLE, NOT, Change, Pred
from coding.program import Param, constant, numeral


def _compare(rng: random.Random, short: str, k: int | None = None) -> Pred:
    symbol, opposite, phrase, words = {
        "above": (">", "<=", "greater than", GREATER),
        "below": ("<", ">=", "less than", LESS),
        "from": (">=", "<", "at least", AT_LEAST),
        "upto": ("<=", ">", "at most", AT_MOST),
    }[short]
    if k is None and rng.random() < 0.3:
        limit = rng.choice(["limit", "bound", "threshold", "k"])
        return Pred(
            code=f"{{x}} {symbol} {limit}",
            negated=f"{{x}} {opposite} {limit}",
            plural=f"that are {phrase} {limit}",
            singular=f"is {phrase} {limit}",
            words=(words,),
            short=short,
            params=(Param(limit, "Number to compare with."),),
        )
    k = constant(rng, 1, 20) if k is None else k
    return Pred(
        code=f"{{x}} {symbol} {k}",
        negated=f"{{x}} {opposite} {k}",
        plural=f"that are {phrase} {k}",
        singular=f"is {phrase} {k}",
        words=(words, numeral(k)),
        short=f"{short}_{k}" if rng.random() < 0.5 else short,
        marks=(k - 1, k, k + 1),
    )


def _adjective(word: str, code: str, negated: str, words: tuple[str, ...]) -> Pred:
    return Pred(code, negated, "", f"is {word}", (words,), word, adjective=word)


def number_pred(rng: random.Random) -> Pred:
    """Draw a condition on a number.

    Args:
        rng: Source of randomness.

    Returns:
        The condition.
    """
    pick = rng.randrange(16)
    if pick < 4:
        zero = ("zero", "0")
        return [
            _adjective("even", "{x} % 2 == 0", "{x} % 2 != 0", ("even", "divisible by 2")),
            _adjective("odd", "{x} % 2 != 0", "{x} % 2 == 0", ("odd", "not even")),
            _adjective("positive", "{x} > 0", "{x} <= 0", ("positive", *GREATER)),
            _adjective("negative", "{x} < 0", "{x} >= 0", ("negative", *LESS, *zero)),
        ][pick]
    if pick < 9:
        return _compare(rng, rng.choice(["above", "below", "from", "upto"]))
    if pick == 9:
        low = rng.randint(0, 20)
        high = low + rng.randint(2, 20)
        return Pred(
            code=f"{low} <= {{x}} <= {high}",
            negated=f"not {low} <= {{x}} <= {high}",
            plural=f"that are between {low} and {high}",
            singular=f"is between {low} and {high}",
            words=(numeral(low), numeral(high)),
            short="between",
            marks=(low - 1, low, high, high + 1),
        )
    if pick == 10:
        k = rng.randint(0, 30)
        return Pred(
            code=f"{{x}} != {k}",
            negated=f"{{x}} == {k}",
            plural=f"that are not {k}",
            singular=f"is not {k}",
            words=(NOT, numeral(k)),
            short=f"not_{k}",
            marks=(k, k + 1),
        )
    if pick == 11:
        k, rest = rng.randint(3, 15), rng.randint(1, 2)
        return Pred(
            code=f"{{x}} % {k} == {rest}",
            negated=f"{{x}} % {k} != {rest}",
            plural=f"that leave remainder {rest} when divided by {k}",
            singular=f"leaves remainder {rest} when divided by {k}",
            words=(("remainder", "modulo", "mod", "rest"), numeral(k), numeral(rest)),
            short=f"mod_{k}",
            marks=(k, k + rest, 2 * k + rest),
        )
    if pick == 12:
        k = rng.randint(3, 25)
        return Pred(
            code=f"{{x}} % {k} != 0",
            negated=f"{{x}} % {k} == 0",
            plural=f"that are not multiples of {k}",
            singular=f"is not a multiple of {k}",
            words=(NOT, MULTIPLE, numeral(k)),
            short=f"not_by_{k}",
            marks=(k, 2 * k, k + 1),
        )
    k = rng.randint(3, 25)
    return Pred(
        code=f"{{x}} % {k} == 0",
        negated=f"{{x}} % {k} != 0",
        plural=f"that are multiples of {k}",
        singular=f"is a multiple of {k}",
        words=(MULTIPLE, numeral(k)),
        short=f"by_{k}",
        marks=(k, 2 * k, k + 1),
    )


def number_change(rng: random.Random) -> Change:
    """Draw a change of a number.

    Args:
        rng: Source of randomness.

    Returns:
        The change.
    """
    k = constant(rng)
    plus = ("plus", "add", "increas", "more", "rais", "greater", "+")
    minus = ("minus", "subtract", "decreas", "less", "reduc", "lower", "-")
    times = ("times", "multipl", "product", "scale")
    return rng.choice(
        [
            Change("{x} ** 2", "the squares of {np}", (("square",),), "squares"),
            Change("{x} ** 3", "the cubes of {np}", (("cube",),), "cubes"),
            Change("{x} * 2", "the doubles of {np}", (("doubl", "twice", *times),), "doubles"),
            Change("abs({x})", "the absolute values of {np}", (("absolute",),), "abs"),
            Change("-{x}", "the negatives of {np}", (("negat", "opposite", "sign"),), "negated"),
            Change(f"{{x}} * {k}", f"{{np}}, each times {k}", (times, numeral(k)), "scaled"),
            Change(f"{{x}} * {k}", f"{{np}}, each times {k}", (times, numeral(k)), f"times_{k}"),
            Change(f"{{x}} + {k}", f"{{np}}, each plus {k}", (plus, numeral(k)), "raised"),
            Change(f"{{x}} - {k}", f"{{np}}, each minus {k}", (minus, numeral(k)), "lowered"),
            Change(
                f"{{x}} // {k}",
                f"{{np}}, each divided by {k} without remainder",
                (("divi", "quotient"), numeral(k)),
                "divided",
            ),
            Change(
                f"{{x}} % {k}",
                f"the remainders of {{np}} divided by {k}",
                (("remainder", "modulo", "mod", "rest"), numeral(k)),
                "remainders",
            ),
            Change(
                "{x} * factor",
                "{np}, each times factor",
                (times,),
                "scaled",
                params=(Param("factor", "Number to multiply by."),),
            ),
            Change(
                "{x} + step",
                "{np}, each plus step",
                (plus,),
                "shifted",
                params=(Param("step", "Number to add."),),
            ),
        ]
    )


def digit_pred(rng: random.Random) -> Pred:
    """Draw a condition on a digit: one that some digits meet and some do not.

    Args:
        rng: Source of randomness.

    Returns:
        The condition.
    """
    while True:
        pred = number_pred(rng)
        if pred.short not in ("positive", "negative", "between") and all(m < 9 for m in pred.marks):
            return pred
