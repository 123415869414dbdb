"""Composes a source, conditions, a change and a way to collect into a program in two forms."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from coding.draws import MANY, Marks
from coding.parts import Change, Pred
from coding.program import Family, Param, Program, Tier, Words
from coding.sources import Source

TIERS: tuple[Tier, ...] = ("simple", "moderate", "complex")
SEPARATORS = {" ": "spaces", ", ": "commas", "-": "dashes", "": "nothing"}


@dataclass(frozen=True)
class Pipe:
    """Everything drawn for one program, before it is written down."""

    source: Source
    preds: tuple[Pred, ...]
    change: Change | None
    item: str
    """Code of what is collected."""
    np: str
    """Description of the elements that pass the conditions."""
    over: str
    """Description of what is collected."""
    collected: str
    """Kind of what is collected."""
    condition: str
    negated: str

    @property
    def clause(self) -> str:
        """The for and if clauses of a comprehension."""
        heads = " ".join(f"for {target} in {iterable}" for target, iterable in self.source.heads)
        return f"{heads} if {self.condition}" if self.condition else heads

    def loop(self, body: list[str], *, otherwise: list[str] | None = None) -> list[str]:
        """Write the loop around a body.

        Args:
            body: Lines that stand under the condition.
            otherwise: Lines for the elements that fail it.

        Returns:
            Lines, indented for a function.
        """
        lines, depth = [], 1
        for target, iterable in self.source.heads:
            lines.append("    " * depth + f"for {target} in {iterable}:")
            depth += 1
        if self.condition:
            lines.append("    " * depth + f"if {self.condition}:")
            lines += ["    " * (depth + 1) + line for line in body]
            if otherwise is not None:
                lines.append("    " * depth + "else:")
                lines += ["    " * (depth + 1) + line for line in otherwise]
        else:
            lines += ["    " * depth + line for line in body]
        return lines


@dataclass(frozen=True)
class Written:
    """What a collector makes of a pipe."""

    body: list[str]
    """Lines of the long form, indented for a function."""
    expression: str
    """What the short form returns."""
    what: str
    returns: str
    words: Words
    short: str
    via: str
    gives: bool = True
    """Whether the elements themselves are given, not only counted or tested."""


Collector = Callable[[random.Random, Pipe], Written | None]


@dataclass(frozen=True)
class Reducer:
    """A way to collect, what it needs, and the steps it adds."""

    write: Collector
    kinds: frozenset[str] | None = None
    """Kinds it can collect; None is any."""
    change: bool | None = None
    """Whether there must be a change; None leaves it open."""
    pred: bool = False
    """Whether there must be a condition."""
    cost: int = 0


def _described(source: Source, preds: tuple[Pred, ...]) -> str:
    adjectives = "".join(f"{p.adjective} " for p in preds if p.adjective and not source.field)
    related = [pred for pred in preds if source.field or not pred.adjective]
    if source.field:
        tail = " and ".join(pred.singular for pred in related)
        tail = f"whose {source.field} {tail}" if tail else ""
    else:
        tail = " and ".join(pred.plural for pred in related)
    return f"the {adjectives}{source.nouns} {source.place} {tail}".strip()


def _joined(codes: list[str]) -> str:
    if len(codes) < 2:
        return "".join(codes)
    return " and ".join(codes)


def draw_pipe(rng: random.Random, source: Source, preds: int, changed: bool) -> Pipe | None:
    """Draw conditions and a change for a source.

    Args:
        rng: Source of randomness.
        source: What to loop over.
        preds: Number of conditions.
        changed: Whether the elements are changed.

    Returns:
        The pipe, or None where the parts drawn do not go together.
    """
    drawn = tuple(source.pred(rng) for _ in range(preds))
    if changed and source.change is None:
        return None
    change = source.change(rng) if changed and source.change else None
    places = {"x": source.x, "y": source.y}
    codes = [pred.code.format(**places) for pred in drawn]
    heads = {code.split(" ", 1)[0] + code[-3:] for code in codes}
    adjectives = [pred.adjective for pred in drawn]
    if len({pred.short.split("_")[0] for pred in drawn}) < preds or len(heads) < preds:
        return None
    if {"even", "odd"} <= set(adjectives) or {"positive", "negative"} <= set(adjectives):
        return None
    np = _described(source, drawn)
    item = change.code.format(**places) if change else source.out or source.x
    if source.outs and change:
        return None
    names = [param.name for part in (*drawn, change) if part for param in part.params]
    taken = [param.name for param in source.params]
    taken += [name.strip() for target, _ in source.heads for name in target.split(",")]
    if len({*names, *taken}) < len(names) + len(taken):
        return None
    return Pipe(
        source=source,
        preds=drawn,
        change=change,
        item=item,
        np=np,
        over=change.over.format(np=np)
        if change
        else f"the {source.outs} of {np}"
        if source.outs
        else np,
        collected=change.kind if change else source.kind,
        condition=_joined(codes),
        negated=drawn[0].negated.format(**places) if preds == 1 else f"not ({_joined(codes)})",
    )


def _inputs(
    rng: random.Random, pipe: Pipe, params: tuple[Param, ...]
) -> tuple[tuple[object, ...], ...]:
    marks: Marks = [mark for pred in pipe.preds for mark in pred.marks]
    made = []
    for _ in range(MANY):
        extra = [rng.randint(1, 9) for _ in params]
        args = pipe.source.inputs(rng, marks + extra + [value + 1 for value in extra])
        made.append((*args, *extra))
    return tuple(made)


def write_program(rng: random.Random, pipe: Pipe, written: Written, tier: Tier) -> Program:
    """Put a pipe and what a collector made of it together.

    Args:
        rng: Source of randomness.
        pipe: What was drawn.
        written: What the collector wrote.
        tier: How hard it is.

    Returns:
        The program.
    """
    source = pipe.source
    given = written.gives or not source.out
    extra = [param for pred in pipe.preds for param in pred.params]
    extra += pipe.change.params if pipe.change else ()
    params = (*source.params, *extra)
    pieces = [written.short, *(pred.short for pred in pipe.preds[:1])]
    if pipe.change:
        pieces.append(pipe.change.short)
    if len(pieces) < 3:
        pieces.append(source.outs if source.outs and given else source.nouns.split(" ")[0])
    name = "_".join(piece for piece in pieces if piece)
    head = f"def {name}({', '.join(param.name for param in params)}):\n"
    words: list[tuple[str, ...]] = [*written.words, *(source.words if given else ())]
    words += [group for pred in pipe.preds for group in pred.words]
    words += pipe.change.words if pipe.change else ()
    tags = [source.group, written.via]
    tags += ["filter"] if pipe.preds else []
    tags += ["map"] if pipe.change else []
    return Program(
        name=name,
        params=params,
        loop=head + "\n".join(written.body),
        compact=f"{head}    return {written.expression}",
        what=written.what,
        returns=written.returns,
        words=tuple(dict.fromkeys(words)),
        tags=tuple(dict.fromkeys(tags)),
        tier=tier,
        inputs=_inputs(rng, pipe, tuple(extra)),
        via=written.via,
    )


def _tier_of(steps: int) -> Tier:
    return TIERS[min(max(steps, 1), 3) - 1]


def pipeline(
    name: str,
    source: Callable[[random.Random], Source],
    reducer: Reducer,
    *,
    unseen: bool = False,
) -> Family:
    """Make the family of a source and a way to collect.

    Args:
        name: Name of the way to collect.
        source: Draws the source.
        reducer: The way to collect.
        unseen: Whether it is kept out of seed and teacher.

    Returns:
        The family.
    """
    sample = source(random.Random(0))
    shapes: dict[Tier, list[tuple[int, bool]]] = {}
    for preds in range(3):
        for changed in (False, True):
            if preds + changed == 0 or (changed and sample.change is None):
                continue
            if (reducer.pred and not preds) or reducer.change not in (None, changed):
                continue
            steps = preds + changed + sample.cost + reducer.cost
            if steps <= 4:
                shapes.setdefault(_tier_of(steps), []).append((preds, changed))

    def build(rng: random.Random, tier: Tier) -> Program | None:
        preds, changed = rng.choice(shapes[tier])
        pipe = draw_pipe(rng, source(rng), preds, changed)
        if pipe is None or (reducer.kinds is not None and pipe.collected not in reducer.kinds):
            return None
        written = reducer.write(rng, pipe)
        return write_program(rng, pipe, written, tier) if written else None

    tiers = tuple(tier for tier in TIERS if tier in shapes)
    return Family(f"{sample.name}_{name}", sample.group, tiers, build, unseen)
