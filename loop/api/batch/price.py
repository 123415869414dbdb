"""What tokens cost in a batch: the section's price, the recipe's, else the published one."""

import importlib.util
from dataclasses import replace
from decimal import Decimal
from typing import Any

from loop.budget import Price, Purse, Unpriced
from loop.recipe import ApiSection, BatchSection

_RECIPE = "recipe"


def batch_price(api: ApiSection, section: BatchSection, purse: Purse) -> Price | None:
    """Look a batch's price up, before anything is sent.

    Args:
        api: The model.
        section: How it is asked in batches.
        purse: Pays.

    Returns:
        The price, or None where it is unknown and nothing depends on it.

    Raises:
        Unpriced: There is a budget in USD, and no worst case could be reserved.
    """
    if (row := section.price) is not None:
        if purse.left is not None and api.max_tokens is None:
            raise Unpriced(
                f"budget.usd is set and {api.model} is asked without max_tokens, so that a reply "
                "may cost anything; set max_tokens"
            )
        cached = row.input if row.cached_input is None else row.cached_input
        return Price(row.input, cached, row.output, _RECIPE)
    # A file is answered on a machine of one's own, where no published price holds.
    base_url = api.base_url if section.mode == "openai" else ""
    price = purse.price(api.model, base_url, api.max_tokens)
    if price is None or price.source == _RECIPE or importlib.util.find_spec("genai_prices") is None:
        return price
    return _discounted(price, api.model, base_url)


def _discounted(price: Price, model: str, base_url: str) -> Price:
    """The published price for batches; the usual one where none is published."""
    from genai_prices.data_snapshot import get_snapshot

    _, found = get_snapshot().find_provider_model(model, None, None, base_url)
    variants: Any = found.price_variants or ()
    for variant in variants:
        given = variant.prices
        fresh, output = given.input_mtok, given.output_mtok
        if variant.when != {"processing": "batch"}:
            continue
        if isinstance(fresh, Decimal) and isinstance(output, Decimal):
            # Where no discount on cached tokens is published, they are taken to have none.
            cached = given.cache_read_mtok
            cached = cached if isinstance(cached, Decimal) else fresh
            source = f"{price.source}, batch"
            return replace(price, input=fresh, cached_input=cached, output=output, source=source)
    return price
