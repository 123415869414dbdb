"""A small pool on disk, and what mining it needs."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from loop.curate import faults_alone
from loop.example import Example, Tier
from loop.fulfil import Delivery, Situation, Want
from loop.fulfil.mine import Means, Mine
from loop.recipe import CategorySection, CurationSection, OpenSource, SeedSection
from loop.records import Fulfilment, Rejected, RequestItem
from loop.seed import read_rows

CITIES = ("Rome", "Oslo", "Lima", "Cairo", "Quito", "Minsk", "Dakar", "Hanoi", "Tunis", "Sofia")
FRUITS = ("plums", "pears", "figs", "limes", "dates", "kiwis", "melons", "grapes")
TAXONOMY = (
    CategorySection(name="capitals", weight=0.5, target=0.5, format="text", grader="normalised"),
    CategorySection(name="sums", weight=0.5, target=0.5, format="json", grader="exact"),
)


def capital(city: str, number: int = 0) -> dict[str, str]:
    """A question of geography."""
    asked = f"Of which country is the city of {city} the capital, and since which year ({number})?"
    return {"instruction": asked, "output": f"It has been a capital since {1800 + number}."}


def total(fruit: str, number: int) -> dict[str, str]:
    """A question of arithmetic with a JSON answer."""
    asked = f"Add {number} {fruit} to {number + 3} {fruit} and give the total as JSON."
    return {"instruction": asked, "output": json.dumps({"total": 2 * number + 3})}


def chatter(number: int) -> dict[str, str]:
    """Something else."""
    moods = ("gloomy", "merry", "sleepy", "restless", "proud", "shy", "bold")
    things = ("teapot", "lantern", "violin", "umbrella", "sailboat", "anvil")
    mood, thing = moods[number % 7], things[number % 6]
    asked = f"Write verse number {number} of a song about a {mood} {thing} that dreams."
    return {"instruction": asked, "output": f"Sing, {mood} {thing}, of what night {number} brings."}


def known(rows: Iterable[dict[str, str]], category: str, **given: Any) -> list[Example]:
    """Training-side rows of a category."""
    return [Example.model_validate({**row, "category": category, **given}) for row in rows]


def training() -> tuple[Example, ...]:
    """Both categories, as the training side has them."""
    geography = [capital(city, 20 + place) for place, city in enumerate(CITIES)]
    arithmetic = [total(fruit, 40 + place) for place, fruit in enumerate(FRUITS)]
    return (*known(geography, "capitals"), *known(arithmetic, "sums"))


def reading(folder: Path) -> Callable[[OpenSource, str], Iterator[Example | Rejected]]:
    """Read files as the loop does."""

    def read(source: OpenSource, file: str) -> Iterator[Example | Rejected]:
        section = SeedSection(
            files=(file,), shape=source.shape, columns=source.columns, categories=source.labels
        )
        return read_rows((file,), section, (), folder)

    return read


def mine(folder: Path, read: Any = None, embed: Any = None, **keys: Any) -> Mine:
    """A mine of the files that `pool` wrote."""
    section = OpenSource(**{"name": "open", "files": ("pool.jsonl",), **keys})
    curation = CurationSection()
    means = Means(read or reading(folder), faults_alone(TAXONOMY, curation), embed)
    return Mine(section, TAXONOMY, curation, folder, folder / "run", 7, means)


def pool(folder: Path, rows: Iterable[object], name: str = "pool.jsonl") -> None:
    """Write a pool."""
    (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows))


def mixed() -> list[dict[str, str]]:
    """Five rows of arithmetic among two hundred of something else."""
    rows = [chatter(number) for number in range(200)]
    for place in range(5):
        rows[40 * place + 7] = total(FRUITS[place], 100 * (place + 1))
    return rows


ARITHMETIC = [40 * place + 8 for place in range(5)]
"""Row numbers of those, from 1."""


def item(category: str = "sums", tier: Tier = "simple", tags: tuple[str, ...] = ()) -> RequestItem:
    """One line of a request."""
    return RequestItem(
        id="r01-001", category=category, tier=tier, tags=tags, count=9, format="json"
    )


def situation(
    rows: Sequence[Example] | None = None, history: tuple[Fulfilment, ...] = ()
) -> Situation:
    """What a source may look at."""
    return Situation(1, tuple(training() if rows is None else rows), (), (), history)


def drawn(source: Mine, count: int, where: Situation | None = None, **keys: Any) -> list[Delivery]:
    """Draw once."""
    return list(source.deliver([Want(item(**keys), count)], 0, where or situation()))


def rows_of(deliveries: Iterable[Delivery]) -> list[int]:
    """Row numbers, ascending."""
    return sorted(int(each.id.split("-")[1]) for each in deliveries)
