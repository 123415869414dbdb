"""Prices of tokens: the recipe's first, then genai-prices where it is installed, else unknown."""

import importlib.util
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal
from importlib import metadata
from typing import Any

from loop.recipe import PriceSection

NANO = 10**9
"""Nano-dollars of a dollar: a token of the cheapest models costs some tens of them."""


def usd(nano: int) -> str:
    """Write an amount.

    Args:
        nano: Nano-dollars.

    Returns:
        Dollars, to a hundredth of a cent, rounded up.
    """
    whole = (Decimal(nano) / NANO).quantize(Decimal("0.0001"), ROUND_CEILING)
    return f"{whole:,} USD"


@dataclass(frozen=True)
class Usage:
    """Tokens of one completion."""

    prompt: int
    cached: int
    """Of the prompt's."""
    completion: int
    raw: Mapping[str, Any] = field(default_factory=dict)
    """As the server gave it, numbers only."""


@dataclass(frozen=True)
class Price:
    """What a model's tokens cost, in USD per million."""

    input: Decimal
    cached_input: Decimal
    output: Decimal
    source: str
    """recipe, or the package and version that it was looked up in."""

    def nano(self, usage: Usage) -> int:
        """Say what a completion costs.

        Args:
            usage: Its tokens.

        Returns:
            Nano-dollars, rounded up.
        """
        cached = min(max(usage.cached, 0), max(usage.prompt, 0))
        fresh = max(usage.prompt, 0) - cached
        per_million = fresh * self.input + cached * self.cached_input
        per_million += max(usage.completion, 0) * self.output
        return _nano_of(per_million)

    def worst(self, prompt: int, completion: int) -> int:
        """Say what a completion costs at most.

        Args:
            prompt: Most tokens of the prompt.
            completion: Most tokens of all its candidates.

        Returns:
            Nano-dollars, rounded up.
        """
        dearest = max(self.input, self.cached_input)
        return _nano_of(prompt * dearest + completion * self.output)

    @property
    def row(self) -> dict[str, str]:
        """As it goes into the ledger."""
        return {
            "input": str(self.input),
            "cached_input": str(self.cached_input),
            "output": str(self.output),
            "from": self.source,
        }


def _nano_of(millionths: Decimal) -> int:
    """USD per million tokens, times tokens, in nano-dollars."""
    return int((millionths * (NANO // 10**6)).to_integral_value(ROUND_CEILING))


def price_of(model: str, base_url: str, table: Mapping[str, PriceSection]) -> Price | None:
    """Look a price up.

    Args:
        model: As the recipe names it.
        base_url: Whose server it is; the same name costs nothing on a server of one's own.
        table: The recipe's prices.

    Returns:
        The price, or None where it is unknown.
    """
    if (row := table.get(model)) is not None:
        cached = row.input if row.cached_input is None else row.cached_input
        return Price(row.input, cached, row.output, "recipe")
    if importlib.util.find_spec("genai_prices") is None:
        return None
    return _published(model, base_url)


def _published(model: str, base_url: str) -> Price | None:
    from genai_prices.data_snapshot import get_snapshot

    try:
        _, found = get_snapshot().find_provider_model(model, None, None, base_url)
    except LookupError:
        return None
    prices: Any = found.prices
    rows = [each.prices for each in prices] if isinstance(prices, list) else [prices]
    fresh, cached, output = (
        _dearest(getattr(row, name, None) for row in rows)
        for name in ("input_mtok", "cache_read_mtok", "output_mtok")
    )
    if fresh is None or output is None:
        return None
    source = f"genai-prices {metadata.version('genai-prices')}"
    return Price(fresh, fresh if cached is None else cached, output, source)


def _dearest(prices: Iterable[Any]) -> Decimal | None:
    """Of all hours and tiers: which one a call falls into is known only once it was answered."""
    found: list[Decimal] = []
    for price in prices:
        if isinstance(price, Decimal):
            found.append(price)
        elif price is not None:
            found += [price.base, *(tier.price for tier in price.tiers)]
    return max(found, default=None)
