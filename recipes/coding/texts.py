"""Conditions on words and characters, and changes of them, drawn at random."""

import random

from coding.parts import AT_LEAST, GREATER, LESS, NOT, Change, Pred
from coding.program import literal, numeral


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
            Change(
                "len({x})", "the lengths of {np}", (("length", "number of", "long"),), "lengths"
            ),
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
