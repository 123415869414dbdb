"""What a request is asked from: rows, checks, texts, topics. The same when it is executed again."""

from collections.abc import Mapping, Sequence
from functools import cache

from loop.example import Example, Tier, digest_of
from loop.fulfil.source import Situation
from loop.fulfil.ways import WAYS, Checks, Exemplified, Snippet, Task, checks_of
from loop.fulfil.ways.way import TIERS, Way
from loop.recipe import CategorySection, ModelSource
from loop.records import Exemplar, RequestItem


class Ground:
    """Turns a request item and a number into a planned example."""

    def __init__(
        self,
        section: ModelSource,
        taxonomy: Sequence[CategorySection],
        snippets: Sequence[Snippet],
        topics: Mapping[str, Sequence[str]],
        situation: Situation,
        seed: int,
    ) -> None:
        """Take what there is.

        Args:
            section: Ways, personas, categories with a chain of thought.
            taxonomy: Graders and labels.
            snippets: Real texts.
            topics: Category → topics.
            situation: Rows; what was accepted for this request is not looked at.
            seed: Random seed of what is drawn.
        """
        self._section, self._situation, self._seed = section, situation, str(seed)
        self._categories = {category.name: category for category in taxonomy}
        self._snippets, self._topics = snippets, topics
        self.rows = cache(self._rows)
        self._checks = cache(self._checks_of)
        self._materials = cache(self._ordered)
        self._spread = cache(self._shuffled)
        self._reasoned = cache(self._reasons)
        self._own_checks = {_shown(row): row.checks for row in situation.training if row.checks}

    def _rows(self, category: str) -> tuple[Example, ...]:
        return tuple(row for row in self._situation.training if row.category == category)

    def _checks_of(self, category: str) -> Checks:
        return checks_of(self._categories.get(category), self.rows(category))

    def ways(self, item: RequestItem, number: int) -> list[str]:
        """Say which ways can be used.

        Args:
            item: What is asked for.
            number: Of the call.

        Returns:
            Those of the recipe that have what they start from; self_instruct where none has.
        """
        usable: list[str] = [
            name
            for name in self._section.ways
            if item.format in WAYS[name].formats and self._has(WAYS[name], item, number)
        ]
        return usable or ["self_instruct"]

    def task(self, way: Way, item: RequestItem, number: int, there: Mapping[str, str]) -> Task:
        """Plan one example. All tags, topics and personas meet before one meeting recurs.

        Args:
            way: How it will be asked for.
            item: What is asked for.
            number: Of the call.
            there: What exists already.

        Returns:
            The planned example.
        """
        category = self._categories.get(item.category)
        tags = item.tags or ("",)
        topics = self._spread(tuple(self._topics.get(item.category, ())), item.id) or [""]
        personas = self._spread(self._section.personas, item.id) or [""]
        turn, tag = divmod(number, len(tags))
        topic = (turn + tag) % len(topics)
        persona = (turn // len(topics) + topic + tag) % len(personas)
        material = self._material(way, item, number, tags[tag])
        return Task(
            item=item,
            checks=self._checks(item.category),
            number=number,
            tag=tags[tag],
            topic=topics[topic],
            persona=personas[persona],
            row=material if isinstance(material, Example) else None,
            snippet=material if isinstance(material, Snippet) else None,
            labels=category.labels if category and item.format == "label" else (),
            reasoned=self._reasoned(item.category),
            there=there,
        )

    def exemplars(self, item: RequestItem) -> list[Exemplified]:
        """Give an item's exemplars with the checks of their rows.

        Args:
            item: What is asked for.

        Returns:
            One each, in order.
        """
        return [Exemplified(each, self._own_checks.get(_of(each), {})) for each in item.exemplars]

    def _reasons(self, category: str) -> bool:
        rows = self.rows(category)
        thinking = sum(row.rationale is not None for row in rows)
        return category in self._section.rationale or 2 * thinking > len(rows)

    def _has(self, way: Way, item: RequestItem, number: int) -> bool:
        if way.needs == "nothing":
            return True
        there = len(self._materials(way.needs, item.category, item.tier, ""))
        # A second answer to one instruction would be refused as a copy.
        return number < there if way.needs == "pool" else there > 0

    def _material(
        self, way: Way, item: RequestItem, number: int, tag: str
    ) -> Example | Snippet | None:
        if way.needs == "nothing":
            return None
        found = self._materials(way.needs, item.category, item.tier, tag)
        start = int(digest_of(self._seed, item.id), 16)
        return found[(start + number) % len(found)]

    def _ordered(
        self, needs: str, category: str, tier: Tier, tag: str
    ) -> Sequence[Example | Snippet]:
        """What a way may start from, shuffled; each item begins at a place of its own."""
        if needs == "snippets":
            return sorted(self._snippets, key=lambda one: digest_of(self._seed, one.text))
        rows = self._unused(category, tier) if needs == "pool" else self._sources(category, tier)
        if needs == "training":
            rows = [row for row in rows if tag in row.tags] or rows
        return sorted(rows, key=lambda row: digest_of(self._seed, row.id))

    def _unused(self, category: str, tier: Tier) -> list[Example]:
        trained = {row.prompt_id for row in self.rows(category)}
        return [
            row
            for row in self._situation.pool
            if (row.category, row.tier) == (category, tier)
            and not row.history
            and row.prompt_id not in trained
        ]

    def _sources(self, category: str, tier: Tier) -> list[Example]:
        """Rows to grow an example from: none that is harder than what is asked for."""
        rows = [row for row in self.rows(category) if not row.history]
        rank = TIERS.index(tier)
        return [row for row in rows if TIERS.index(row.tier) <= rank] or rows

    def _shuffled(self, values: tuple[str, ...], item: str) -> list[str]:
        return sorted(values, key=lambda value: digest_of(self._seed, item, value))


def _shown(row: Example) -> tuple[str, str, str]:
    return row.instruction, row.input, row.output


def _of(exemplar: Exemplar) -> tuple[str, str, str]:
    return exemplar.instruction, exemplar.input, exemplar.output
