"""How sure a share of passes makes us: exact bounds, looks that spend error, paired tests.

Owns every figure that a verdict rests on. Knows counts, scores and names only: no example, no
category's meaning, no model. docs/statistics.md says what the verdict promises.
"""

from loop.stats.bootstrap import bootstrap_interval, paired_bootstrap
from loop.stats.bounds import EDGE, clopper_pearson, lower_bound, upper_bound, wilson
from loop.stats.chances import chance_to_pass, power, score_for_power
from loop.stats.finite import most_wrong, sample_to_prove
from loop.stats.multiple import holm
from loop.stats.paired import mcnemar
from loop.stats.samples import item_means, pass_at_k
from loop.stats.shares import apportion
from loop.stats.sizes import items_needed, items_to_decide
from loop.stats.verdicts import (
    alpha_of_look,
    gate_passes,
    passes_needed,
    point_passes_needed,
    verdict,
)

__all__ = [
    "EDGE",
    "alpha_of_look",
    "apportion",
    "bootstrap_interval",
    "chance_to_pass",
    "clopper_pearson",
    "gate_passes",
    "holm",
    "item_means",
    "items_needed",
    "items_to_decide",
    "lower_bound",
    "mcnemar",
    "most_wrong",
    "paired_bootstrap",
    "pass_at_k",
    "passes_needed",
    "point_passes_needed",
    "power",
    "sample_to_prove",
    "score_for_power",
    "upper_bound",
    "verdict",
    "wilson",
]
