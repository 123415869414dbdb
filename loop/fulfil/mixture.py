"""What a round trains on: the seed dose first, then whatever was accepted since."""

from collections import Counter

from loop.example import Example
from loop.recipe import CategorySection
from loop.records import Mixture


def seed_dose(
    pool: tuple[Example, ...], dose: int, taxonomy: tuple[CategorySection, ...]
) -> Mixture:
    """Take round 1's examples from the training side.

    Args:
        pool: Training-side examples; their order decides.
        dose: Examples per category; a category with fewer gives all it has.
        taxonomy: The categories.

    Returns:
        The mixture, in the order of the pool.
    """
    taken: Counter[str] = Counter()
    names = {category.name for category in taxonomy}
    chosen = []
    for example in pool:
        if example.category in names and taken[example.category] < dose:
            taken[example.category] += 1
            chosen.append(example)
    return Mixture(examples=tuple(chosen), new=len(chosen))


def grow(mixture: Mixture, accepted: tuple[Example, ...]) -> Mixture:
    """Add a round's accepted examples.

    Args:
        mixture: What the last round trained on.
        accepted: What was accepted since.

    Returns:
        The next mixture; the new examples stand last.
    """
    return Mixture(examples=mixture.examples + accepted, new=len(accepted))
