"""Finds the phrasing that a whole category shares, so that a common template is no likeness."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from loop.example import Example
from loop.neighbours.text import ngrams, shingles, tokens
from loop.recipe import CurationSection

Phrasing = Mapping[str, frozenset[str]]
"""Per category: the shingles and n-grams that are phrasing, not content."""

FEWEST_ROWS = 6
"""Fewer rows share a phrase by being copies of one another, whatever their share."""


def shared_phrasing(examples: Iterable[Example], section: CurationSection) -> Phrasing:
    """Find the shingles and n-grams that stand in a large share of a category's rows.

    Rows whose prompts read the same count once: copies make nothing a common phrase.

    Args:
        examples: All rows known, of any side; order makes no difference.
        section: Length of the n-grams and the share from which one is phrasing.

    Returns:
        Phrasing per category.
    """
    prompts: dict[str, dict[tuple[str, ...], None]] = defaultdict(dict)
    for example in examples:
        prompts[example.category][tuple(tokens(example.instruction, example.input))] = None
    phrasing = {}
    for category, distinct in prompts.items():
        counts: Counter[str] = Counter()
        for prompt in distinct:
            words = list(prompt)
            counts.update(shingles(words) | ngrams(words, section.ngram))
        least = max(FEWEST_ROWS, math.ceil(section.shared_phrasing * len(distinct)))
        phrasing[category] = frozenset(gram for gram, count in counts.items() if count >= least)
    return phrasing
