"""Whether every price is known that a budget in USD depends on. Asks nobody, loads no model."""

from collections.abc import Callable
from functools import partial

from pydantic import ValidationError

from loop.api.batch.price import batch_price
from loop.budget import OverBudget, Purse
from loop.judges.openai import OpenAIOptions
from loop.recipe import ApiSection, ModelSource, PeopleSource, PluginSource, Recipe

OPENAI_JUDGE = "loop.judges.openai:OpenAIJudge"
"""The judge whose price can be looked up; a recipe's own says nothing of it."""


def _judges(recipe: Recipe) -> dict[str, ApiSection]:
    """Judges whose model the recipe names, by their keys."""
    asked: dict[str, ApiSection] = {}
    quality = recipe.curation.quality
    judges = {
        "judge": (recipe.judge.use, recipe.judge.options),
        "curation.quality.judge": (quality.judge, quality.options),
    }
    for who, (use, options) in judges.items():
        if use == OPENAI_JUDGE:
            asked[who] = OpenAIOptions.model_validate(options)
    return asked


def check_prices(recipe: Recipe) -> list[str]:
    """Find what a budget in USD refuses, because nobody knows what it may cost.

    Args:
        recipe: The recipe.

    Returns:
        One line each: what is unknown and the way out.
    """
    purse = Purse(recipe.budget, recipe.prices)
    checks: dict[str, Callable[[], object]] = {}
    for each in recipe.sources:
        if isinstance(each, ModelSource) and each.api is not None:
            api, batch = each.api, each.batch
            checks[each.name] = (
                partial(purse.price, api.model, api.base_url, api.max_tokens)
                if batch is None
                else partial(batch_price, api, batch, purse)
            )
        elif isinstance(each, PluginSource | PeopleSource) and each.usd_per_example is None:
            checks[each.name] = partial(purse.needs_price, each.name, None)
    try:
        for key, api in _judges(recipe).items():
            checks[key] = partial(purse.price, api.model, api.base_url, api.max_tokens)
    except ValidationError as error:
        # The values are left out: one of them may be a key that was pasted here by mistake.
        wrong = ((".".join(map(str, each["loc"])), each["msg"]) for each in error.errors())
        return [f"judge: options.{key}: {told}" for key, told in wrong]
    problems = []
    for who, check in checks.items():
        try:
            check()
        except OverBudget as error:
            problems.append(f"{who}: {error}")
    return problems
