"""From a category that a judge grades to its grader."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from loop.budget import Purse
from loop.errors import RecipeError
from loop.graders.pairwise import PairwiseGrader
from loop.graders.rubric import RubricGrader
from loop.judges import make_judge
from loop.judges.asking import REPLIES, Asking
from loop.recipe import CategorySection, JudgeSection


@dataclass(frozen=True)
class Judging:
    """A recipe's judge, and how often it is asked."""

    asking: Asking
    repeats: int
    seed: int
    """Random seed of the prompts' marks."""


def load_judging(
    section: JudgeSection, folder: Path, seed: int, purse: Purse | None = None
) -> Judging | None:
    """Make the judge that a recipe names.

    Args:
        section: The recipe's `judge` section.
        folder: The recipe's folder.
        seed: Random seed.
        purse: Pays; without one nothing is counted.

    Returns:
        The judge, ready to be asked; None where the recipe names none.

    Raises:
        TeacherError: It cannot be imported or made.
    """
    if section.use is None:
        return None
    judge = make_judge("judge.use", section.use, section.options, folder, seed, purse)
    return Judging(Asking(judge, section.options), section.repeats, seed)


@contextmanager
def keeping_replies(
    judging: Judging | None, folder: Path, afterwards: bool = True
) -> Iterator[None]:
    """Keep the judge's replies while items are graded, so that what was killed pays for none twice.

    Args:
        judging: The recipe's judge, if any.
        folder: Where the answers are kept.
        afterwards: Whether they stay when all is graded; those of the gate must not.
    """
    if judging is None:
        yield
        return
    with judging.asking.kept_in(folder):
        yield
    if not afterwards:
        (folder / REPLIES).unlink()


def judged_grader(
    category: CategorySection, judging: Judging | None
) -> RubricGrader | PairwiseGrader:
    """Make the grader of a judged category.

    Args:
        category: Its grader is rubric or pairwise.
        judging: The recipe's judge.

    Returns:
        The grader, for answers that are not blank.

    Raises:
        RecipeError: There is no judge, or the category lacks its rubric or `pass_at`.
    """
    where = f"taxonomy.{category.name}.grader is {category.grader}"
    if judging is None:
        raise RecipeError([f"{where}, which asks a judge; name one in judge.use"])
    if category.pass_at is None:
        raise RecipeError([f"{where}, which needs pass_at"])
    asked = (judging.asking, judging.repeats, judging.seed)
    if category.grader == "pairwise":
        return PairwiseGrader(category, category.pass_at, *asked)
    if category.rubric is None:
        raise RecipeError([f"{where}, which needs a rubric"])
    return RubricGrader(category, category.rubric, category.pass_at, *asked)
