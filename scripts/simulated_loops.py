"""Loops without a model: true scores and item difficulty are drawn, everything else is the loop's.

The rules are the very ones of a run: `loop.stopping.decide` says whether to look, go on or stop,
`looks_table` how many passes a look needs, `verdict` what the diagnose items prove.

An item passes in round r if sqrt(c) u + sqrt(1 - c) e_r lies below the normal quantile of the true
score. u is the item's own and stays, e_r is new in each round (training's chance), so that a share
of items equal to the true score passes, and c is how alike two rounds answer the same items.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from loop.recipe import CategorySection, StoppingSection
from loop.records import CategoryWeakness, Decision, GateRuling, Weakness
from loop.stats import alpha_of_look, wilson
from loop.stats import verdict as verdict_of
from loop.stopping import decide, looks_table

DIAGNOSE = 40
"""Diagnose items a category, as in the coding recipe."""
UNDER = 0.001
"""How far below its target a category is that must not be called met."""
CLIMB = 0.1
"""An improving category gains this much a round, until round 3."""
FIXED = 0.99
"""True score of what was fixed after it failed a look: the better the rest, the less it hides."""

Course = Literal["static", "improving", "chasing", "fixing"]
COURSES: dict[Course, str] = {
    "static": "the true scores stay as they are; every round answers anew",
    "improving": "0.3 lower in round 0, 0.1 higher in each of three rounds",
    "chasing": "static; a category that passed a look keeps its answers to the letter, others roll "
    "again",
    "fixing": "what fails a look is truly fixed, what passes stays as it is, lucky or not",
}


@dataclass(frozen=True)
class Setting:
    """What is simulated."""

    gate: int
    """Gate items a category."""
    target: float
    categories: int
    weak: int
    """Categories whose true score stays just below the target; the others end halfway between
    target and 1."""
    alike: float
    """c above: 0, rounds answer independently; 1, they answer the same items alike."""
    course: Course = "static"
    stopping: StoppingSection = field(default_factory=StoppingSection)

    @cached_property
    def taxonomy(self) -> tuple[CategorySection, ...]:
        """Categories of equal weight; the first ones are the weak ones."""
        return tuple(
            CategorySection(name=f"c{i}", weight=1, target=self.target, format="text")
            for i in range(self.categories)
        )


@dataclass(frozen=True)
class Ended:
    """How many simulated loops ended how."""

    loops: int
    met: int
    """Ended as met."""
    wrong: int
    """Ended as met while the model that passed was below a target."""
    looks: int
    """Looks at the gate, over all loops."""


def _truth(setting: Setting, number: int, failed: NDArray[np.bool_]) -> NDArray[np.float64]:
    """True score per loop and category in a round."""
    weak = np.arange(setting.categories) < setting.weak
    under, above = setting.target - UNDER, (setting.target + 1) / 2
    if setting.course == "fixing":
        weak, above = weak & ~failed, FIXED
    scores = np.where(np.broadcast_to(weak, failed.shape), under, above)
    if setting.course == "improving":
        scores -= CLIMB * max(0, 3 - number)
    return scores


class Loops:
    """Many loops of one setting, round by round."""

    def __init__(self, setting: Setting, loops: int, seed: int) -> None:
        """Draw the holdout of each loop.

        Args:
            setting: What is simulated.
            loops: How many.
            seed: The same seed gives the same loops.
        """
        self.setting = setting
        self.random = np.random.default_rng(seed)
        self.shape = (loops, setting.categories)
        self.own = self._normal(DIAGNOSE), self._normal(setting.gate)
        """How hard each diagnose and gate item is: (loops, categories, items)."""
        self.noise = self._normal(setting.gate)
        """What training's chance adds on the gate, as of the loop's last look."""
        self.passed = np.zeros(self.shape, dtype=bool)
        """Which categories passed the loop's last look."""
        self.failed = np.zeros(self.shape, dtype=bool)
        """Which ever failed one."""
        self.passes = looks_table(
            {c.name: setting.gate for c in setting.taxonomy}, setting.taxonomy, setting.stopping
        )
        self.seen: dict[tuple[int, int], CategoryWeakness] = {}

    def _normal(self, items: int) -> NDArray[np.float32]:
        return self.random.standard_normal((*self.shape, items), dtype=np.float32)

    def _count(
        self, own: NDArray[np.float32], noise: NDArray[np.float32], truth: NDArray[np.float64]
    ) -> NDArray[np.int64]:
        c = self.setting.alike
        latent = np.sqrt(np.float32(c)) * own + np.sqrt(np.float32(1 - c)) * noise
        counts: NDArray[np.int64] = (latent <= ndtri(truth)[..., None]).sum(axis=-1)
        return counts

    def _category(self, place: int, passed: int) -> CategoryWeakness:
        """The weakness of a category; loops with equal counts share it."""
        if (place, passed) not in self.seen:
            section, stopping = self.setting.taxonomy[place], self.setting.stopping
            rule = (section.target, stopping.alpha, stopping.verdict)
            low, high = wilson(passed, DIAGNOSE)
            self.seen[place, passed] = CategoryWeakness(
                category=section.name,
                priority=1,
                weight=1 / self.setting.categories,
                target=section.target,
                passed=passed,
                total=DIAGNOSE,
                low=low,
                high=high,
                verdict=verdict_of(passed, DIAGNOSE, *rule),
            )
        return self.seen[place, passed]

    def _weakness(self, number: int, counts: list[int]) -> Weakness:
        found = tuple(self._category(place, passed) for place, passed in enumerate(counts))
        return Weakness(
            round=number,
            categories=found,
            weighted=sum(each.weight * each.score for each in found),
        )

    def _decide(self, history: list[Weakness], rulings: list[GateRuling]) -> Decision:
        categories = self.setting.taxonomy
        gate = {category.name: self.setting.gate for category in categories}
        targets = {category.name: category.target for category in categories}
        stopping = self.setting.stopping
        return decide(tuple(history), tuple(rulings), gate, stopping, targets)

    def _rulings(
        self, which: list[int], look: list[int], number: int, truth: NDArray[np.float64]
    ) -> list[GateRuling]:
        """Score the gate of the loops that look, and rule as a run does."""
        fresh = self.random.standard_normal((len(which), *self.noise.shape[1:]), dtype=np.float32)
        if self.setting.course == "chasing":
            kept = self.passed[which][..., None]
            fresh = np.where(kept, self.noise[which], fresh)
        self.noise[which] = fresh
        counts = self._count(self.own[1][which], fresh, truth[which])
        rulings = []
        for row, loop in enumerate(which):
            needed = {
                name: passes
                for name, by_look in self.passes.items()
                if (passes := by_look[look[row] - 1]) is not None
            }
            met = {
                name: int(counts[row, place]) >= needed[name] for place, name in enumerate(needed)
            }
            self.passed[loop] = list(met.values())
            self.failed[loop] |= ~self.passed[loop]
            rulings.append(
                GateRuling(
                    look=look[row],
                    round=number,
                    alpha=alpha_of_look(look[row], self.setting.stopping.alpha),
                    needed=needed,
                    total={name: self.setting.gate for name in needed},
                    met=met,
                )
            )
        return rulings

    def run(self) -> Ended:
        """Run every loop to its end.

        Returns:
            How they ended.
        """
        histories: list[list[Weakness]] = [[] for _ in range(self.shape[0])]
        rulings: list[list[GateRuling]] = [[] for _ in range(self.shape[0])]
        active, met, wrong = list(range(self.shape[0])), 0, 0
        for number in range(self.setting.stopping.max_rounds + 1):
            truth = _truth(self.setting, number, self.failed)
            below: NDArray[np.bool_] = np.any(truth < self.setting.target, axis=1)
            counts = self._count(self.own[0], self._normal(DIAGNOSE), truth).tolist()
            for loop in active:
                histories[loop].append(self._weakness(number, counts[loop]))
            decided = {loop: self._decide(histories[loop], rulings[loop]) for loop in active}
            looking = [loop for loop in active if decided[loop].action == "gate"]
            looks = [len(rulings[loop]) + 1 for loop in looking]
            for loop, ruling in zip(
                looking, self._rulings(looking, looks, number, truth), strict=True
            ):
                rulings[loop].append(ruling)
                decided[loop] = self._decide(histories[loop], rulings[loop])
            ended = [loop for loop in active if decided[loop].outcome == "met"]
            met += len(ended)
            wrong += int(below[ended].sum())
            active = [loop for loop in active if decided[loop].action == "continue"]
        return Ended(self.shape[0], met, wrong, sum(map(len, rulings)))


def simulate(setting: Setting, loops: int, seed: int) -> Ended:
    """Run loops of one setting.

    Args:
        setting: What is simulated.
        loops: How many.
        seed: The same seed gives the same loops.

    Returns:
        How they ended.
    """
    return Loops(setting, loops, seed).run()
