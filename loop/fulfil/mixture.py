"""What a round trains on: the seed dose first, then whatever was accepted since."""

from collections import Counter
from collections.abc import Mapping

from loop.example import Example
from loop.records import Mixture


def seed_dose(
    pool: tuple[Example, ...], doses: Mapping[str, int], carried: tuple[Example, ...] = ()
) -> Mixture:
    """Take round 1's examples from the training side.

    Args:
        pool: Training-side examples; their order decides.
        doses: Examples per category of the taxonomy; a category with fewer gives all it has.
        carried: What an earlier run trained on or accepted, all of which is trained on again.

    Returns:
        The mixture: what is carried on, then the dose in the order of the pool.
    """
    taken: Counter[str] = Counter()
    chosen = []
    for example in pool:
        if taken[example.category] < doses.get(example.category, 0):
            taken[example.category] += 1
            chosen.append(example)
    return Mixture(examples=(*carried, *chosen), new=len(carried) + len(chosen))


def grow(mixture: Mixture, accepted: tuple[Example, ...], removed: tuple[str, ...] = ()) -> Mixture:
    """Add a round's accepted examples.

    Args:
        mixture: What the last round trained on.
        accepted: What was accepted since.
        removed: Ids of examples that may be trained on no longer.

    Returns:
        The next mixture; the new examples stand last.
    """
    out = set(removed)
    old, new = (
        tuple(example for example in rows if example.id not in out)
        for rows in (mixture.examples, accepted)
    )
    return Mixture(examples=old + new, new=len(new))
