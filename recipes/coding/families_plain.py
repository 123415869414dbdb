"""Programs without a loop: arithmetic, conditions, text methods, slices, look-ups, fields."""

import random
from collections.abc import Callable, Sequence
from typing import Any

from coding import parts
from coding.parts import Change, Pred
from coding.program import Family, Param, Program, Tier, Words, constant, literal, numeral
from coding.sources import MANY, Marks, numbers, scores, text

_NUMBER_NAMES = ("n", "x", "num", "value", "number")
_ORDINALS = {2: "second", 3: "third", 4: "fourth", 5: "fifth", 6: "sixth"}
_TEXT_NAMES = ("text", "word", "s", "name", "line")


def made(
    name: str,
    params: Sequence[Param],
    body: Sequence[str],
    *,
    what: str,
    returns: str,
    words: Words,
    tags: Sequence[str],
    tier: Tier,
    inputs: Sequence[tuple[Any, ...]],
    compact: str = "",
) -> Program:
    """Write a program down.

    Args:
        name: Function name.
        params: Parameters.
        body: Lines of the long form, without the function's indentation.
        what: What it returns.
        returns: The docstring's Returns line.
        words: What a right description says.
        tags: Sub-skills.
        tier: How hard it is.
        inputs: Candidate arguments.
        compact: What the short form returns; nothing where there is no shorter form.

    Returns:
        The program.
    """
    head = f"def {name}({', '.join(param.name for param in params)}):\n"
    loop = head + "\n".join(f"    {line}" for line in body)
    return Program(
        name=name,
        params=tuple(params),
        loop=loop,
        compact=f"{head}    return {compact}" if compact else loop,
        what=what,
        returns=returns,
        words=tuple(dict.fromkeys(words)),
        tags=tuple(tags),
        tier=tier,
        inputs=tuple(inputs),
        via="expression",
    )


def _drawn(
    rng: random.Random, marks: Marks, params: Sequence[Param], draw: Callable[..., Any]
) -> list[tuple[Any, ...]]:
    inputs = []
    for _ in range(MANY):
        extra = [rng.randint(1, 9) for _ in params]
        inputs.append((draw(rng, [*marks, *extra]), *extra))
    return inputs


def _one_number(rng: random.Random, marks: Marks) -> int:
    edges = [mark for mark in marks if isinstance(mark, int)]
    return rng.choice([*edges, rng.randint(-9, 30), rng.randint(0, 60)])


def _steps(rng: random.Random, tier: Tier) -> Program | None:
    """A number through one, two or three operations."""
    count = {"simple": 1, "moderate": 2, "complex": 3}[tier]
    x = rng.choice(_NUMBER_NAMES)
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
        inputs=_drawn(rng, [], [], _one_number),
        compact=code,
    )


def _two(rng: random.Random, tier: Tier) -> Program | None:
    """Two numbers combined, then scaled or shifted."""
    a, b = rng.choice([("a", "b"), ("x", "y"), ("price", "count"), ("width", "height")])
    k, c = constant(rng), constant(rng)
    add, times = ("plus", "add", "sum", "total"), ("times", "multipl", "product")
    minus = ("minus", "subtract", "differ", "less")
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
        code = f"({first}) * {k}" if "(" not in first else f"{first} * {k}"
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
            inputs=_drawn(rng, marks, extra, draw),
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
            inputs=_drawn(rng, list(test.marks), test.params, draw),
            compact=f"{then} if {condition} else {other}",
        )

    return build


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
        inputs=_drawn(rng, [low - 1, low, high - 1, high, high + 1], [], _one_number),
    )  # fmt: skip


def _clamped(rng: random.Random, tier: Tier) -> Program | None:
    """A number kept within bounds."""
    x, low = rng.choice(_NUMBER_NAMES), rng.randint(-5, 20)
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
        inputs=_drawn(rng, [low - 2, low, low + 1, high, high + 2], [], _one_number),
        compact=f"max({low}, min({high}, {x}))",
    )  # fmt: skip


def _chained(rng: random.Random, tier: Tier) -> Program | None:
    """A text through one, two or three methods."""
    count = {"simple": 1, "moderate": 2, "complex": 3}[tier]
    x = rng.choice(_TEXT_NAMES)
    old, new = rng.sample("aeiost_-. ", 2)
    swap = (f".replace({literal(old)}, {literal(new)})", f"with {literal(old)} replaced by "
            f"{literal(new)}", (("replac", "swap", "exchang", "chang"),), "replaced")  # fmt: skip
    pool: list[tuple[str, str, Words, str]] = [swap, swap]
    while len(pool) < 8:
        change = parts.word_change(rng)
        if change.kind == "text" and change.code.startswith("{x}"):
            said = change.over.replace(", each", "").replace("{np}", "")
            code = change.code.removeprefix("{x}")
            if " + " not in code and " * " not in code and "of" not in said:
                pool.append((code, said.strip(), change.words, change.short))
    chosen = rng.sample(pool, count)
    if len({code for code, *_ in chosen}) < count:
        return None
    lines = [f"result = {x}{chosen[0][0]}", *(f"result = result{code}" for code, *_ in chosen[1:])]
    return made(
        "_".join(["make", *(short for *_, short in chosen[:2])]),
        [Param(x, "Text to change.")],
        [*lines, "return result"],
        what=f"{x} {', then '.join(said for _, said, *_ in chosen)}",
        returns="The changed text.",
        words=tuple(group for _, _, words, _ in chosen for group in words),
        tags=("strings", "methods"),
        tier=tier,
        inputs=_drawn(rng, [old + "b", "Ab" + old, old], [], text),
        compact=x + "".join(code for code, *_ in chosen),
    )


def _sliced(rng: random.Random, tier: Tier) -> Program | None:
    """A slice of a list, perhaps sorted before, perhaps reduced after."""
    name, k = rng.choice(["nums", "values", "items", "scores"]), rng.randint(2, 6)
    first, last = ("first", "begin", "start", "initial"), ("last", "final", "end")
    code, said, words, short = rng.choice(
        [
            (f"[:{k}]", f"the first {k} numbers of a list", (first, numeral(k)), f"first_{k}"),
            (f"[-{k}:]", f"the last {k} numbers of a list", (last, numeral(k)), f"last_{k}"),
            (f"[{k}:]", f"all but the first {k} numbers of a list",
             (("but", "except", "without", "after", "skip"), numeral(k)), f"after_{k}"),
            (f"[::{k}]", f"every {_ORDINALS[k]} number of a list", (("every", "each", "step"), (_ORDINALS[k], str(k))), f"each_{k}"),
        ]
    )  # fmt: skip
    ordered = tier == "complex" or (tier == "moderate" and rng.random() < 0.5)
    lines, expression = [], name
    if ordered:
        said, words = said.replace("a list", "a sorted list"), (*words, ("sort", "order", "small"))
        lines, expression = [f"ordered = sorted({name})"], f"sorted({name})"
    lines.append(f"part = {'ordered' if ordered else name}{code}")
    expression, end, returns = expression + code, "part", "List of numbers."
    if tier == "complex" or (tier == "moderate" and not ordered):
        function, phrase, group = rng.choice(
            [("sum", "the sum of", ("sum", "total", "add")),
             ("len", "the number of", ("number of", "count", "how many", "length"))]
        )  # fmt: skip
        said, words = f"{phrase} {said.removeprefix('the ')}", (group, *words)
        if function == "sum":
            said = said.replace("sum of ", "sum of the ") if "every" not in said and "all" not in said else said
        expression, end, returns = f"{function}({expression})", f"{function}(part)", "A number."
    return made(
        f"{rng.choice(['get', 'take'])}_{short}",
        [Param(name, "List of numbers.")],
        [*lines, f"return {end}"],
        what=said,
        returns=returns,
        words=words,
        tags=("lists", "slices"),
        tier=tier,
        inputs=[([rng.randint(-5, 20) for _ in range(rng.randint(2, k + 4))],) for _ in range(MANY)],
        compact=expression,
    )


def _looked_up(rng: random.Random, tier: Tier) -> Program | None:
    """A dictionary's value with a default, perhaps changed."""
    name, key = rng.choice([("scores", "name"), ("prices", "item"), ("stock", "product"), ("d", "key")])
    default, change = rng.choice([0, 1, 10, constant(rng, 0, 20)]), parts.number_change(rng)
    if change.params:
        return None
    words: Words = (numeral(default),)
    said, code = f"the value of {key} in {name}, or {default} if it is missing", "value"
    if tier != "simple":
        code = change.code.format(x="value")
        said = f"{said}; {change.over.format(np='that value').replace(', each', '')}"
        for many, one in [("squares", "square"), ("cubes", "cube"), ("doubles", "double"),
                          ("values of", "value of"), ("negatives", "negative"),
                          ("remainders", "remainder")]:  # fmt: skip
            said = said.replace(many, one)
        said = said.replace("; ", ", then ")
        words = (*words, *change.words)
    table = f"{name}.get({key}, {default})"
    return made(
        f"{rng.choice(['get', 'look_up', 'find'])}_{'value' if tier == 'simple' else change.short}",
        [Param(name, "Dictionary of numbers."), Param(key, "Key to look up.")],
        [f"value = {table}", f"return {code}"],
        what=said,
        returns="The number.",
        words=words,
        tags=("dicts", "lookup"),
        tier=tier,
        inputs=[(scores(rng, []), rng.choice(["Ada", "Bob", "Cleo"])) for _ in range(MANY)],
        compact=table if tier == "simple" else change.code.format(x=table),
    )


def _field(rng: random.Random, tier: Tier) -> Program | None:
    """A number made of the fields of one record."""
    name, first, second = rng.choice(
        [("product", "price", "count"), ("box", "width", "height"), ("order", "total", "tax"),
         ("player", "points", "bonus")]
    )  # fmt: skip
    a, b, k = f'{name}["{first}"]', f'{name}["{second}"]', constant(rng)
    add, times, minus = ("plus", "add", "sum"), ("times", "multipl"), ("minus", "subtract", "less")
    sign, said, group = rng.choice([("+", "plus", add), ("*", "times", times), ("-", "minus", minus)])
    other, phrase, more = rng.choice([("+", "plus", add), ("-", "minus", minus)])
    words: Words = ((first,), group)
    if tier == "simple":
        code, what, words = f"{a} {sign} {k}", f"the {first} of the {name} {said} {k}", (*words, numeral(k))
    else:
        code = f"{a} {sign} {b} {other} {k}"
        what = f"the {first} of the {name} {said} its {second}, {phrase} {k}"
        words = (*words, (second,), more, numeral(k))
    return made(
        rng.choice([f"{name}_value", f"get_{name}_{first}", f"compute_{name}"]),
        [Param(name, f"Dictionary with {first} and {second}.")],
        [f"result = {code}", "return result"],
        what=what,
        returns="The number.",
        words=words,
        tags=("nested", "fields"),
        tier=tier,
        inputs=[({first: rng.randint(1, 30), second: rng.randint(1, 9)},) for _ in range(MANY)],
        compact=code,
    )


def _cell(rng: random.Random, tier: Tier) -> Program | None:
    """One number of a grid, perhaps compared with another."""
    i, j, k, m = (rng.randint(0, 2) for _ in range(4))
    nth = ("first", "second", "third")
    words: Words = ((nth[i], str(i)), (nth[j], str(j)))
    code, what = f"grid[{i}][{j}]", f"the {nth[j]} number of the {nth[i]} row of a grid"
    if tier != "simple":
        code = f"{code} + grid[{k}][{m}]"
        what = f"{what} plus the {nth[m]} number of the {nth[k]} row"
        words = (*words, ("plus", "sum", "add"), (nth[k], str(k)), (nth[m], str(m)))
    return made(
        rng.choice(["cell", "pick_cell", "grid_value"]),
        [Param("grid", "List of three rows of three numbers.")],
        [f"result = {code}", "return result"],
        what=what,
        returns="The number.",
        words=words,
        tags=("nested", "indexing"),
        tier=tier,
        inputs=[
            ([[rng.randint(0, 9) for _ in range(3)] for _ in range(3)],) for _ in range(MANY)
        ],
        compact=code,
    )


def _word(rng: random.Random, marks: Marks) -> str:
    return text(rng, marks) or "a"


FAMILIES: tuple[Family, ...] = (
    Family("number_steps", "numbers", ("simple", "moderate", "complex"), _steps),
    Family("two_numbers", "numbers", ("moderate", "complex"), _two),
    Family(
        "number_test",
        "numbers",
        ("simple", "moderate"),
        _test_of("numbers", _NUMBER_NAMES, parts.number_pred, _one_number, "Number to test."),
    ),
    Family(
        "number_branch",
        "numbers",
        ("moderate", "complex"),
        _branch_of("numbers", _NUMBER_NAMES, parts.number_pred, parts.number_change, _one_number,
                   "A number."),
    ),
    Family("number_label", "numbers", ("complex",), _graded),
    Family("number_clamp", "numbers", ("moderate",), _clamped, unseen=True),
    Family("text_chain", "strings", ("simple", "moderate", "complex"), _chained),
    Family(
        "text_test",
        "strings",
        ("simple", "moderate"),
        _test_of("strings", _TEXT_NAMES, parts.word_pred, _word, "Text to test."),
    ),
    Family(
        "text_branch",
        "strings",
        ("moderate", "complex"),
        _branch_of("strings", _TEXT_NAMES, parts.word_pred, parts.word_change, _word, "A text."),
    ),
    Family("list_slice", "lists", ("simple", "moderate", "complex"), _sliced),
    Family("dict_lookup", "dicts", ("simple", "moderate"), _looked_up),
    Family("record_fields", "nested", ("simple", "moderate"), _field),
    Family("grid_cell", "nested", ("simple", "moderate"), _cell, unseen=True),
)  # fmt: skip
