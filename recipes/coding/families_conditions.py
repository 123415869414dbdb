"""Programs that test a number or a text, or choose between two results."""

import random
from collections.abc import Callable, Sequence
from typing import Any

from coding.numbers import number_change, number_pred
from coding.parts import Change, Pred
from coding.plain import NUMBER_NAMES, TEXT_NAMES, drawn, made, one_number, one_word
from coding.program import Family, Param, Program, Tier
from coding.texts import word_change, word_pred


def _apart(first: Pred, second: Pred) -> bool:
    return first.short.split("_")[0] != second.short.split("_")[0] and not (
        first.params and second.params and first.params[0].name == second.params[0].name
    )


def _test_of(
    group: str,
    names: Sequence[str],
    pred: Callable[[random.Random], Pred],
    draw: Callable[..., Any],
    about: str,
) -> Callable[[random.Random, Tier], Program | None]:
    def build(rng: random.Random, tier: Tier) -> Program | None:
        x, first = rng.choice(names), pred(rng)
        code, said, preds = first.code.format(x=x), first.singular, [first]
        if tier != "simple":
            second = pred(rng)
            if not _apart(first, second):
                return None
            word = rng.choice(["and", "or"])
            code = f"{code} {word} {second.code.format(x=x)}"
            said, preds = f"{said} {word} {second.singular}", [first, second]
        extra = [param for part in preds for param in part.params]
        marks = [mark for part in preds for mark in part.marks]
        return made(
            "_".join(["is", *(part.short for part in preds)]),
            [Param(x, about), *extra],
            [f"if {code}:", "    return True", "return False"],
            what=f"True if {x} {said}, else False",
            returns="True or False.",
            words=tuple(words for part in preds for words in part.words),
            tags=(group, "conditions"),
            tier=tier,
            inputs=drawn(rng, marks, extra, draw),
            compact=code,
        )

    return build


def _branch_of(
    group: str,
    names: Sequence[str],
    pred: Callable[[random.Random], Pred],
    change: Callable[[random.Random], Change],
    draw: Callable[..., Any],
    about: str,
) -> Callable[[random.Random, Tier], Program | None]:
    def said(part: Change, x: str) -> str:
        over = part.over.format(np=x).replace(", each", "")
        for many, one in [("squares", "square"), ("cubes", "cube"), ("doubles", "double"),
                          ("values", "value"), ("negatives", "negative"), ("lengths", "length"),
                          ("remainders", "remainder")]:  # fmt: skip
            over = over.replace(f"{many} of", f"{one} of")
        return over

    def build(rng: random.Random, tier: Tier) -> Program | None:
        x, test = rng.choice(names), pred(rng)
        yes, no = change(rng), change(rng)
        if yes.params or no.params or yes.code == no.code or yes.kind != no.kind:
            return None
        kept = tier == "moderate"
        if kept and yes.kind == "number" and group == "strings":
            return None
        condition, then = test.code.format(x=x), yes.code.format(x=x)
        other = x if kept else no.code.format(x=x)
        words: list[tuple[str, ...]] = [*test.words, *yes.words, *(() if kept else no.words)]
        return made(
            f"{yes.short}_if_{test.short}",
            [Param(x, about), *test.params],
            [f"if {condition}:", f"    return {then}", f"return {other}"],
            what=f"{said(yes, x)} if {x} {test.singular}, else {x if kept else said(no, x)}",
            returns="The result.",
            words=tuple(words),
            tags=(group, "conditions"),
            tier=tier,
            inputs=drawn(rng, list(test.marks), test.params, draw),
            compact=f"{then} if {condition} else {other}",
        )

    return build


_NUMBER = ("numbers", NUMBER_NAMES, number_pred)
_TEXT = ("strings", TEXT_NAMES, word_pred)
_LATE: tuple[Tier, ...] = ("moderate", "complex")

FAMILIES: tuple[Family, ...] = (
    Family(
        "number_test",
        "numbers",
        ("simple", "moderate"),
        _test_of(*_NUMBER, one_number, "Number to test."),
    ),
    Family(
        "number_branch",
        "numbers",
        _LATE,
        _branch_of(*_NUMBER, number_change, one_number, "A number."),
    ),
    Family(
        "text_test",
        "strings",
        ("simple", "moderate"),
        _test_of(*_TEXT, one_word, "Text to test."),
    ),
    Family(
        "text_branch",
        "strings",
        _LATE,
        _branch_of(*_TEXT, word_change, one_word, "A text."),
    ),
)
