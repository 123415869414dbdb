"""What curation refuses a row for by that row alone: for who chooses rows before it sees them."""

from collections.abc import Callable, Sequence

from loop.curate.findings import Findings, actions_of
from loop.curate.rule import Context
from loop.curate.rules import row_checks
from loop.example import Example
from loop.recipe import CategorySection, CurationSection


def faults_alone(
    taxonomy: Sequence[CategorySection], section: CurationSection
) -> Callable[[Sequence[Example]], list[str | None]]:
    """Make the check; it counts no tokens and runs no grader.

    Args:
        taxonomy: Categories and their formats.
        section: Limits and actions.

    Returns:
        Rows → per row the first reason code that takes it, or None.

    Raises:
        RecipeError: curation.actions names a code that does not exist.
    """
    checks = row_checks(Context({category.name: category for category in taxonomy}, section))
    actions = Findings(0, actions_of(section))
    taking = [(code, check) for code, check in checks if actions.action(code.code) not in _KEEP]

    def faults(rows: Sequence[Example]) -> list[str | None]:
        return [next((code.code for code, check in taking if check(row)), None) for row in rows]

    return faults


_KEEP = ("flag", "off")
