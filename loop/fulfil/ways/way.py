"""What a way of asking is, and the one planned example that it asks for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from loop.example import Example, Tier
from loop.fulfil.ways.checks import Checks
from loop.fulfil.ways.snippets import Snippet
from loop.records import RequestItem

Needs = Literal["nothing", "training", "pool", "snippets"]
"""What a way starts from: nothing, a row trained on, an unused row of the seed, a real text."""
Part = Literal["instruction", "input", "output"]
TIERS: tuple[Tier, ...] = ("simple", "moderate", "complex")
"""Ascending."""


@dataclass(frozen=True)
class Task:
    """One planned example: what it is to be, and what the prompt for it shows."""

    item: RequestItem
    checks: Checks
    number: int = 0
    """Its place among the calls for this item, from 0."""
    tag: str = ""
    """The sub-skill to exercise; empty leaves it open."""
    topic: str = ""
    persona: str = ""
    row: Example | None = None
    """What it starts from, where the way needs a row."""
    snippet: Snippet | None = None
    """What it starts from, where the way needs a text."""
    labels: tuple[str, ...] = ()
    """What the answer must be one of; empty where it is no label."""
    reasoned: bool = False
    """Whether the category's answers come with a chain of thought."""
    there: Mapping[str, str] = field(default_factory=dict)
    """What exists already, by the name of a part of the prompt."""


@dataclass(frozen=True)
class Way:
    """How to ask for a planned example, and how the reply becomes one."""

    name: str
    """Names the template too: `<name>.md`, beside this file."""
    needs: Needs
    asks: tuple[Part, ...]
    """Parts of the example that the model writes."""
    shows: Callable[[Task], Mapping[str, str]]
    """What it starts from, by the name of a part of the prompt. Shown as data."""
    row: Callable[[Mapping[str, Any], Task], dict[str, Any]]
    """From what the model wrote to the example's instruction, input and output."""
    direction: Callable[[Task], str] = lambda task: ""
    """What the template calls $direction."""
    formats: tuple[str, ...] = ("text", "json", "label", "code")
    """Of answers that can be asked for in this way."""
    thinks: bool = False
    """Ask for the reasoning before the answer even where it is not kept."""
