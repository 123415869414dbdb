"""Asks the pool, then the teacher, checks every delivery, and asks again for what is missing."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from pydantic import ValidationError

from loop.example import Example
from loop.fulfil.teacher import Teacher, delivered
from loop.recipe import TeacherSection
from loop.records import Curated, Fulfilment, GenerationRequest, Rejected, RequestItem

Accept = Callable[[tuple[Example, ...], tuple[Example, ...]], Curated]
"""(candidates, what is already trained on) → kept and rejected; the holdout is inside it."""


def _from_pool(item: RequestItem, pool: Sequence[Example], count: int) -> list[Example]:
    """Unused seed rows of the item's category and tier, those with its tags first."""
    wanted = set(item.tags)
    fitting = [row for row in pool if (row.category, row.tier) == (item.category, item.tier)]
    fitting.sort(key=lambda row: -len(wanted & set(row.tags)))
    return [_of_item(row, item, row.source) for row in fitting[:count]]


def _of_item(row: Example, item: RequestItem, source: str) -> Example:
    return row.model_copy(update={"origin": item.id, "source": source})


def _read(
    raw: Any,  # noqa: ANN401 - a teacher may return anything
    item: RequestItem,
    source: str,
    row: int,
) -> Example | Rejected:
    """A teacher's row as an Example, or why it is none."""

    def rejected(reason: str, detail: str) -> Rejected:
        return Rejected(
            reason=reason,
            detail=detail,
            file=item.id,
            row=row,
            category=item.category,
            raw=repr(raw)[:2000],
        )

    if not isinstance(raw, dict):
        return rejected("not_an_object", f"a {type(raw).__name__}, not an object")
    try:
        example = Example.model_validate({**raw, "source": source, "origin": item.id})
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        return rejected("bad_field", f"{place}: {first['msg']}")
    if (example.category, example.tier) != (item.category, item.tier):
        return rejected(
            "not_as_asked",
            f"{example.category}/{example.tier} for {item.category}/{item.tier}",
        )
    return example


def fulfil(
    request: GenerationRequest,
    pool: tuple[Example, ...],
    training: tuple[Example, ...],
    section: TeacherSection,
    *,
    teacher: Teacher | None,
    accept: Accept,
) -> Fulfilment:
    """Fulfil a request.

    Args:
        request: What is asked for.
        pool: Training-side rows that no round has used yet; free, so drawn first.
        training: What is already trained on; nothing the same is accepted.
        section: Attempts, and whether the pool comes first.
        teacher: Who is asked once the pool is dry, or None.
        accept: Judges candidates: own checks, duplicates, overlap with the holdout.

    Returns:
        Accepted and rejected deliveries, and what is still missing per category.
    """
    accepted: dict[str, list[Example]] = {item.id: [] for item in request.items}
    rejected: list[Rejected] = []
    used: set[str] = set()
    received = 0

    def missing(item: RequestItem) -> int:
        return item.count - len(accepted[item.id])

    def judge(candidates: list[Example]) -> None:
        taken = tuple(example for rows in accepted.values() for example in rows)
        curated = accept(tuple(candidates), training + taken)
        for example in curated.kept:
            accepted[example.origin].append(example)
        rejected.extend(curated.rejected)

    def draw() -> list[Example]:
        drawn: list[Example] = []
        for item in request.items:
            fresh = [row for row in pool if row.id not in used]
            rows = _from_pool(item, fresh, missing(item))
            used.update(row.id for row in rows)
            drawn += rows
        return drawn

    if section.pool_first:
        # A rejected pool row is replaced from the pool, so drawing goes on until it gives nothing.
        while drawn := draw():
            received += len(drawn)
            judge(drawn)
    for attempt in range(section.attempts if teacher is not None else 0):
        assert teacher is not None
        candidates: list[Example] = []
        wants = [(item, count) for item in request.items if (count := missing(item))]
        source = f"synthetic:{teacher.name}"
        for (item, count), given in zip(wants, delivered(teacher, wants, attempt), strict=True):
            # A teacher that returns more than was asked for is cut, so that budgets hold.
            for row, raw in enumerate(given[:count], 1):
                received += 1
                read = _read(raw, item, source, row)
                if isinstance(read, Rejected):
                    rejected.append(read)
                else:
                    candidates.append(read)
        if candidates:
            judge(candidates)

    kept = tuple(example for item in request.items for example in accepted[item.id])
    asked: Counter[str] = Counter()
    short: Counter[str] = Counter()
    for item in request.items:
        asked[item.category] += item.count
        short[item.category] += missing(item)
    from_pool = {row.id for row in pool}
    sources = Counter("pool" if row.id in from_pool else row.source for row in kept)
    return Fulfilment(
        round=request.round,
        accepted=kept,
        rejected=tuple(rejected),
        received=received,
        requested=dict(asked),
        by_source=dict(sources),
        shortfall={name: count for name, count in short.items() if count},
    )
