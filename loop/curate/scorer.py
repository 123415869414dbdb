"""Scores rows batch after batch, and says what a reader must know of the scores."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from loop import models
from loop.curate.quality import Difficulty, QualityScores, noise_of, score
from loop.curate.rubric import Grades, question
from loop.example import Example
from loop.judges.asking import Asking
from loop.recipe import CategorySection, ModelSection, QualitySection

if TYPE_CHECKING:
    from loop.judges import Judge


def notes_on(judge: str, counts: Mapping[str, int], noise: float | None) -> list[str]:
    """Say what a reader of the report must know of a judge's scores.

    Args:
        judge: Its name.
        counts: As in `QualityScores`.
        noise: Likewise.

    Returns:
        One line each.
    """
    said = (
        f"{judge} judged {counts.get('scored', 0)} rows; {counts.get('unscored', 0)} more got no "
        f"reply that could be read ({counts.get('bad_replies', 0)} such replies)"
    )
    if noise is None:
        return [said]
    return [said, f"two gradings of one row differ by {noise:.2f} points on average"]


class Scorer:
    """Scores rows as a recipe says, and remembers what its judge replied."""

    def __init__(
        self,
        section: QualitySection,
        taxonomy: Sequence[CategorySection],
        judge: "Judge | None",
        difficulty: Difficulty | None,
        seed: int,
        cache: Path | None,
    ) -> None:
        """Read the replies already given.

        Args:
            section: The recipe's `curation.quality` section.
            taxonomy: Categories; empty where there is no taxonomy.
            judge: Who grades, or None.
            difficulty: The base model's view, or None.
            seed: Random seed of the draw and of the prompts' marks.
            cache: JSON lines of replies; None keeps none.
        """
        self.section, self._taxonomy, self._seed = section, taxonomy, seed
        self._difficulty = difficulty
        self.judge: Asking | None = None
        """Who grades, with the replies already given."""
        if judge is not None:
            self.judge = Asking(judge, section.options)
            self.judge.keep_in(cache)

    def __call__(self, rows: Sequence[Example], every: bool = False) -> QualityScores:
        """Score rows.

        Args:
            rows: The rows.
            every: Score all of them, whatever `quality.sample` says.

        Returns:
            Rows in order, with scores filled in.
        """
        section = self.section.model_copy(update={"sample": None}) if every else self.section
        asked = (section, self._taxonomy, self.judge, self._difficulty, self._seed)
        return score(rows, *asked)

    def notes(self, rows: Iterable[Example]) -> list[str]:
        """Say what a reader must know of the scores of rows, from the replies that were kept.

        Args:
            rows: Rows as they were scored, among others.

        Returns:
            One line each; none where no judge was asked about any of them.
        """
        if self.judge is None:
            return []
        graded: list[list[Grades | None]] = []
        for row in {row.id: row for row in rows}.values():
            repeats = range(self.section.repeats)
            asked = (question(row, self._taxonomy, self._seed, repeat) for repeat in repeats)
            known = [reply.value for each in asked if (reply := self.judge.given(each))]
            graded += [known] if known else []
        if not graded:
            return []
        counts: Counter[str] = Counter()
        for gradings in graded:
            bad = gradings.count(None)
            counts["scored" if bad < len(gradings) else "unscored"] += 1
            counts["bad_replies"] += bad
        return notes_on(self.judge.name, counts, noise_of(graded))


def scorer_of(
    section: QualitySection,
    taxonomy: Sequence[CategorySection],
    judge: "Judge | None",
    model: ModelSection,
    run_folder: Path,
    seed: int,
    cache: Path,
) -> Scorer | None:
    """Make what scores rows.

    Args:
        section: The recipe's `curation.quality` section.
        taxonomy: Categories; empty where there is no taxonomy.
        judge: Who grades, or None.
        model: The base model, which is loaded where `quality.difficulty` asks for it.
        run_folder: The run directory.
        seed: Random seed.
        cache: JSON lines of replies.

    Returns:
        None where the recipe asks for no scores.
    """
    if judge is None and not section.difficulty:
        return None

    def difficulty(rows: Sequence[Example]) -> list[float | None]:
        return models.instruction_loss_ratios(rows, models.load(model, run_folder, None), model)

    base = difficulty if section.difficulty else None
    return Scorer(section, taxonomy, judge, base, seed, cache)
