"""A model as the teacher: waves of calls, planned for variety, in the ways that pay off."""

from collections import Counter
from collections.abc import Iterator, Sequence
from types import MappingProxyType

from loop.api import Asks, Call, Message, Reply
from loop.budget import OverBudget
from loop.example import digest_of
from loop.fulfil.source import Delivery, Situation, Want
from loop.fulfil.waves import (
    COMMON,
    Copies,
    Decisions,
    Ground,
    Held,
    Mix,
    Planned,
    Planner,
    Stock,
    tallies_of,
    topics_call,
    topics_from,
    words_of,
)
from loop.fulfil.ways import WAYS, Snippet, Task, Way, prompt_of, row_of, schema_of
from loop.neighbours import Canonical
from loop.recipe import CategorySection, CurationSection, ModelSource
from loop.records import Fate, RequestItem


class Model:
    """Asks for what is missing, wave by wave. What was paid for is never asked for again."""

    def __init__(
        self,
        section: ModelSource,
        asks: Asks,
        seed: int,
        taxonomy: Sequence[CategorySection] = (),
        curation: CurationSection | None = None,
        canonical: Canonical = MappingProxyType({}),
        snippets: Sequence[Snippet] = (),
        decisions: Decisions | None = None,
    ) -> None:
        """Take the model; sends nothing yet.

        Args:
            section: How it is asked.
            asks: The model.
            seed: The run's random seed; each call sends one of its own.
            taxonomy: Graders and labels by category.
            curation: What makes two examples one; as by default where it is not said.
            canonical: Canonical form by category.
            snippets: Real texts for the ways that start from one.
            decisions: Keeps what a wave asks, so that a resume asks the same.
        """
        self.name = asks.name
        self._section, self._asks, self._seed = section, asks, seed
        self._taxonomy, self._snippets = taxonomy, snippets
        self._same = (curation or CurationSection(), canonical)
        self._decisions = decisions or Decisions(None)

    def deliver(
        self, wants: Sequence[Want], attempt: int, situation: Situation
    ) -> Iterator[Delivery]:
        """Ask for a wave, and deliver from it and from what earlier waves left.

        Args:
            wants: What is missing.
            attempt: 0 at first, one more each time a shortfall is asked for again.
            situation: Rows to start from and to compare with, and what came of earlier requests.

        Yields:
            Candidates in the order of their calls; fewer where the server gave no answer.

        Raises:
            OverBudget: The rest cannot be paid for.
        """
        if not attempt:
            self._begin(situation)
        items = [want.item for want in wants]
        self._items |= {item.id: item for item in items}
        self._find_topics(items, situation)
        name = f"{situation.round:02d}/{attempt}"
        wave = self._decisions.once(name, items, lambda: self._plan(wants, attempt, situation))
        spent = self._ask(wave)
        for delivery in self._stock.deliver(wants):
            self._offered.append(delivery)
            yield delivery
        if spent is not None:
            raise spent

    def close(self) -> None:
        """Give back what the model holds: connections, memory, a server."""
        self._asks.close()

    def _begin(self, situation: Situation) -> None:
        """Open a request."""
        self._items: dict[str, RequestItem] = {}
        self._numbers: Counter[str] = Counter()
        self._offered: list[Delivery] = []
        self._topics: dict[str, Sequence[str]] = {}
        copies = Copies((*situation.training, *situation.accepted), *self._same)
        self._stock = Stock(f"synthetic:{self.name}", copies)
        given = (self._section, self._taxonomy, self._snippets, self._topics)
        self._ground = Ground(*given, situation, self._seed)

    def _find_topics(self, items: Sequence[RequestItem], situation: Situation) -> None:
        """Say what the examples of categories that are new in this request are to be about."""
        new = {item.category: item for item in items if item.category not in self._topics}
        for name in new:
            listed = self._section.topics
            rows = [row for row in situation.training if row.category == name]
            self._topics[name] = words_of(rows) if isinstance(listed, str) else listed
        if self._section.topics == "model":
            calls = {name: topics_call(item, self.name) for name, item in new.items()}
            names = {call.id: name for name, call in calls.items()}
            for reply in self._replies(list(calls.values()))[0]:
                named = topics_from(reply.values[0] if reply.values else None)
                name = names[reply.call.id]
                self._topics[name] = named or self._topics[name]
                self._stock.owe(COMMON, reply.nano)

    def _plan(self, wants: Sequence[Want], attempt: int, situation: Situation) -> list[Planned]:
        tallies = tallies_of(situation.history, self._section.name, self._fates(situation))
        planner = Planner(
            ground=self._ground,
            stock=self._stock,
            mix=Mix(tallies, self._section.explore),
            accepted=situation.accepted,
            candidates=self._section.candidates,
            waves=self._section.attempts - attempt,
        )
        return planner.plan(wants, self._numbers, str(self._seed), str(attempt))

    def _fates(self, situation: Situation) -> Iterator[Fate]:
        """What became of this request's deliveries so far."""
        accepted = {row.origin for row in situation.accepted}
        for each in self._offered:
            item, origin = self._items[each.item], f"{each.item}/{self._section.name}/{each.id}"
            yield Fate(
                id=origin,
                source=self._section.name,
                way=each.way,
                category=item.category,
                tier=item.tier,
                nano=each.nano,
                reason="" if origin in accepted else "rejected",
            )

    def _ask(self, wave: Sequence[Planned]) -> OverBudget | None:
        """Send a wave and put what comes of it in stock."""
        asked: dict[str, tuple[Way, Task]] = {}
        calls: list[Call] = []
        for planned in wave:
            self._numbers[planned.item] = planned.first + len(planned.ways)
            item = self._items[planned.item]
            for number, (name, candidates) in enumerate(planned.calls, planned.first):
                way = WAYS[name]
                task = self._ground.task(way, item, number, planned.there)
                calls.append(self._call(way, task, candidates))
                asked[calls[-1].id] = way, task
        given, spent = self._replies(calls)
        replies = {reply.call.id: reply for reply in given}
        held: list[Held] = []
        for call in calls:
            if (reply := replies.get(call.id)) is not None:
                way, task = asked[call.id]
                self._stock.owe(way.name, reply.nano)
                held += _held(reply, way, task)
        self._stock.take(held)
        return spent

    def _replies(self, calls: Sequence[Call]) -> tuple[list[Reply], OverBudget | None]:
        """All replies that can be paid for, and why there are no more."""
        replies: list[Reply] = []
        if not calls:
            return replies, None
        try:
            for reply in self._asks.stream(calls):
                replies.append(reply)
        except OverBudget as error:
            return replies, error
        return replies, None

    def _call(self, way: Way, task: Task, candidates: int) -> Call:
        prompt = prompt_of(way, task, self._ground.exemplars(task.item))
        place = (task.item.id, str(task.number), str(candidates))
        name = digest_of(self._section.name, self.name, way.name, prompt, *place)
        seed = int(digest_of(str(self._seed), name)[:7], 16)
        return Call(name, (Message("user", prompt),), schema_of(way, task), candidates, seed)


def _held(reply: Reply, way: Way, task: Task) -> list[Held]:
    """A reply's candidates; of one that does not follow the schema its text, for the record."""
    return [
        Held(
            id=f"{task.number + 1}-{place}",
            item=task.item,
            way=way.name,
            raw=text if value is None else row_of(way, task, value),
        )
        for place, (text, value) in enumerate(zip(reply.texts, reply.values, strict=True), 1)
    ]
