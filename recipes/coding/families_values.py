"""Texts through methods, slices of lists, look-ups, fields and cells."""

import random

from coding.draws import MANY, scores, text
from coding.numbers import number_change
from coding.plain import TEXT_NAMES, drawn, made
from coding.program import Family, Param, Program, Tier, Words, constant, literal, numeral
from coding.texts import word_change

_ORDINALS = {2: "second", 3: "third", 4: "fourth", 5: "fifth", 6: "sixth"}


def _chained(rng: random.Random, tier: Tier) -> Program | None:
    """A text through one, two or three methods."""
    count = {"simple": 1, "moderate": 2, "complex": 3}[tier]
    x = rng.choice(TEXT_NAMES)
    old, new = rng.sample("aeiost_-. ", 2)
    swap = (f".replace({literal(old)}, {literal(new)})", f"with {literal(old)} replaced by "
            f"{literal(new)}", (("replac", "swap", "exchang", "chang"),), "replaced")  # fmt: skip
    pool: list[tuple[str, str, Words, str]] = [swap, swap]
    while len(pool) < 8:
        change = word_change(rng)
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
        inputs=drawn(rng, [old + "b", "Ab" + old, old], [], text),
        compact=x + "".join(code for code, *_ in chosen),
    )


def _sliced(rng: random.Random, tier: Tier) -> Program | None:
    """A slice of a list, perhaps sorted before, perhaps reduced after."""
    name, k = rng.choice(["nums", "values", "items", "scores"]), rng.randint(2, 6)
    first, last = ("first", "begin", "start", "initial"), ("last", "final", "end")
    words: Words
    code, said, words, short = rng.choice(
        [
            (f"[:{k}]", f"the first {k} numbers of a list", (first, numeral(k)), f"first_{k}"),
            (f"[-{k}:]", f"the last {k} numbers of a list", (last, numeral(k)), f"last_{k}"),
            (f"[{k}:]", f"all but the first {k} numbers of a list",
             (("but", "except", "without", "after", "skip"), numeral(k)), f"after_{k}"),
            (f"[::{k}]", f"every {_ORDINALS[k]} number of a list",
             (("every", "each", "step"), (_ORDINALS[k], str(k))), f"each_{k}"),
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
            said = (
                said.replace("sum of ", "sum of the ")
                if "every" not in said and "all" not in said
                else said
            )
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
        inputs=[
            ([rng.randint(-5, 20) for _ in range(rng.randint(2, k + 4))],) for _ in range(MANY)
        ],
        compact=expression,
    )


def _looked_up(rng: random.Random, tier: Tier) -> Program | None:
    """A dictionary's value with a default, perhaps changed."""
    name, key = rng.choice(
        [("scores", "name"), ("prices", "item"), ("stock", "product"), ("d", "key")]
    )
    default, change = rng.choice([0, 1, 10, constant(rng, 0, 20)]), number_change(rng)
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
    sign, said, group = rng.choice(
        [("+", "plus", add), ("*", "times", times), ("-", "minus", minus)]
    )
    other, phrase, more = rng.choice([("+", "plus", add), ("-", "minus", minus)])
    words: Words = ((first,), group)
    if tier == "simple":
        code, what, words = (
            f"{a} {sign} {k}",
            f'the "{first}" of the dictionary {name} {said} {k}',
            (*words, numeral(k)),
        )
    else:
        code = f"{a} {sign} {b} {other} {k}"
        what = f'the "{first}" of the dictionary {name} {said} its "{second}", {phrase} {k}'
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
        inputs=[([[rng.randint(0, 9) for _ in range(3)] for _ in range(3)],) for _ in range(MANY)],
        compact=code,
    )


FAMILIES: tuple[Family, ...] = (
    Family("text_chain", "strings", ("simple", "moderate", "complex"), _chained),
    Family("list_slice", "lists", ("simple", "moderate", "complex"), _sliced),
    Family("dict_lookup", "dicts", ("simple", "moderate"), _looked_up),
    Family("record_fields", "nested", ("simple", "moderate"), _field),
    Family("grid_cell", "nested", ("simple", "moderate"), _cell, unseen=True),
)
