"""Who answers delivered instructions again, where nothing else checks the answer."""

from pydantic import Field

from loop.recipe.api import ApiSection
from loop.recipe.review import Origin
from loop.recipe.section import Section, Share


class AgreementSection(Section):
    """A model that is given delivered instructions alone; its answers must agree with theirs."""

    api: ApiSection
    """The model that wrote the rows, or better another one: two models err less alike."""
    answers: int = Field(3, ge=2, le=20)
    """Answers asked for per row."""
    min_share: Share = 0.5
    """Share of them that must agree with the delivered one."""
    similarity: Share | None = None
    """chrF from which two free texts agree; where none is said, free texts are not asked about."""
    kinds: tuple[Origin, ...] = Field(("synthetic",), min_length=1)
    """Sources whose rows are asked about."""
    categories: tuple[str, ...] = ()
    """Only rows of these; none named is all. Rows that passed checks of their own never are."""
