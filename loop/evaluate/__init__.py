"""Answers holdout items with a model and grades them, category by category, through lm-eval.

The only stage that imports lm_eval. A look at the gate leaves as a ruling; no answer and no score
goes with it.
"""

from loop.evaluate.gate import look
from loop.evaluate.score import evaluate

__all__ = ["evaluate", "look"]
