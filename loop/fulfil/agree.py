"""Asks a model for its own answers to delivered instructions, where nothing else checks the answer.

What a teacher invents, it seldom invents twice: an answer that the same instruction does not bring
about again is not trained on. Where the answers agree with one another and not with the delivered
one, either may be wrong, and a person decides.
"""

from collections.abc import Mapping, Sequence

from loop.api import Asks, Call, Message, Reply
from loop.budget import OverBudget
from loop.example import Example, digest_of
from loop.fulfil.alike import Alike, alike_for
from loop.fulfil.fulfil import Accept
from loop.graders import Grader
from loop.recipe import AgreementSection, CategorySection
from loop.records import Curated, Rejected

AGREEMENT = "agreement"
"""Quality score of a row that was asked about: the share of the answers that agree with its own."""
_CHECKED = "checks"
"""Quality score of a row whose answer passed its own checks."""
_LONGEST = 200
"""Characters of an answer that are shown to a person."""


class Agreeing:
    """Accepts what another judge of deliveries accepts and repeated answers bear out."""

    def __init__(
        self,
        accept: Accept,
        section: AgreementSection,
        asks: Asks,
        taxonomy: Sequence[CategorySection],
        graders: Mapping[str, Grader],
        seed: int,
    ) -> None:
        """Take the model; sends nothing yet.

        Args:
            accept: Judges first, and for free.
            section: What is asked, and how much must agree.
            asks: Who answers.
            taxonomy: All categories.
            graders: By category; one that asks a judge is not among them.
            seed: Sent along with the calls.
        """
        self._accept, self._section, self._asks = accept, section, asks
        self._categories = {category.name: category for category in taxonomy}
        self._graders, self._seed = graders, seed

    def __call__(
        self, candidates: tuple[Example, ...], existing: tuple[Example, ...] = ()
    ) -> Curated:
        """Judge a batch: nothing is asked about a row that falls without.

        Args:
            candidates: Rows to judge.
            existing: What is trained on already.

        Returns:
            Kept rows, with the share of agreeing answers where they were asked about, and the
            others with their reasons. What cannot be paid for is set aside for a person.
        """
        curated = self._accept(candidates, existing)
        compared = {row.id: alike for row in curated.kept if (alike := self._alike(row))}
        answers = self._answers([row for row in curated.kept if row.id in compared])
        kept: list[Example] = []
        lost: list[Rejected] = []
        for row in curated.kept:
            if (alike := compared.get(row.id)) is None:
                kept.append(row)
                continue
            ruled = self._ruled(row, alike, answers.get(row.prompt_id))
            if isinstance(ruled, Example):
                kept.append(ruled)
            else:
                lost.append(ruled)
        left = {row.id for row in kept}
        return Curated(
            kept=tuple(kept),
            rejected=(*curated.rejected, *lost),
            received=curated.received,
            flags=tuple(flag for flag in curated.flags if flag.id in left),
        )

    def _alike(self, row: Example) -> Alike | None:
        """How answers to a row are compared; None where it is not asked about."""
        section = self._section
        kind = row.source.partition(":")[0]
        if kind not in section.kinds or _CHECKED in row.quality:
            return None
        if section.categories and row.category not in section.categories:
            return None
        category, grader = self._categories[row.category], self._graders.get(row.category)
        return alike_for(row, category, grader, section.similarity)

    def _answers(self, rows: Sequence[Example]) -> dict[str, tuple[str, ...]]:
        """Answers by the prompt's id; none for a prompt that could not be paid for."""
        calls = {row.prompt_id: self._call(row) for row in rows}
        prompts = {call.id: prompt for prompt, call in calls.items()}
        answers: dict[str, tuple[str, ...]] = {}
        try:
            for reply in self._asks.stream(calls.values()):
                answers[prompts[reply.call.id]] = _said(reply)
        except OverBudget:
            # What was answered counts; the other rows go to a person.
            pass
        finally:
            self._asks.close()
        return answers

    def _call(self, row: Example) -> Call:
        category, count = self._categories[row.category], self._section.answers
        turns = tuple(Message(turn.role, turn.content) for turn in row.history)
        asked = "\n\n".join(filter(None, (row.prompt, _form(category))))
        name = digest_of(AGREEMENT, self._asks.name, row.prompt_id, asked, str(count))
        seed = int(digest_of(str(self._seed), name)[:7], 16)
        return Call(name, (*turns, Message("user", asked)), candidates=count, seed=seed)

    def _ruled(
        self, row: Example, alike: Alike, answers: tuple[str, ...] | None
    ) -> Example | Rejected:
        """What answers make of a row."""
        if answers is None:
            detail = "the budget was spent before it was asked about"
            return _lost(row, "agreement_unpaid", detail, review=True)
        count = self._section.answers
        agree = sum(alike(row.output, answer) for answer in answers)
        if agree >= self._section.min_share * count:
            share = round(agree / count, 4)
            return row.model_copy(update={"quality": {**row.quality, AGREEMENT: share}})
        for other in answers:
            votes = sum(alike(other, answer) for answer in answers)
            if votes > count / 2 and votes > 1:
                detail = f"{votes} of {count} answers agree on {other[:_LONGEST]!r}"
                return _lost(row, "answer_contradicted", detail, review=True)
        return _lost(row, "answers_disagree", f"{agree} of {count} answers agree with it")


def _said(reply: Reply) -> tuple[str, ...]:
    """The answers, without what a model thinks aloud first."""
    return tuple(text.rpartition("</think>")[2].strip() for text in reply.texts)


def _form(category: CategorySection) -> str:
    """What a model must be told of the form of an answer, so that its answers can be compared."""
    if category.format == "label" and category.labels:
        return f"Answer with one of these and nothing else: {', '.join(category.labels)}"
    if category.format == "text":
        return ""
    return f"Answer with the {category.language or category.format} alone."


def _lost(row: Example, reason: str, detail: str, review: bool = False) -> Rejected:
    return Rejected(
        reason=reason,
        detail=detail.encode("utf-8", "replace").decode(),
        file=row.origin,
        category=row.category,
        example=row,
        review=review,
    )
