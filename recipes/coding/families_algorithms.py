"""Small algorithms that have no one-line form: they carry something from step to step."""

import random
from typing import Any

from coding import parts
from coding.families_plain import made
from coding.program import Family, Param, Program, Tier, constant, literal, numeral
from coding.sources import MANY, Marks, list_source, numbers, text, words_source

_TAGS = ("algorithms", "loop")


def _lists(rng: random.Random, marks: Marks, extra: int) -> list[tuple[Any, ...]]:
    inputs: list[tuple[Any, ...]] = []
    for _ in range(MANY):
        more = [rng.randint(1, 9) for _ in range(extra)]
        inputs.append((numbers(rng, [*marks, *more], 7), *more))
    return inputs


def _running(rng: random.Random, tier: Tier) -> Program | None:
    """Running totals, perhaps of some numbers only, perhaps changed."""
    source, pred, change = list_source(rng), parts.number_pred(rng), parts.number_change(rng)
    name, x = source.params[0].name, source.x
    start = rng.choice([0, 0, constant(rng)])
    item = change.code.format(x=x) if tier == "complex" else x
    if change.params and tier == "complex":
        return None
    over = change.over.format(np=f"the {source.nouns} in a list") if tier == "complex" else ""
    over = over or f"the {source.nouns} in a list"
    lines = ["result = []", f"total = {start}", f"for {x} in {name}:"]
    words = [("running", "cumulat", "so far", "partial"), ("sum", "total", "add")]
    if start:
        words.append(numeral(start))
    extra: tuple[Param, ...] = ()
    if rng.random() < 0.6:
        extra = pred.params
        over = f"{over}, counting only {source.nouns} where {x} {pred.singular}"
        words += pred.words
        lines += [f"    if {pred.code.format(x=x)}:", f"        total += {item}"]
    else:
        lines.append(f"    total += {item}")
    if tier == "complex":
        words += change.words
    return made(
        rng.choice(["running_total", "running_sums", "cumulative"]),
        [*source.params, *extra],
        [*lines, "    result.append(total)", "return result"],
        what=f"a list of the running totals of {over}" + (f", starting at {start}" if start else ""),
        returns="List of running totals.",
        words=tuple(words),
        tags=_TAGS,
        tier=tier,
        inputs=_lists(rng, list(pred.marks), len(extra)),
    )


def _streak(rng: random.Random, tier: Tier) -> Program | None:
    """The longest run of elements that meet a condition."""
    letters = rng.random() < 0.4
    source = words_source(rng) if letters else list_source(rng)
    pred, name, x = source.pred(rng), source.params[0].name, source.x
    inputs = _lists(rng, list(pred.marks), len(pred.params))
    if letters:
        inputs = [source.inputs(rng, list(pred.marks)) for _ in range(MANY)]
    relative = pred.plural or f"that are {pred.adjective}"
    return made(
        f"longest_{pred.short}",
        [*source.params, *pred.params],
        ["best = 0", "run = 0", f"for {x} in {name}:", f"    if {pred.code.format(x=x)}:",
         "        run += 1", "        best = max(best, run)", "    else:", "        run = 0",
         "return best"],
        what=f"the length of the longest run of {source.nouns} in a list {relative}",
        returns="The length.",
        words=(("longest", "maximum", "largest"), ("run", "streak", "consecutive", "row"), *pred.words),
        tags=_TAGS,
        tier=tier,
        inputs=inputs,
    )  # fmt: skip


def _halved(rng: random.Random, tier: Tier) -> Program | None:
    """How often a number can be made smaller until a limit."""
    k, limit = rng.randint(2, 12), constant(rng, 1, 15)
    divide = rng.random() < 0.5
    step, said, group = (
        (f"n //= {k}", f"be divided by {k}", ("divi", "halv"))
        if divide
        else (f"n -= {k}", f"be reduced by {k}", ("reduc", "subtract", "minus", "less"))
    )
    name = rng.choice(["steps", "count"])
    lines = [f"{name} = 0", f"while n > {limit}:", f"    {step}", f"    {name} += 1"]
    what = f"how often n must {said} until it is at most {limit}"
    words = [("how often", "how many", "number of", "count", "times"), group, numeral(k), numeral(limit)]
    end = f"return {name}"
    if tier == "complex":
        factor = constant(rng)
        end = f"return {name} * {factor}"
        what = f"{what}, times {factor}"
        words.append(numeral(factor))
    return made(
        rng.choice(["count_steps", "steps_to_limit", "steps_down"]),
        [Param("n", "Number to start from.")],
        [*lines, end],
        what=what,
        returns="The number of steps.",
        words=tuple(words),
        tags=("algorithms", "while"),
        tier=tier,
        inputs=[(rng.choice([limit, limit + 1, limit + k, rng.randint(0, 200)]),) for _ in range(MANY)],
    )


def _product(rng: random.Random, tier: Tier) -> Program | None:
    """The product of some numbers."""
    source, pred, change = list_source(rng), parts.number_pred(rng), parts.number_change(rng)
    name, x = source.params[0].name, source.x
    changed = tier == "complex"
    if changed and change.params:
        return None
    item = change.code.format(x=x) if changed else x
    adjective = f"{pred.adjective} " if pred.adjective else ""
    np = f"the {adjective}{source.nouns} in a list {pred.plural}".strip()
    return made(
        f"product_of_{pred.short}",
        [*source.params, *pred.params],
        ["product = 1", f"for {x} in {name}:", f"    if {pred.code.format(x=x)}:",
         f"        product *= {item}", "return product"],
        what=f"the product of {change.over.format(np=np) if changed else np}",
        returns="The product, 1 if there is none.",
        words=(("product", "multipl"), *pred.words, *(change.words if changed else ())),
        tags=_TAGS,
        tier=tier,
        inputs=_lists(rng, list(pred.marks), len(pred.params)),
    )  # fmt: skip


def _sequence(rng: random.Random, tier: Tier) -> Program | None:
    """The nth number of a sequence that is made of the two before."""
    a, b, k = rng.randint(0, 9), rng.randint(1, 9), rng.randint(0, 6)
    step = f"a + b + {k}" if k else "a + b"
    said = f"the sum of the two before plus {k}" if k else "the sum of the two before"
    return made(
        rng.choice(["sequence", "nth_number", "series"]),
        [Param("n", "Position, from 0.")],
        [f"a, b = {a}, {b}", "for _ in range(n):", f"    a, b = b, {step}", "return a"],
        what=f"number n of the sequence that starts with {a} and {b}, where each next is {said}",
        returns="The number.",
        words=(("sequence", "series", "fibonacci"), numeral(a), numeral(b), ("sum", "add", "plus")),
        tags=_TAGS,
        tier=tier,
        inputs=[(rng.randint(0, 9),) for _ in range(MANY)],
    )


def _last(rng: random.Random, tier: Tier) -> Program | None:
    """The last element that meets a condition, or its position."""
    letters = rng.random() < 0.5
    source = words_source(rng) if letters else list_source(rng)
    pred, name, x = source.pred(rng), source.params[0].name, source.x
    position = tier == "complex"
    head = f"for i, {x} in enumerate({name}):" if position else f"for {x} in {name}:"
    relative = f"{source.nouns} in a list {pred.plural or f'that are {pred.adjective}'}"
    inputs = _lists(rng, list(pred.marks), len(pred.params))
    if letters:
        inputs = [source.inputs(rng, list(pred.marks)) for _ in range(MANY)]
    return made(
        f"last_{pred.short}",
        [*source.params, *pred.params],
        ["found = None", head, f"    if {pred.code.format(x=x)}:",
         f"        found = {'i' if position else x}", "return found"],
        what=f"the {'position of the ' if position else ''}last of the {relative}, or None if "
        "there is none",
        returns="The last match or None.",
        words=(("last", "final"), *pred.words, *((("position", "index"),) if position else ())),
        tags=_TAGS,
        tier=tier,
        inputs=inputs,
    )  # fmt: skip


def _until(rng: random.Random, tier: Tier) -> Program | None:
    """What comes before the first element that meets a condition."""
    source, pred, change = list_source(rng), parts.number_pred(rng), parts.number_change(rng)
    name, x = source.params[0].name, source.x
    if change.params and tier == "complex":
        return None
    item = change.code.format(x=x) if tier == "complex" else x
    summed = rng.random() < 0.5
    start, body, end = ("total = 0", f"total += {item}", "total")
    if not summed:
        start, body, end = ("result = []", f"result.append({item})", "result")
    np = f"the {source.nouns} in a list before the first that {pred.singular}"
    over = change.over.format(np=np) if tier == "complex" else np
    words = [("before", "until", "up to", "stop"), *pred.words]
    words += [("sum", "total", "add")] if summed else []
    words += change.words if tier == "complex" else ()
    return made(
        f"{'sum' if summed else 'take'}_until_{pred.short}",
        [*source.params, *pred.params],
        [start, f"for {x} in {name}:", f"    if {pred.code.format(x=x)}:", "        break",
         f"    {body}", f"return {end}"],
        what=f"{'the sum of' if summed else 'a list of'} {over}",
        returns="The sum." if summed else "List of numbers.",
        words=tuple(words),
        tags=_TAGS,
        tier=tier,
        inputs=_lists(rng, list(pred.marks), len(pred.params)),
    )  # fmt: skip


def _balance(rng: random.Random, tier: Tier) -> Program | None:
    """How much one character exceeds another."""
    up, down = rng.sample("()[]<>+-abxyudlr", 2)
    start = rng.choice([0, 0, constant(rng)])
    deepest = tier == "complex"
    x = rng.choice(["c", "ch"])
    lines = [f"level = {start}", *(["best = level"] if deepest else []), f"for {x} in text:",
             f"    if {x} == {literal(up)}:", "        level += 1",
             f"    elif {x} == {literal(down)}:", "        level -= 1"]  # fmt: skip
    lines += ["    best = max(best, level)", "return best"] if deepest else ["return level"]
    what = f"level that starts at {start}, rises by 1 at {literal(up)} and falls by 1 at {literal(down)}"
    return made(
        rng.choice(["level", "balance", "depth"]),
        [Param("text", "Text to go through.")],
        lines,
        what=f"the {'highest' if deepest else 'final'} value of a {what}",
        returns="The level.",
        words=((up,), (down,), *((("high", "max", "great", "deep"),) if deepest else ())),
        tags=_TAGS,
        tier=tier,
        inputs=[("".join(rng.choices([up, down, "z"], k=rng.randint(0, 8))),) for _ in range(MANY)],
    )


def _distinct(rng: random.Random, tier: Tier) -> Program | None:
    """Elements in their order, each once."""
    letters = rng.random() < 0.5
    source = words_source(rng) if letters else list_source(rng)
    pred, name, x = source.pred(rng), source.params[0].name, source.x
    inputs = _lists(rng, list(pred.marks), len(pred.params))
    if letters:
        inputs = [source.inputs(rng, list(pred.marks)) for _ in range(MANY)]
    relative = pred.plural or f"that are {pred.adjective}"
    return made(
        f"distinct_{pred.short}",
        [*source.params, *pred.params],
        ["result = []", f"for {x} in {name}:",
         f"    if {pred.code.format(x=x)} and {x} not in result:",
         f"        result.append({x})", "return result"],
        what=f"a list of the {source.nouns} in a list {relative}, each once, in their order",
        returns=f"List of {source.nouns}.",
        words=(("once", "distinct", "unique", "duplicate", "different", "repeat"), *pred.words),
        tags=_TAGS,
        tier=tier,
        inputs=inputs,
    )  # fmt: skip


def _tally(rng: random.Random, tier: Tier) -> Program | None:
    """How often each element, or what it is changed into, occurs."""
    letters = rng.random() < 0.6
    source = words_source(rng) if letters else list_source(rng)
    if source.change is None:
        return None
    pred, change, name, x = source.pred(rng), source.change(rng), source.params[0].name, source.x
    if change.params:
        return None
    key = change.code.format(x=x)
    body = [f"key = {key}", "counts[key] = counts.get(key, 0) + 1"]
    np = f"the {source.nouns} in a list"
    words = [("count", "often", "how many", "number of", "occur", "frequen"), *change.words]
    extra: tuple[Param, ...] = ()
    if tier == "complex":
        adjective = f"{pred.adjective} " if pred.adjective else ""
        np = f"the {adjective}{source.nouns} in a list {pred.plural}".strip()
        body = [f"if {pred.code.format(x=x)}:", *(f"    {line}" for line in body)]
        words += pred.words
        extra = pred.params
    marks = list(pred.marks)
    return made(
        f"count_{change.short}",
        [*source.params, *extra],
        ["counts = {}", f"for {x} in {name}:", *(f"    {line}" for line in body), "return counts"],
        what=f"a dictionary that counts {change.over.format(np=np)}",
        returns="Dictionary of counts.",
        words=tuple(words),
        tags=("dicts", "counting"),
        tier=tier,
        inputs=[source.inputs(rng, marks) for _ in range(MANY)]
        if letters
        else _lists(rng, marks, len(extra)),
    )


def _grouped(rng: random.Random, tier: Tier) -> Program | None:
    """Elements in lists by what they are changed into."""
    letters = rng.random() < 0.6
    source = words_source(rng) if letters else list_source(rng)
    if source.change is None:
        return None
    change, name, x = source.change(rng), source.params[0].name, source.x
    if change.params:
        return None
    key = change.code.format(x=x)
    return made(
        f"group_by_{change.short}",
        list(source.params),
        ["groups = {}", f"for {x} in {name}:", f"    groups.setdefault({key}, []).append({x})",
         "return groups"],
        what=f"a dictionary of lists that groups the {source.nouns} in a list by "
        f"{change.over.format(np='them')}",
        returns="Dictionary of lists.",
        words=(("group", "by", "list"), *change.words),
        tags=("dicts", "grouping"),
        tier=tier,
        inputs=[source.inputs(rng, []) for _ in range(MANY)],
    )  # fmt: skip


def _doubled(rng: random.Random, tier: Tier) -> Program | None:
    """Characters that equal, or differ from, the one before."""
    same = rng.random() < 0.5
    start, letter = rng.randint(0, 3), rng.choice("abcdelmnopst")
    symbol, said = ("==", "equal") if same else ("!=", "differ from")
    condition = f"text[i] {symbol} text[i - 1]"
    what = f"{said} the one before"
    words = [("before", "previous", "preced", "neighbour", "adjacent"), ("equal", "same") if same else
             ("differ", "not equal", "unequal", "chang")]  # fmt: skip
    if tier == "complex":
        condition = f'{condition} and text[i] != "{letter}"'
        what = f'{what} and are not "{letter}"'
        words.append((letter,))
    return made(
        rng.choice(["count_repeats", "count_pairs"]) if same else "count_changes",
        [Param("text", "Text to go through.")],
        [f"count = {start}", "for i in range(1, len(text)):", f"    if {condition}:",
         "        count += 1", "return count"],
        what=f"the number of characters in a text that {what}"
        + (f", plus {start}" if start else ""),
        returns="The count.",
        words=(("number of", "count", "how many"), *words),
        tags=("algorithms", "strings"),
        tier=tier,
        inputs=[(text(rng, ["aa", letter * 2]) + rng.choice(["", "ss", letter * 2]),)
                for _ in range(MANY)],
    )  # fmt: skip


FAMILIES: tuple[Family, ...] = (
    Family("running_total", "algorithms", ("moderate", "complex"), _running),
    Family("streak", "algorithms", ("complex",), _streak, unseen=True),
    Family("steps_down", "algorithms", ("moderate", "complex"), _halved),
    Family("product", "algorithms", ("moderate", "complex"), _product),
    Family("sequence", "algorithms", ("complex",), _sequence),
    Family("last_match", "algorithms", ("moderate", "complex"), _last),
    Family("until", "algorithms", ("moderate", "complex"), _until),
    Family("balance", "algorithms", ("moderate", "complex"), _balance),
    Family("distinct", "algorithms", ("moderate",), _distinct),
    Family("tally", "dicts", ("moderate", "complex"), _tally),
    Family("grouped", "dicts", ("moderate",), _grouped, unseen=True),
    Family("neighbour_chars", "algorithms", ("moderate", "complex"), _doubled),
)
