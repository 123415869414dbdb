"""What the rule that spreads calls over ways of asking costs, on ways whose yields are known.

    python scripts/simulate_ways.py [--seeds 50]

Each simulated run has five requests of 300 examples, up to five waves each. Every way has a true
chance that a reply is accepted, and a true cost. The rule sees what it would see in a run: fates of
deliveries. Compared are cost per accepted example under the rule, under the best fixed mix (all
calls in the one way with the least cost per accepted example, known beforehand) and under the
uniform mix. The thresholds below were fixed before the first run; the script fails beyond them.
"""

import argparse
import math
import random
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Any, cast

from loop.fulfil.source import Want
from loop.fulfil.waves import Mix, Planner, tallies_of
from loop.records import Fate, Fulfilment, RequestItem

MOST_OVER_BEST = 1.15
"""Mean cost per accepted example, against the best fixed mix."""
MOST_OVER_UNIFORM = 1.02
"""The same against the uniform mix, in every scenario."""
CLEAR, MOST_WHERE_CLEAR = 1.5, 0.85
"""Where the uniform mix costs so many times the best, at most this share of it."""
ROUNDS, ATTEMPTS, COUNT, EXPLORE = 5, 5, 300, 0.05


@dataclass(frozen=True)
class Truth:
    """A way as it is."""

    accepted: float
    nano: int
    priced: bool = True

    @property
    def worth(self) -> float:
        """Nano-dollars per accepted example; per call where the price is unknown to the rule."""
        return self.nano / self.accepted


Scenario = list[dict[str, Truth]]
"""The ways, request by request; the last entry holds for the rest."""

SCENARIOS: dict[str, Scenario] = {
    "one way stands out": [
        {
            "self_instruct": Truth(0.20, 1000),
            "evolve": Truth(0.70, 1200),
            "oss_instruct": Truth(0.10, 1500),
            "back_translate": Truth(0.15, 900),
        }
    ],
    "all close to one another": [
        {
            "self_instruct": Truth(0.45, 1000),
            "evolve": Truth(0.60, 1300),
            "oss_instruct": Truth(0.50, 1500),
            "back_translate": Truth(0.35, 800),
            "re_answer": Truth(0.80, 1600),
        }
    ],
    "all the same": [
        {name: Truth(0.6, 1000) for name in ("self_instruct", "evolve", "oss_instruct")}
    ],
    "accepted most but dear": [
        {
            "self_instruct": Truth(0.60, 1000),
            "evolve": Truth(0.95, 6000),
            "oss_instruct": Truth(0.30, 1000),
        }
    ],
    "cheap and bad": [
        {"self_instruct": Truth(0.04, 300), "evolve": Truth(0.7, 1500)},
    ],
    "a bad teacher": [
        {
            "self_instruct": Truth(0.05, 1000),
            "evolve": Truth(0.12, 1000),
            "oss_instruct": Truth(0.02, 1000),
        }
    ],
    "free": [
        {
            "self_instruct": Truth(0.30, 0),
            "evolve": Truth(0.75, 0),
            "oss_instruct": Truth(0.20, 0),
        }
    ],
    "price unknown": [
        {
            "self_instruct": Truth(0.30, 1000, priced=False),
            "evolve": Truth(0.75, 1000, priced=False),
            "oss_instruct": Truth(0.20, 1000, priced=False),
        }
    ],
    "the best runs dry": [
        {"self_instruct": Truth(0.40, 1000), "evolve": Truth(0.80, 1000)},
        {"self_instruct": Truth(0.40, 1000), "evolve": Truth(0.80, 1000)},
        {"self_instruct": Truth(0.40, 1000), "evolve": Truth(0.10, 1000)},
    ],
}


class _Even(Mix):
    """Spreads calls evenly."""

    def draw(self, ways: Sequence[str], category: str, draws: random.Random) -> str:
        return draws.choice(ways)


class _Ground:
    """Which ways there are."""

    def __init__(self, ways: Mapping[str, Truth]) -> None:
        self._ways = list(ways)

    def ways(self, item: RequestItem, number: int) -> list[str]:
        return self._ways

    def rows(self, category: str) -> tuple[()]:
        return ()


class _Stock:
    """Replies that wait, by way."""

    def __init__(self) -> None:
        self.held: list[tuple[str, bool]] = []
        self.copied: dict[str, list[str]] = {"c": []}

    def waiting(self, item: str) -> list[str]:
        return [way for way, _ in self.held]


def cost_of(scenario: Scenario, seed: int, uniform: bool) -> float:
    """Simulate a run.

    Args:
        scenario: The ways.
        seed: Random seed.
        uniform: Spread calls evenly in place of the rule.

    Returns:
        Cost per accepted example: nano-dollars, or calls where that is what the rule can see.
    """
    chances = random.Random(f"{seed}")
    history: list[Fulfilment] = []
    paid, accepted = 0.0, 0
    for number in range(ROUNDS):
        ways = scenario[min(number, len(scenario) - 1)]
        item = RequestItem(id="i", category="c", tier="simple", count=COUNT, format="text")
        stock, fates, missing, first = _Stock(), list[Fate](), COUNT, 0
        for attempt in range(ATTEMPTS):
            if not missing:
                break
            known = tallies_of(history, "s", fates)
            mix = _Even(known, 1.0) if uniform else Mix(known, EXPLORE)
            given = (cast(Any, _Ground(ways)), cast(Any, stock), mix, (), 1, ATTEMPTS - attempt)
            planner = Planner(*given)
            salt = (str(seed), str(number), str(attempt))
            [planned] = planner.plan([Want(item, missing)], {"i": first}, *salt)
            first += len(planned.ways)
            paid += sum(ways[way].nano or 1 for way in planned.ways)
            stock.held += [(way, chances.random() < ways[way].accepted) for way in planned.ways]
            came, stock.held = stock.held[:missing], stock.held[missing:]
            for way, good in came:
                nano = ways[way].nano if ways[way].priced else None
                about: dict[str, Any] = {"id": "x", "source": "s", "category": "c", "nano": nano}
                fates.append(Fate(tier="simple", way=way, reason="" if good else "r", **about))
                missing -= good
                accepted += good
        kept: dict[str, Any] = {"accepted": (), "rejected": (), "requested": {}, "shortfall": {}}
        history.append(Fulfilment(round=number, fates=tuple(fates), received=0, **kept))
    return paid / accepted if accepted else math.inf


def best_of(scenario: Scenario) -> float:
    """Say what the best fixed mix costs.

    Args:
        scenario: The ways.

    Returns:
        Cost per accepted example of the way that costs least over the whole run.
    """
    requests = [scenario[min(number, len(scenario) - 1)] for number in range(ROUNDS)]
    return min(
        mean((ways[name].nano or 1) / ways[name].accepted for ways in requests)
        for name in requests[0]
    )


def main() -> int:
    """Print the table; say whether all thresholds hold.

    Returns:
        The exit code.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=50)
    seeds = range(parser.parse_args().seeds)
    print(f"{'scenario':<26}{'best':>9}{'rule':>9}{'uniform':>9}{'/best':>8}{'/uniform':>10}  held")
    held = True
    for name, scenario in SCENARIOS.items():
        best = best_of(scenario)
        rule = mean(cost_of(scenario, seed, uniform=False) for seed in seeds)
        even = mean(cost_of(scenario, seed, uniform=True) for seed in seeds)
        good = rule <= MOST_OVER_BEST * best and rule <= MOST_OVER_UNIFORM * even
        if even >= CLEAR * best:
            good = good and rule <= MOST_WHERE_CLEAR * even
        held = held and good
        figures = f"{best:>9.1f}{rule:>9.1f}{even:>9.1f}{rule / best:>8.3f}{rule / even:>10.3f}"
        print(f"{name:<26}{figures}  {'yes' if good else 'NO'}")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
