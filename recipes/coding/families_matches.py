"""Small algorithms over elements that meet a condition: runs, last ones, distinct ones, counts."""

import random

from coding.draws import MANY
from coding.plain import ALGORITHM, made, many_lists
from coding.program import Family, Param, Program, Tier
from coding.sources import list_source, words_source


def _streak(rng: random.Random, tier: Tier) -> Program | None:
    """The longest run of elements that meet a condition."""
    letters = rng.random() < 0.4
    source = words_source(rng) if letters else list_source(rng)
    pred, name, x = source.pred(rng), source.params[0].name, source.x
    inputs = many_lists(rng, list(pred.marks), len(pred.params))
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
        words=(("longest", "maximum", "largest"), ("run", "streak", "consecutive"), *pred.words),
        tags=ALGORITHM,
        tier=tier,
        inputs=inputs,
    )  # fmt: skip


def _last(rng: random.Random, tier: Tier) -> Program | None:
    """The last element that meets a condition, or its position."""
    letters = rng.random() < 0.5
    source = words_source(rng) if letters else list_source(rng)
    pred, name, x = source.pred(rng), source.params[0].name, source.x
    position = tier == "complex"
    head = f"for i, {x} in enumerate({name}):" if position else f"for {x} in {name}:"
    relative = f"{source.nouns} in a list {pred.plural or f'that are {pred.adjective}'}"
    inputs = many_lists(rng, list(pred.marks), len(pred.params))
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
        tags=ALGORITHM,
        tier=tier,
        inputs=inputs,
    )  # fmt: skip


def _distinct(rng: random.Random, tier: Tier) -> Program | None:
    """Elements in their order, each once."""
    letters = rng.random() < 0.5
    source = words_source(rng) if letters else list_source(rng)
    pred, name, x = source.pred(rng), source.params[0].name, source.x
    inputs = many_lists(rng, list(pred.marks), len(pred.params))
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
        tags=ALGORITHM,
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
        else many_lists(rng, marks, len(extra)),
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


FAMILIES: tuple[Family, ...] = (
    Family("streak", "algorithms", ("complex",), _streak, unseen=True),
    Family("last_match", "algorithms", ("moderate", "complex"), _last),
    Family("distinct", "algorithms", ("moderate",), _distinct),
    Family("tally", "dicts", ("moderate", "complex"), _tally),
    Family("grouped", "dicts", ("moderate",), _grouped, unseen=True),
)
