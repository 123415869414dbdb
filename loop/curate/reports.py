"""The curation reports of a run: on its seed, and on what each round delivered.

They stand where people and teachers may read them, so no row is shown that is held out, that a
held-out row is like, or of which that cannot be told. Files beside the report hold every row.
"""

from collections.abc import Callable, Sequence

from loop.curate.codes import ALL_CODES
from loop.curate.describe import InRun, describe
from loop.curate.examine import CountTokens
from loop.curate.table import Table
from loop.example import Example
from loop.recipe import CategorySection, CurationSection
from loop.records import (
    Curated,
    CurationReport,
    FileRead,
    Flag,
    Fulfilment,
    Mixture,
    Rejected,
    SeedData,
)

Touches = Callable[[Sequence[Example]], list[bool]]
"""Per row whether it is, or is like, something that is measured."""
Notes = Callable[[Sequence[Example]], list[str]]
"""What a reader must know of the scores of rows."""
_OF_SEED = "Diversity is that of the training side; all other figures are of all rows."
_OF_ROUND = (
    "Lengths are those of the deliveries accepted; balance and diversity are those of all that the "
    "next round trains on."
)


def _source(row: Example | Rejected) -> str:
    example = row if isinstance(row, Example) else row.example
    return example.source if example else ""


def _origin(row: Example | Rejected) -> str:
    if isinstance(row, Example):
        return row.origin
    return row.example.origin if row.example else row.file


def _table(
    rows: Sequence[Example | Rejected],
    sources: Sequence[str],
    files: Sequence[str],
    flags: Sequence[Flag],
    count_tokens: CountTokens,
) -> Table:
    table = Table()
    lengths = iter(count_tokens([row.output for row in rows if isinstance(row, Example)]))
    marks = {flag.id: flag.reason for flag in reversed(flags)}
    for place, (row, source, file) in enumerate(zip(rows, sources, files, strict=True)):
        kept = isinstance(row, Example)
        example = row if isinstance(row, Example) else row.example
        table.append(
            category=row.category,
            source=source,
            file=file,
            tier=example.tier if example else "",
            prompt=-1,
            output=next(lengths) if kept else -1,
        )
        if isinstance(row, Rejected):
            table.settle(place, "review" if row.review else "reject", row.reason)
        elif row.id in marks:
            table.flag(place, marks[row.id])
    return table


def report_on_seed(
    seed: SeedData,
    curated: Curated,
    pool: Sequence[Example],
    taxonomy: Sequence[CategorySection],
    section: CurationSection,
    number: int,
    *,
    files: Sequence[FileRead],
    count_tokens: CountTokens,
    touches: Touches,
    notes: Notes,
) -> CurationReport:
    """Describe what was read and what became of it.

    Args:
        seed: What was read.
        curated: What was kept of it.
        pool: The training side of what was kept.
        taxonomy: All categories.
        section: Limits.
        number: Seeds the samples.
        files: The layout of each file.
        count_tokens: Counts tokens of the base model.
        touches: Tells what must not be shown.
        notes: What a reader must know of quality scores.

    Returns:
        The report. A kept row is shown only if it stands in the pool; a rejected one only if what
        it repeats does too.
    """
    shown = {row.id for row in pool}
    repeated = {row.example.id: row.matched for row in curated.rejected if row.example}

    def may_show(row: Example | Rejected) -> bool:
        if isinstance(row, Example):
            return row.id in shown
        if row.example is None:
            return False
        seen, matched = {row.example.id}, row.matched
        while matched in repeated and matched not in seen:
            seen.add(matched)
            matched = repeated[matched]
        return (not matched or matched in shown) and not touches([row.example])[0]

    rows: list[Example | Rejected] = [*seed.rejected, *curated.rejected, *curated.kept]
    sources = [_source(row).partition(":")[0] for row in rows]
    places = [_origin(row).rpartition(":") for row in rows]
    names = [place[0] or place[2] for place in places]
    table = _table(rows, sources, names, curated.flags, count_tokens).frame()
    counts = table["file"].value_counts()
    read = [each.model_copy(update={"rows": int(counts.get(each.file, 0))}) for each in files]
    run = InRun(may_show, pool)
    report = describe(table, rows.__getitem__, read, ALL_CODES, taxonomy, section, number, run)
    judged = [row if isinstance(row, Example) else row.example for row in rows]
    return _noted(report, _OF_SEED, notes([row for row in judged if row]))


def report_on_deliveries(
    fulfilment: Fulfilment,
    mixture: Mixture,
    taxonomy: Sequence[CategorySection],
    section: CurationSection,
    number: int,
    *,
    count_tokens: CountTokens,
    touches: Touches,
    notes: Notes,
) -> CurationReport:
    """Describe what was delivered in a round and what became of it.

    Args:
        fulfilment: What came.
        mixture: What the round trained on, to which the accepted rows will be added.
        taxonomy: All categories.
        section: Limits.
        number: Seeds the samples.
        count_tokens: Counts tokens of the base model.
        touches: Tells what must not be shown.
        notes: What a reader must know of quality scores.

    Returns:
        The report; a row's file is the request item that it was delivered for.
    """
    rows: list[Example | Rejected] = [*fulfilment.rejected, *fulfilment.accepted]
    origins = [_origin(row) for row in rows]
    sources = {fate.id: fate.source for fate in fulfilment.fates}

    def may_show(row: Example | Rejected) -> bool:
        if isinstance(row, Example):
            return True
        return row.example is not None and not touches([row.example])[0]

    asked = [sources.get(origin, "") for origin in origins]
    items = [origin.partition("/")[0] for origin in origins]
    table = _table(rows, asked, items, (), count_tokens).frame()
    trained = (*mixture.examples, *fulfilment.accepted)
    run = InRun(may_show, trained, trained)
    report = describe(table, rows.__getitem__, (), ALL_CODES, taxonomy, section, number, run)
    judged = [row if isinstance(row, Example) else row.example for row in rows]
    return _noted(report, _OF_ROUND, notes([row for row in judged if row]))


def _noted(report: CurationReport, first: str, more: Sequence[str]) -> CurationReport:
    return report.model_copy(update={"notes": (first, *report.notes, *more)})
