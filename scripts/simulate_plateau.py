"""How often is a loop that still gains stopped as a plateau? Prints Markdown.

    python scripts/simulate_plateau.py        (ten seconds on one core)

Four categories of 40 diagnose items, equal weights, true scores from 0.45 up by the same gain every
round, with a spread of 0.02 from training's chance; half of an item's difficulty stays its own.
Two rules on the same scores, both with the recipe's patience of two rounds and gain of 0.01: the
loop's own, which compares the mean of the last two rounds with that of the two before, and one that
waits for a round better than the best so far, which is the luckiest so far, too.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from loop.recipe import StoppingSection
from loop.records import CategoryWeakness, Weakness
from loop.stats import EDGE
from loop.stopping import decide

SEED = 20261123
LOOPS = 2_000
CATEGORIES, ITEMS, ROUNDS = 4, 40, 6
START, SPREAD, ALIKE = 0.45, 0.02, 0.5
GAINS = (0.0, 0.01, 0.02, 0.03, 0.05, 0.08)
TARGET = 0.99
"""Out of reach, so that no look at the gate comes first."""
STOPPING = StoppingSection(max_rounds=ROUNDS + 1, min_chance=1.0)


def scores(gain: float) -> NDArray[np.float64]:
    """Draw diagnose scores.

    Args:
        gain: What every true score gains a round.

    Returns:
        Passes by category: (loops, rounds, categories).
    """
    random = np.random.default_rng([SEED, round(gain * 100)])
    own = random.standard_normal((LOOPS, 1, CATEGORIES, ITEMS))
    shape = (LOOPS, ROUNDS + 1, CATEGORIES)
    climb = gain * np.arange(ROUNDS + 1)[None, :, None]
    truth = np.clip(START + climb + SPREAD * random.standard_normal(shape), 0.01, 0.98)
    noise = random.standard_normal((*shape, ITEMS))
    latent = np.sqrt(ALIKE) * own + np.sqrt(1 - ALIKE) * noise
    passed: NDArray[np.float64] = (latent <= ndtri(truth)[..., None]).sum(axis=-1).astype(float)
    return passed


def _weakness(number: int, passed: list[float]) -> Weakness:
    found = tuple(
        CategoryWeakness(
            category=f"c{place}",
            priority=1,
            weight=1 / CATEGORIES,
            target=TARGET,
            passed=int(count),
            total=ITEMS,
            low=0.0,
            high=1.0,
            verdict="undecided",
        )
        for place, count in enumerate(passed)
    )
    return Weakness(round=number, categories=found, weighted=sum(passed) / CATEGORIES / ITEMS)


def stops(history: list[Weakness]) -> bool:
    """Ask the loop's own rule.

    Args:
        history: Rounds so far.

    Returns:
        Whether it stops as a plateau.
    """
    names = [each.category for each in history[0].categories]
    gate, targets = dict.fromkeys(names, 400), dict.fromkeys(names, TARGET)
    return decide(tuple(history), (), gate, STOPPING, targets).outcome == "plateau"


def best_so_far(history: list[Weakness]) -> bool:
    """Wait for a round that beats the best before it.

    Args:
        history: Rounds so far.

    Returns:
        Whether none of the last rounds did, by `min_gain` at least.
    """
    best = history[0]
    for each in history[1:]:
        if each.weighted - best.weighted >= STOPPING.min_gain - EDGE:
            best = each
    return history[-1].round - best.round >= STOPPING.patience


def main() -> None:
    """Print the share of loops that each rule has stopped by round 4 and by round 6."""
    print("| true gain a round | by round | loop's rule | best so far |")
    print("| --- | --- | --- | --- |")
    for gain in GAINS:
        stopped: dict[str, list[int]] = {"own": [], "best": []}
        for course in scores(gain).tolist():
            history = [_weakness(number, passed) for number, passed in enumerate(course)]
            for name, rule in (("own", stops), ("best", best_so_far)):
                rounds = (n for n in range(1, ROUNDS + 1) if rule(history[: n + 1]))
                stopped[name].append(next(rounds, ROUNDS + 1))
        for by in (4, 6):
            own, best = (100 * sum(n <= by for n in each) / LOOPS for each in stopped.values())
            print(f"| {gain:g} | {by} | {own:.0f} % | {best:.0f} % |")


if __name__ == "__main__":
    main()
