"""Who judges the answers that no program can, and by what."""

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from loop.recipe.section import PLUGIN, Section

JUDGED = frozenset({"rubric", "pairwise"})
"""Graders that ask a judge."""

_Criterion = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class JudgeSection(Section):
    """A model that grades, for the graders rubric and pairwise. Each answer costs its calls."""

    use: str | None = None
    """`module:attribute` of a judge, for example loop.judges.openai:OpenAIJudge; or none."""
    options: dict[str, Any] = Field(default_factory=dict)
    """Passed to the judge as they are."""
    repeats: int = Field(2, ge=1, le=10)
    """Times each answer is judged, which measures the judge's noise; pairwise asks twice each."""
    second_opinions: int = Field(0, ge=0, le=9)
    """Times the judge answers a failed diagnose item itself, to find wrong references; 0 or at
    least 3. For categories whose grader asks no judge, at most 20 items of each a round. It should
    sample (`options.temperature` above 0): the same answer thrice is one opinion."""
    checked_on: str | None = None
    """File of answers with human verdicts, relative to the recipe: how far the judge is right."""

    @field_validator("second_opinions")
    @classmethod
    def _enough_to_agree(cls, value: int) -> int:
        if value in (1, 2):
            raise ValueError("fewer than 3 opinions decide nothing; write 0 or at least 3")
        return value

    @field_validator("use")
    @classmethod
    def _use_is_plugin(cls, value: str | None) -> str | None:
        if value is not None and not PLUGIN.match(value):
            raise ValueError("a judge is named as module:attribute")
        return value


class RubricSection(Section):
    """What a judge goes by in one category."""

    text: str = Field(min_length=1)
    """What a good answer is, in the words that the judge reads."""
    criteria: dict[_Criterion, Annotated[str, Field(min_length=1)]] = Field(min_length=1)
    """Name → what it asks, best as a question or with what each point means; all count alike."""
    scale: Literal["points", "verdict"] = "points"
    """points: 1 to 5, counted as 0 to 1; verdict: pass or fail, counted as 1 or 0."""

    @field_validator("criteria")
    @classmethod
    def _reason_is_taken(cls, value: dict[str, str]) -> dict[str, str]:
        if "reason" in value:
            raise ValueError("no criterion can be called reason: a reply gives its reason there")
        return value
