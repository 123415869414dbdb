"""Small algorithms that carry a number from step to step."""

import random

from coding.draws import MANY, text
from coding.numbers import number_change, number_pred
from coding.plain import ALGORITHM, made, many_lists
from coding.program import Family, Param, Program, Tier, constant, literal, numeral
from coding.sources import list_source


def _running(rng: random.Random, tier: Tier) -> Program | None:
    """Running totals, perhaps of some numbers only, perhaps changed."""
    source, pred, change = list_source(rng), number_pred(rng), number_change(rng)
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
        what=f"a list of the running totals of {over}"
        + (f", starting at {start}" if start else ""),
        returns="List of running totals.",
        words=tuple(words),
        tags=ALGORITHM,
        tier=tier,
        inputs=many_lists(rng, list(pred.marks), len(extra)),
    )


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
    words = [
        ("how often", "how many", "number of", "count", "times"),
        group,
        numeral(k),
        numeral(limit),
    ]
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
        inputs=[
            (rng.choice([limit, limit + 1, limit + k, rng.randint(0, 200)]),) for _ in range(MANY)
        ],
    )


def _product(rng: random.Random, tier: Tier) -> Program | None:
    """The product of some numbers."""
    source, pred, change = list_source(rng), number_pred(rng), number_change(rng)
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
        tags=ALGORITHM,
        tier=tier,
        inputs=many_lists(rng, list(pred.marks), len(pred.params)),
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
        tags=ALGORITHM,
        tier=tier,
        inputs=[(rng.randint(0, 9),) for _ in range(MANY)],
    )


def _until(rng: random.Random, tier: Tier) -> Program | None:
    """What comes before the first element that meets a condition."""
    source, pred, change = list_source(rng), number_pred(rng), number_change(rng)
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
        tags=ALGORITHM,
        tier=tier,
        inputs=many_lists(rng, list(pred.marks), len(pred.params)),
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
    steps = f"rises by 1 at {literal(up)} and falls by 1 at {literal(down)}"
    what = f"level that starts at {start}, {steps}"
    return made(
        rng.choice(["level", "balance", "depth"]),
        [Param("text", "Text to go through.")],
        lines,
        what=f"the {'highest' if deepest else 'final'} value of a {what}",
        returns="The level.",
        words=((up,), (down,), *((("high", "max", "great", "deep"),) if deepest else ())),
        tags=ALGORITHM,
        tier=tier,
        inputs=[("".join(rng.choices([up, down, "z"], k=rng.randint(0, 8))),) for _ in range(MANY)],
    )


def _doubled(rng: random.Random, tier: Tier) -> Program | None:
    """Characters that equal, or differ from, the one before."""
    same = rng.random() < 0.5
    start, letter = rng.randint(0, 3), rng.choice("abcdelmnopst")
    symbol, said = ("==", "equal") if same else ("!=", "differ from")
    condition = f"text[i] {symbol} text[i - 1]"
    what = f"{said} the one before"
    words: list[tuple[str, ...]] = [("before", "previous", "preced", "neighbour", "adjacent")]
    words.append(("equal", "same") if same else ("differ", "not equal", "unequal", "chang"))
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
    Family("steps_down", "algorithms", ("moderate", "complex"), _halved),
    Family("product", "algorithms", ("moderate", "complex"), _product),
    Family("sequence", "algorithms", ("complex",), _sequence),
    Family("until", "algorithms", ("moderate", "complex"), _until),
    Family("balance", "algorithms", ("moderate", "complex"), _balance),
    Family("neighbour_chars", "algorithms", ("moderate", "complex"), _doubled),
)
