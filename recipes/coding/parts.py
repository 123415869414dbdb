"""The parts that programs are composed of: conditions and changes of one element, with words."""

import random
from dataclasses import dataclass
from typing import Any

from coding.program import Param, Words, constant, literal, numeral

GREATER = ("greater", "above", "over", "more", "exceed", "larger", "bigger", "higher", ">")
LESS = ("less", "below", "under", "smaller", "fewer", "lower", "<")
AT_LEAST = ("at least", "or more", "or greater", "or equal", "minimum", "no less", "not less", ">=")
AT_MOST = ("at most", "or less", "or equal", "up to", "maximum", "no more", "not more", "<=")
NOT = ("not", "don't", "doesn't", "isn't", "aren't", "except", "without", "exclud", "skip", "other than",
       "differ", "non-", "no ", "lack")  # fmt: skip
MULTIPLE = ("multipl", "divisib", "divid", "evenly")


@dataclass(frozen=True)
class Pred:
    """A condition on an element. `{x}` in the code stands for it, `{y}` for its partner."""

    code: str
    negated: str
    plural: str
    """Behind a plural noun: `that are greater than 5`; empty for an adjective."""
    singular: str
    """Behind a singular noun: `is greater than 5`."""
    words: Words
    short: str
    """For a function's name."""
    adjective: str = ""
    params: tuple[Param, ...] = ()
    marks: tuple[Any, ...] = ()
    """Values at the boundary, for inputs."""


@dataclass(frozen=True)
class Change:
    """What an element is turned into."""

    code: str
    over: str
    """Description, with `{np}` for the elements."""
    words: Words
    short: str
    kind: str = "number"
    params: tuple[Param, ...] = ()
    marks: tuple[Any, ...] = ()


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


def word_pred(rng: random.Random) -> Pred:
    """Draw a condition on a word.

    Args:
        rng: Source of randomness.

    Returns:
        The condition.
    """
    letter = rng.choice("abcdeghiklmnoprstu")
    k = rng.randint(2, 8)
    quoted = literal(letter)
    pick = rng.randrange(9)
    if pick < 3:
        method, verb, words = [
            ("startswith", "start", ("start", "begin", "first")),
            ("endswith", "end", ("end", "last", "finish")),
        ][pick % 2]
        tail = f" with {quoted}"
        return Pred(
            f"{{x}}.{method}({quoted})",
            f"not {{x}}.{method}({quoted})",
            f"that {verb}{tail}",
            f"{verb}s{tail}",
            (words, (letter,)),
            f"{verb}_{letter}",
            marks=(letter + "xo", "to" + letter),
        )
    if pick == 3:
        return Pred(
            f"{quoted} in {{x}}",
            f"{quoted} not in {{x}}",
            f"that contain {quoted}",
            f"contains {quoted}",
            (("contain", "with", "includ", "hav", "has"), (letter,)),
            f"with_{letter}",
            marks=(f"x{letter}z",),
        )
    if pick == 4:
        return Pred(
            f"{quoted} not in {{x}}",
            f"{quoted} in {{x}}",
            f"that do not contain {quoted}",
            f"does not contain {quoted}",
            (NOT, (letter,)),
            f"without_{letter}",
            marks=(f"x{letter}z",),
        )
    symbol, opposite, phrase, group = [
        (">", "<=", "more than", ("long", *GREATER)),
        ("<", ">=", "fewer than", ("short", *LESS)),
        ("==", "!=", "exactly", ("exact", "length", "letter", "character", "with")),
        (">=", "<", "at least", AT_LEAST),
    ][pick - 5]
    return Pred(
        f"len({{x}}) {symbol} {k}",
        f"len({{x}}) {opposite} {k}",
        f"that have {phrase} {k} letters",
        f"has {phrase} {k} letters",
        (group, numeral(k)),
        {">": "long", "<": "short", "==": "exact", ">=": "long"}[symbol],
        marks=("abcdefghij"[: k - 1], "abcdefghij"[:k], "abcdefghij"[: k + 1]),
    )


def word_change(rng: random.Random) -> Change:
    """Draw a change of a word.

    Args:
        rng: Source of randomness.

    Returns:
        The change; its kind says whether it gives text or a number.
    """
    k = rng.randint(2, 5)
    mark = rng.choice(["!", "?", ".", "-", "_", "*", "s", "ed", "ing", "er"])
    upper, lower = ("upper", "capital"), ("lower",)
    first, last = ("first", "initial", "start", "begin"), ("last", "final", "end")
    text = "text"
    return rng.choice(
        [
            Change("len({x})", "the lengths of {np}", (("length", "number of", "long"),), "lengths"),
            Change("{x}.upper()", "{np} in upper case", (upper,), "upper", text),
            Change("{x}.lower()", "{np} in lower case", (lower,), "lower", text),
            Change("{x}.title()", "{np} in title case", (("title", "capital"),), "title", text),
            Change("{x}[::-1]", "{np}, each reversed", (("revers", "backward"),), "reversed", text),
            Change("{x}[0]", "the first letters of {np}", (first,), "initials", text),
            Change("{x}[-1]", "the last letters of {np}", (last,), "last_letters", text),
            Change(
                f"{{x}}[:{k}]",
                f"the first {k} letters of {{np}}",
                (first, numeral(k)),
                f"first_{k}",
                text,
            ),
            Change(
                f"{{x}}[-{k}:]",
                f"the last {k} letters of {{np}}",
                (last, numeral(k)),
                f"last_{k}",
                text,
            ),
            Change(
                f"{{x}} + {literal(mark)}",
                f"{{np}}, each followed by {literal(mark)}",
                (("follow", "append", "add", "suffix", "end"),),
                "marked",
                text,
            ),
            Change(
                f"{literal(mark)} + {{x}}",
                f"{{np}}, each preceded by {literal(mark)}",
                (("preced", "prefix", "before", "add", "prepend"),),
                "marked",
                text,
            ),
            Change(
                f"{{x}} * {k}",
                f"{{np}}, each repeated {k} times",
                (("repeat", "times"), numeral(k)),
                "repeated",
                text,
            ),
        ]
    )


def char_pred(rng: random.Random) -> Pred:
    """Draw a condition on one character.

    Args:
        rng: Source of randomness.

    Returns:
        The condition.
    """
    letter = rng.choice("abcdefghijklmnoprstuvwy")
    chosen = "".join(sorted(rng.sample("abcdeghiklmnoprstu", rng.randint(2, 4))))
    pick = rng.randrange(10)
    if pick < 3:
        method, nouns, noun, stems = [
            ("isdigit", "digits", "a digit", ("digit", "number", "numeric")),
            ("isupper", "upper-case letters", "an upper-case letter", ("upper", "capital")),
            ("islower", "lower-case letters", "a lower-case letter", ("lower",)),
        ][pick]
        return Pred(
            f"{{x}}.{method}()",
            f"not {{x}}.{method}()",
            f"that are {nouns}",
            f"is {noun}",
            (stems,),
            nouns.split("-")[0],
            marks=("A1b", "xY2"),
        )
    if pick == 3:
        return Pred(
            '{x} in "aeiou"',
            '{x} not in "aeiou"',
            "that are vowels",
            "is a vowel",
            (("vowel",),),
            "vowels",
        )
    if pick == 4:
        return Pred(
            '{x} not in "aeiou"',
            '{x} in "aeiou"',
            "that are not vowels",
            "is not a vowel",
            (NOT, ("vowel",)),
            "no_vowels",
        )
    quoted = literal(letter if pick < 8 else chosen)
    marks = (letter if pick < 8 else chosen, "x" + letter)
    if pick < 6:
        return Pred(
            f"{{x}} != {quoted}",
            f"{{x}} == {quoted}",
            f"that are not {quoted}",
            f"is not {quoted}",
            (NOT, (letter,)),
            f"no_{letter}",
            marks=marks,
        )
    if pick < 8:
        return Pred(
            f"{{x}} == {quoted}",
            f"{{x}} != {quoted}",
            f"that are {quoted}",
            f"is {quoted}",
            ((letter,),),
            f"only_{letter}",
            marks=marks,
        )
    if pick == 8:
        return Pred(
            f"{{x}} in {quoted}",
            f"{{x}} not in {quoted}",
            f"that occur in {quoted}",
            f"occurs in {quoted}",
            ((chosen, *chosen),),
            f"in_{chosen}",
            marks=marks,
        )
    return Pred(
        f"{{x}} not in {quoted}",
        f"{{x}} in {quoted}",
        f"that do not occur in {quoted}",
        f"does not occur in {quoted}",
        (NOT, (chosen, *chosen)),
        f"not_in_{chosen}",
        marks=marks,
    )


def char_change(rng: random.Random) -> Change:
    """Draw a change of one character.

    Args:
        rng: Source of randomness.

    Returns:
        The change, which gives text.
    """
    k = rng.randint(2, 6)
    mark = rng.choice(["-", ".", " ", "*", "_", "+", "/", "!"])
    after = (("follow", "append", "add", "after", "suffix"),)
    return rng.choice(
        [
            Change("{x}.upper()", "{np} in upper case", (("upper", "capital"),), "upper", "text"),
            Change("{x}.lower()", "{np} in lower case", (("lower",),), "lower", "text"),
            Change(
                f"{{x}} * {k}",
                f"{{np}}, each repeated {k} times",
                (("repeat", "times"), numeral(k)),
                "repeated",
                "text",
            ),
            Change(
                f"{{x}} + {literal(mark)}",
                f"{{np}}, each followed by {literal(mark)}",
                after,
                "spaced",
                "text",
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
