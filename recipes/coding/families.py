"""All program families, and drawing programs from them. Owns which are kept unseen."""

import random
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

from coding import (
    families_algorithms,
    families_conditions,
    families_matches,
    families_numbers,
    families_values,
)
from coding import reducers as by
from coding import sources as src
from coding import sources_keyed as keyed
from coding import sources_pairs as two
from coding.pipelines import Reducer, pipeline
from coding.program import Family, Program, Tier
from coding.running import outcomes
from coding.sources import Source

_ALL: tuple[tuple[Callable[[random.Random], Source], dict[str, Reducer], bool], ...] = (
    (
        src.list_source,
        {
            "list": by.LISTED,
            "sum": by.SUMMED,
            "count": by.COUNTED,
            "extreme": by.EXTREME,
            "any": by.ANY,
            "all": by.ALL,
            "first": by.FIRST,
            "sorted": by.SORTED,
            "dict": by.MAPPED,
            "cases": by.CASED,
        },
        False,
    ),
    (src.list_source, {"set": by.UNIQUE}, True),
    (
        src.words_source,
        {
            "list": by.LISTED,
            "count": by.COUNTED,
            "sum": by.SUMMED,
            "any": by.ANY,
            "all": by.ALL,
            "first": by.FIRST,
            "join": by.JOINED,
            "sorted": by.SORTED,
            "dict": by.MAPPED,
            "cases": by.CASED,
        },
        False,
    ),
    (src.words_source, {"set": by.UNIQUE}, True),
    (
        src.sentence_source,
        {"list": by.LISTED, "count": by.COUNTED, "join": by.JOINED},
        False,
    ),
    (src.sentence_source, {"extreme": by.EXTREME, "dict": by.MAPPED}, True),
    (
        src.chars_source,
        {"join": by.JOINED, "count": by.COUNTED, "list": by.LISTED, "any": by.ANY, "all": by.ALL},
        False,
    ),
    (
        src.range_source,
        {"list": by.LISTED, "sum": by.SUMMED, "count": by.COUNTED, "dict": by.MAPPED},
        False,
    ),
    (
        src.digits_source,
        {"sum": by.SUMMED, "count": by.COUNTED, "list": by.LISTED, "any": by.ANY, "all": by.ALL},
        True,
    ),
    (
        keyed.values_source,
        {"sum": by.SUMMED, "count": by.COUNTED, "list": by.LISTED, "extreme": by.EXTREME,
         "any": by.ANY, "all": by.ALL},
        False,
    ),
    (keyed.keys_source, {"list": by.LISTED, "count": by.COUNTED, "first": by.FIRST}, False),
    (keyed.keys_source, {"sorted": by.SORTED, "set": by.UNIQUE}, True),
    (
        keyed.records_source,
        {"list": by.LISTED, "count": by.COUNTED, "any": by.ANY, "all": by.ALL, "first": by.FIRST},
        False,
    ),
    (keyed.grid_source, {"list": by.LISTED, "sum": by.SUMMED, "count": by.COUNTED}, False),
    (two.pairs_source, {"list": by.LISTED, "sum": by.SUMMED, "count": by.COUNTED}, False),
    (two.neighbours_source, {"list": by.LISTED, "count": by.COUNTED, "any": by.ANY,
                             "all": by.ALL}, False),
    (two.zipped_source, {"list": by.LISTED, "sum": by.SUMMED, "count": by.COUNTED}, True),
    (two.positions_source, {"list": by.LISTED, "first": by.FIRST}, False),
    (two.rows_source, {"list": by.LISTED, "count": by.COUNTED, "sum": by.SUMMED}, False),
    (two.rows_source, {"any": by.ANY, "all": by.ALL}, True),
)  # fmt: skip


_TAIL = 4
"""The first family is drawn (_TAIL + n) / _TAIL times as often as the nth."""


@lru_cache(maxsize=1)
def families() -> tuple[Family, ...]:
    """Give every family, unseen ones too.

    Returns:
        The families; names are unique.
    """
    pipelines = [
        pipeline(name, source, reducer, unseen=unseen)
        for source, reducers, unseen in _ALL
        for name, reducer in reducers.items()
    ]
    return (
        *pipelines,
        *families_numbers.FAMILIES,
        *families_conditions.FAMILIES,
        *families_values.FAMILIES,
        *families_algorithms.FAMILIES,
        *families_matches.FAMILIES,
    )


def seen_families() -> tuple[Family, ...]:
    """Give the families that seed and teacher may draw from.

    Returns:
        The families that are not unseen.
    """
    return tuple(family for family in families() if not family.unseen)


def unseen_families() -> tuple[Family, ...]:
    """Give the families that no training example comes from.

    Returns:
        The unseen families.
    """
    return tuple(family for family in families() if family.unseen)


def verified(program: Program) -> bool:
    """Check by execution that both forms do the same and that it is worth asking for.

    Args:
        program: A program just built.

    Returns:
        Whether the forms agree on every input, and on most of them give a result.
    """
    results = outcomes(program.compact, program.name, program.inputs)
    right = [result for result in results if not result.startswith("!")]
    if len(right) < 6 or len(set(right)) < 2:
        return False
    if program.loop == program.compact:
        return True
    return results == outcomes(program.loop, program.name, program.inputs)


def programs(rng: random.Random, tier: Tier, choice: Sequence[Family]) -> Iterator[Program]:
    """Draw verified programs of a tier without end, in a long tail as real tasks come.

    Args:
        rng: Source of randomness.
        tier: How hard they are to be.
        choice: Families to draw from, the commonest first; at least one has the tier.

    Yields:
        Programs; the same one may come again.

    Raises:
        ValueError: No family has the tier.
    """
    fitting = [family for family in choice if tier in family.tiers]
    if not fitting:
        raise ValueError(f"no family has tier {tier}")
    weights = [1 / (_TAIL + place) for place in range(len(fitting))]
    while True:
        (family,) = rng.choices(fitting, weights)
        for _ in range(8):
            program = family.build(rng, tier)
            if program is not None and verified(program):
                yield Program(**{**vars(program), "family": family.name})
                break
