"""Asks the sources in their order, checks every delivery, and asks again for what is missing."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from loop.budget import OverBudget
from loop.example import Example
from loop.fulfil.read import read
from loop.fulfil.source import Delivery, Holds, Situation, Source, Waiting, Want
from loop.recipe import SourceSection
from loop.records import (
    Curated,
    Fate,
    Flag,
    Fulfilment,
    GenerationRequest,
    Rejected,
    RequestItem,
    Yield,
)

Accept = Callable[[tuple[Example, ...], tuple[Example, ...]], Curated]
"""(candidates, what is already trained on) → kept and rejected; the holdout is inside it."""

_VERIFIED = frozenset({"checks", "agreement"})
"""Quality scores of a row whose answer was verified: by its own checks, or by repeated answers."""


@dataclass
class _Order:
    """A request while it is being fulfilled."""

    request: GenerationRequest
    situation: Situation
    accept: Accept
    accepted: dict[str, list[Example]] = field(default_factory=dict)
    held: Counter[str] = field(default_factory=Counter)
    """Per item what a source that is waited for may still bring."""
    rejected: list[Rejected] = field(default_factory=list)
    fates: list[Fate] = field(default_factory=list)
    flags: list[Flag] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    """Deliveries by their ids."""
    notes: list[str] = field(default_factory=list)

    @cached_property
    def checked(self) -> frozenset[str]:
        """Categories whose examples have checks of their own."""
        return frozenset(row.category for row in self.situation.training if row.checks)

    @cached_property
    def verified(self) -> frozenset[str]:
        """Categories whose examples are run against their checks; a recipe may have it off."""
        marked = (row for row in self.situation.training if "checks" in row.quality)
        return frozenset(row.category for row in marked)

    @property
    def taken(self) -> tuple[Example, ...]:
        """Accepted so far, item by item."""
        return tuple(row for item in self.request.items for row in self.accepted.get(item.id, ()))

    def missing(self, item: RequestItem) -> int:
        """Examples still to be asked for."""
        return item.count - len(self.accepted.get(item.id, ())) - self.held[item.id]

    def judge(self, name: str, deliveries: Sequence[Delivery]) -> int:
        """Check deliveries and take what may be trained on; how many were taken."""
        items = {item.id: item for item in self.request.items}
        came: list[tuple[str, Delivery, Example | Rejected]] = []
        for delivery in deliveries:
            key = f"{delivery.item}/{name}/{delivery.id}"
            got = read(delivery, items[delivery.item], key, twice=key in self.seen)
            came.append((key, delivery, got))
            self.seen.add(key)
        candidates = tuple(got for _, _, got in came if isinstance(got, Example))
        curated = Curated(kept=(), rejected=(), received=0)
        if candidates:
            ours = {key for key, each, _ in came if isinstance(each.raw, Example)}
            judged = self.accept(candidates, self.situation.training + self.taken)
            curated = self._verified(judged, ours)
        self.rejected += [got for _, _, got in came if isinstance(got, Rejected)]
        self.rejected += curated.rejected
        self.flags += curated.flags
        for row in curated.kept:
            self.accepted.setdefault(row.origin.partition("/")[0], []).append(row)
        reasons = {row.example.origin: row.reason for row in curated.rejected if row.example}
        ids = {row.origin: row.id for row in curated.kept}
        for key, delivery, got in came:
            item = items[delivery.item]
            known = "" if isinstance(got, Rejected) else ids.get(key, got.id)
            fate = Fate(
                id=key,
                source=name,
                way=delivery.way,
                category=item.category,
                tier=item.tier,
                author=delivery.author,
                nano=delivery.nano,
                seconds=delivery.seconds,
                example=known,
                reason=got.reason if isinstance(got, Rejected) else reasons.get(key, ""),
            )
            self.fates.append(fate)
        return len(curated.kept)

    def _verified(self, curated: Curated, ours: Collection[str]) -> Curated:
        """Take out what a model made and nothing checks, where the category is one with checks.

        What is ours was curated before, and some checks may not have been run then.
        """
        lost = [
            row
            for row in curated.kept
            if row.source.startswith("synthetic:")
            and row.origin not in ours
            and row.category in self.checked
            and _VERIFIED.isdisjoint(row.quality)
            and not (row.checks and row.category not in self.verified)
        ]
        if not lost:
            return curated
        out = {row.origin for row in lost}
        detail = "examples of its category have checks; it has none that its answer passed"
        rejected = [
            Rejected(
                reason="unverified",
                detail=detail,
                file=row.origin,
                category=row.category,
                example=row,
            )
            for row in lost
        ]
        kept = tuple(row for row in curated.kept if row.origin not in out)
        ids = {row.id for row in kept}
        return curated.model_copy(
            update={
                "kept": kept,
                "rejected": (*curated.rejected, *rejected),
                "flags": tuple(flag for flag in curated.flags if flag.id in ids),
            }
        )


def fulfil(
    request: GenerationRequest,
    pool: tuple[Example, ...],
    training: tuple[Example, ...],
    sections: Sequence[SourceSection],
    history: tuple[Fulfilment, ...],
    *,
    sources: Mapping[str, Source],
    accept: Accept,
) -> Fulfilment:
    """Fulfil a request.

    Args:
        request: What is asked for.
        pool: Training-side rows that no round has used yet.
        training: What is already trained on; nothing the same is accepted.
        sections: Who may be asked for what, in order.
        history: What came of earlier requests.
        sources: Who is asked, by the name of its section.
        accept: Judges candidates: own checks, duplicates, overlap with the holdout.

    Returns:
        Accepted and rejected deliveries, and what is still missing per category.

    Raises:
        Waiting: People have not delivered everything yet; all other sources were asked. Executed
            again, this costs nothing twice.
    """
    order = _Order(request, Situation(request.round, training, pool, (), history), accept)
    waits: list[Waiting] = []
    for section in sections:
        source = sources[section.name]
        try:
            waited = _ask(order, section, source)
        finally:
            if isinstance(source, Holds):
                source.close()
        if waited:
            waits.append(waited)
    if waits:
        raise Waiting("\n".join(map(str, waits)))
    asked: Counter[str] = Counter()
    short: Counter[str] = Counter()
    for item in request.items:
        asked[item.category] += item.count
        short[item.category] += order.missing(item)
    return Fulfilment(
        round=request.round,
        accepted=order.taken,
        rejected=tuple(order.rejected),
        fates=tuple(order.fates),
        flags=tuple(order.flags),
        received=len(order.fates),
        requested=dict(asked),
        yields=yields_of(order.fates),
        shortfall={name: count for name, count in short.items() if count > 0},
        notes=tuple(order.notes),
    )


def _ask(order: _Order, section: SourceSection, source: Source) -> Waiting | None:
    """Ask one source until nothing that it may bring is missing, or it brings nothing any more."""
    room = int(section.max_share * order.request.count + 1e-9)
    for attempt in range(section.attempts):
        wants = _wants(order, section, room)
        if not wants:
            break
        left = Counter({want.item.id: want.count for want in wants})
        came: list[Delivery] = []
        waiting: Waiting | None = None
        dry: OverBudget | None = None
        rejected = tuple(order.rejected)
        situation = replace(order.situation, accepted=order.taken, rejected=rejected)
        try:
            for delivery in source.deliver(wants, attempt, situation):
                # A source that returns more than was asked for is cut, so that budgets hold.
                if left[delivery.item] > 0:
                    left[delivery.item] -= 1
                    came.append(delivery)
        except Waiting as error:
            waiting = error
        except OverBudget as error:
            dry = error
        room -= order.judge(section.name, came)
        if waiting is not None:
            for want in wants:
                order.held[want.item.id] += min(want.count, max(0, order.missing(want.item)))
            return waiting
        if dry is not None:
            order.notes.append(f"{section.name}: {dry}")
            break
        if not came:
            break
    if room <= 0 < sum(want.count for want in _wants(order, section, order.request.count)):
        order.notes.append(
            f"{section.name}: gave its share of {section.max_share:.0%} of what was asked for"
        )
    return None


def _wants(order: _Order, section: SourceSection, room: int) -> list[Want]:
    """What is missing and may come from a source, as far as there is room for it."""
    wants: list[Want] = []
    for item in order.request.items:
        fits = not section.categories or item.category in section.categories
        fits = fits and (not section.tiers or item.tier in section.tiers)
        count = min(order.missing(item), room)
        if fits and count > 0:
            wants.append(Want(item, count))
            room -= count
    return wants


def yields_of(fates: Sequence[Fate]) -> tuple[Yield, ...]:
    """Count deliveries by source and way.

    Args:
        fates: What became of each.

    Returns:
        One record per source and way, in the order in which they first came.
    """
    groups: dict[tuple[str, str], list[Fate]] = {}
    for fate in fates:
        groups.setdefault((fate.source, fate.way), []).append(fate)
    return tuple(
        Yield(
            source=source,
            way=way,
            received=len(group),
            accepted=sum(not fate.reason for fate in group),
            nano=_total([fate.nano for fate in group]),
            seconds=sum(fate.seconds for fate in group),
            rejected=dict(Counter(fate.reason for fate in group if fate.reason).most_common()),
        )
        for (source, way), group in groups.items()
    )


def _total(amounts: Sequence[int | None]) -> int | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known) if len(known) == len(amounts) else None
