"""Ways to collect what a loop gives: a list, a sum, a count, the largest, a dictionary."""

import random

from coding.parts import Change
from coding.pipelines import SEPARATORS, Pipe, Reducer, Written

_NUMBER = frozenset({"number"})
_PLAIN = frozenset({"number", "text", "word", "char", "key"})
_TEXT = frozenset({"text", "word", "char"})
_SUM = ("sum", "total", "add")
_KINDS = {"number": "numbers", "word": "words", "char": "characters", "text": "strings"}


def _accumulate(start: str, pipe: Pipe, body: list[str], end: str) -> list[str]:
    return [f"    {start}", *pipe.loop(body), f"    return {end}"]


def _listed(rng: random.Random, pipe: Pipe) -> Written:
    name = rng.choice(["result", "found", "out", "kept" if pipe.preds else "made"])
    verb = rng.choice(["get", "list", "find"] if pipe.preds else ["make", "get", "list"])
    noun = _KINDS.get(pipe.collected, pipe.source.outs or "items")
    return Written(
        _accumulate(f"{name} = []", pipe, [f"{name}.append({pipe.item})"], name),
        f"[{pipe.item} {pipe.clause}]",
        f"a list of {pipe.over}",
        f"List of {noun}.",
        (),
        verb,
        "comprehension",
    )


def _summed(rng: random.Random, pipe: Pipe) -> Written:
    name = rng.choice(["total", "result", "acc"])
    return Written(
        _accumulate(f"{name} = 0", pipe, [f"{name} += {pipe.item}"], name),
        f"sum({pipe.item} {pipe.clause})",
        f"the sum of {pipe.over}",
        "The sum.",
        (_SUM,),
        rng.choice(["sum", "total"]),
        "sum",
    )


def _counted(rng: random.Random, pipe: Pipe) -> Written:
    name = rng.choice(["count", "total", "found"])
    return Written(
        _accumulate(f"{name} = 0", pipe, [f"{name} += 1"], name),
        f"sum(1 {pipe.clause})",
        f"the number of {pipe.np.removeprefix('the ')}",
        "The count.",
        (("count", "number of", "how many", "many"),),
        rng.choice(["count", "num"]),
        "count",
        gives=False,
    )


def _extreme(rng: random.Random, pipe: Pipe) -> Written:
    largest = rng.random() < 0.5
    name = rng.choice(["best", "result", "top" if largest else "low"])
    symbol, function = (">", "max") if largest else ("<", "min")
    phrase = "largest" if largest else "smallest"
    words = ("larg", "great", "max", "big", "high") if largest else ("small", "least", "min", "low")
    return Written(
        _accumulate(
            f"{name} = None",
            pipe,
            [f"if {name} is None or {pipe.item} {symbol} {name}:", f"    {name} = {pipe.item}"],
            name,
        ),
        f"{function}(({pipe.item} {pipe.clause}), default=None)",
        f"the {phrase} of {pipe.over}, or None if there is none",
        f"The {phrase} number or None.",
        (words,),
        phrase,
        function,
    )


def _subject(pipe: Pipe, quantifier: str) -> str:
    source = pipe.source
    subject = f"{quantifier} {source.noun} {source.place}"
    if source.field:
        subject = f"the {source.field} of {subject}"
    return f"{subject} {' and '.join(pred.singular for pred in pipe.preds)}"


def _any(rng: random.Random, pipe: Pipe) -> Written:
    body = [*pipe.loop(["return True"]), "    return False"]
    return Written(
        body,
        f"any({pipe.condition} {pipe.clause.removesuffix(f' if {pipe.condition}')})",
        f"True if {_subject(pipe, 'any')}, else False",
        "True or False.",
        (("any", "one", "whether", "some", "exist", "there is", "if a", "contain"),),
        rng.choice(["any", "has"]),
        "any",
        gives=False,
    )


def _all(rng: random.Random, pipe: Pipe) -> Written:
    heads = pipe.clause.removesuffix(f" if {pipe.condition}")
    body = [line.replace(f"if {pipe.condition}:", f"if {pipe.negated}:") for line in
            pipe.loop(["return False"])]  # fmt: skip
    return Written(
        [*body, "    return True"],
        f"all({pipe.condition} {heads})",
        f"True if {_subject(pipe, 'every')}, else False",
        "True or False.",
        (("all", "every", "each", "only"),),
        rng.choice(["all", "only"]),
        "all",
        gives=False,
    )


def _first(rng: random.Random, pipe: Pipe) -> Written:
    return Written(
        [*pipe.loop([f"return {pipe.item}"]), "    return None"],
        f"next(({pipe.item} {pipe.clause}), None)",
        f"the first of {pipe.over}, or None if there is none",
        "The first match or None.",
        (("first",),),
        "first",
        "next",
    )


def _unique(rng: random.Random, pipe: Pipe) -> Written:
    name = rng.choice(["result", "seen", "found"])
    return Written(
        _accumulate(f"{name} = set()", pipe, [f"{name}.add({pipe.item})"], name),
        f"{{{pipe.item} {pipe.clause}}}",
        f"the set of {pipe.over}",
        "A set.",
        (("set", "distinct", "unique", "different"),),
        rng.choice(["unique", "distinct"]),
        "set_comprehension",
    )


def _sorted(rng: random.Random, pipe: Pipe) -> Written:
    name = rng.choice(["result", "found", "out"])
    falling = rng.random() < 0.4
    option = ", reverse=True" if falling else ""
    words: list[tuple[str, ...]] = [("sort", "order", "rank", "ascend", "descend")]
    if falling:
        words.append(("descend", "decreas", "revers", "falling", "largest first", "high"))
    listed = f"[{pipe.item} {pipe.clause}]" if falling else f"{pipe.item} {pipe.clause}"
    return Written(
        _accumulate(
            f"{name} = []", pipe, [f"{name}.append({pipe.item})"], f"sorted({name}{option})"
        ),
        f"sorted({listed}{option})",
        f"a sorted list of {pipe.over}" + (", in descending order" if falling else ""),
        "Sorted list.",
        tuple(words),
        "sorted",
        "sorted",
    )


def _joined(rng: random.Random, pipe: Pipe) -> Written:
    mark = "" if pipe.source.kind == "char" else rng.choice([" ", ", ", "-"])
    name = rng.choice(["result", "out", "parts" if mark else "new"])
    joined = (("join", "string", "text", "concat", "combin", "separat", "built", "one"),)
    if not mark:
        lines = _accumulate(f'{name} = ""', pipe, [f"{name} += {pipe.item}"], name)
        what = f"a string of {pipe.over}"
        words: tuple[tuple[str, ...], ...] = joined
    else:
        quoted = f'"{mark}".join({name})'
        lines = _accumulate(f"{name} = []", pipe, [f"{name}.append({pipe.item})"], quoted)
        spelled = SEPARATORS[mark]
        what = f'a string of {pipe.over}, joined by "{mark}"'
        words = (*joined, (f'"{mark}"', spelled.removesuffix("s").removesuffix("e")))
    return Written(
        lines,
        f'"{mark}".join({pipe.item} {pipe.clause})',
        what,
        "The new string.",
        words,
        rng.choice(["join", "keep" if pipe.preds else "make"]),
        "join",
    )


def _mapped(rng: random.Random, pipe: Pipe) -> Written | None:
    if pipe.change is None:
        return None
    name, x = rng.choice(["result", "table", "out"]), pipe.source.x
    return Written(
        _accumulate(f"{name} = {{}}", pipe, [f"{name}[{x}] = {pipe.item}"], name),
        f"{{{x}: {pipe.item} {pipe.clause}}}",
        f"a dictionary from {pipe.np} to {pipe.change.over.format(np='them')}",
        "The dictionary.",
        (("dict", "map", "lookup"),),
        "map",
        "dict_comprehension",
    )


def _cased(rng: random.Random, pipe: Pipe) -> Written | None:
    """Elements that meet the condition are changed one way, the others another way."""
    source = pipe.source
    if pipe.change is None or source.change is None or pipe.change.params or not pipe.condition:
        return None
    other: Change = source.change(rng)
    if other.params or other.code == pipe.change.code or other.kind != pipe.change.kind:
        return None
    keep = rng.random() < 0.4 and other.kind == source.kind
    rest = source.x if keep else other.code.format(x=source.x, y=source.y)
    rest_over = "themselves" if keep else other.over.format(np="them")
    name = rng.choice(["result", "out", "changed"])
    loop = pipe.loop([f"{name}.append({pipe.item})"], otherwise=[f"{name}.append({rest})"])
    heads = pipe.clause.removesuffix(f" if {pipe.condition}")
    nouns = f"the other {source.nouns}"
    described = "kept as they are" if keep else rest_over.replace("them", "the others")
    return Written(
        [f"    {name} = []", *loop, f"    return {name}"],
        f"[{pipe.item} if {pipe.condition} else {rest} {heads}]",
        f"a list with {pipe.over}, and {nouns} kept as they are"
        if keep
        else f"a list with {pipe.over}, and for {nouns}: {described}",
        "The new list.",
        (("other", "else", "rest", "otherwise", "remain"), *(() if keep else other.words)),
        "change",
        "conditional",
    )


LISTED = Reducer(_listed)
SUMMED = Reducer(_summed, kinds=_NUMBER)
COUNTED = Reducer(_counted, change=False, pred=True)
EXTREME = Reducer(_extreme, kinds=_NUMBER, cost=1)
ANY = Reducer(_any, change=False, pred=True)
ALL = Reducer(_all, change=False, pred=True)
FIRST = Reducer(_first, pred=True, cost=1)
UNIQUE = Reducer(_unique, kinds=_PLAIN, cost=1)
SORTED = Reducer(_sorted, kinds=_PLAIN, cost=1)
JOINED = Reducer(_joined, kinds=_TEXT)
MAPPED = Reducer(_mapped, change=True, cost=1)
CASED = Reducer(_cased, change=True, pred=True, cost=0)
__all__ = [
    "ALL", "ANY", "CASED", "COUNTED", "EXTREME", "FIRST", "JOINED", "LISTED", "MAPPED",
    "SORTED", "SUMMED", "UNIQUE",
]  # fmt: skip
