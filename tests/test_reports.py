"""The curation reports of a run: what they count, and what they must not show."""

from collections.abc import Sequence
from typing import Any

from loop.curate import Curator, curate, report_on_deliveries, report_on_seed
from loop.example import Example
from loop.neighbours import text_key
from loop.recipe import CategorySection, CurationSection
from loop.records import (
    Curated,
    CurationReport,
    Fate,
    FileRead,
    Flag,
    Fulfilment,
    Mixture,
    Rejected,
    SeedData,
)
from loop.report.curation import curation_report, curation_summary

TAXONOMY = (
    CategorySection(name="note", weight=1, target=0.8, format="text"),
    CategorySection(name="route", weight=1, target=0.8, format="text"),
)
SECTION = CurationSection()


def count_tokens(texts: Sequence[str]) -> list[int]:
    return [len(text.split()) for text in texts]


def row(text: str, output: str = "Done and dusted.", number: int = 1, **more: object) -> Example:
    given = {"instruction": text, "output": output, "category": "note"}
    return Example.model_validate({**given, "origin": f"seed.jsonl:{number}", **more})


def task(word: str) -> str:
    return " ".join(f"{word}{n}" for n in range(30))


HELD, KEPT = row(task("held"), number=1), row(task("kept"), number=2)


def seed_report(*rows: Example, unread: tuple[Rejected, ...] = ()) -> CurationReport:
    """Curate rows of which those that begin with `held` are held out afterwards."""
    given: tuple[Any, ...] = (TAXONOMY, SECTION, {}, count_tokens, {}, 0)
    curated = curate(rows, (), (), *given)
    held = tuple(each for each in curated.kept if each.instruction.startswith("held"))
    pool = tuple(each for each in curated.kept if each not in held)
    return report_on_seed(
        SeedData(examples=rows, rejected=unread, received=len(rows) + len(unread)),
        curated,
        pool,
        TAXONOMY,
        SECTION,
        0,
        files=(FileRead(file="seed.jsonl", shape="native", rows=0),),
        count_tokens=count_tokens,
        touches=Curator(pool, held, *given).touches,
        notes=lambda rows: [f"{len(rows)} rows noted"],
    )


def test_every_row_of_the_seed_is_accounted_for() -> None:
    unread = Rejected(reason="bad_json", file="seed.jsonl", row=4, raw="{")
    copy = row(KEPT.instruction, number=3, source="synthetic:x")
    report = seed_report(HELD, KEPT, copy, unread=(unread,))
    assert (report.whole.received, report.whole.kept) == (4, 2)
    assert report.whole.rejected == {"bad_json": 1, "exact_duplicate": 1}
    assert {part.name: part.received for part in report.by_source} == {
        "human": 2, "synthetic": 1, "": 1,
    }  # fmt: skip
    assert (report.files[0].shape, report.files[0].rows) == ("native", 4)
    assert report.lengths[0].rows == 2
    assert "3 rows noted" in report.notes


def test_a_copy_of_a_training_row_is_shown_with_its_reason() -> None:
    report = seed_report(HELD, KEPT, row(KEPT.instruction, number=3))
    assert report.reasons[0].samples[0].instruction == KEPT.instruction


def test_no_row_is_shown_that_is_held_out_or_like_one() -> None:
    words = HELD.instruction.split()
    report = seed_report(
        HELD,
        KEPT,
        row(HELD.instruction, number=3),
        row(f"{HELD.instruction} more", "Done otherwise.", number=4),
        row(" ".join(words), "It goes on, and", number=5),
        row("What was asked?", HELD.instruction + " and", number=6),
        row(task("free"), "It goes on, and", number=7),
        unread=(Rejected(reason="bad_json", raw=f"{{{HELD.instruction}"),),
    )
    text = curation_report(report, {}) + report.model_dump_json()
    assert {found.reason for found in report.reasons} == {
        "truncated_output", "exact_duplicate", "near_duplicate", "bad_json",
    }  # fmt: skip
    assert words[3] not in text
    assert "free3" in text


def test_a_chain_of_copies_that_ends_at_a_held_out_row_is_not_shown() -> None:
    middle = row("middling words of no kind", number=2)
    last = row("lastly words of another kind", number=3)
    curated = Curated(
        kept=(HELD, KEPT),
        rejected=tuple(
            Rejected(reason="paraphrase", category="note", matched=of.id, example=each)
            for each, of in ((middle, HELD), (last, middle))
        ),
        received=4,
    )
    rows = (HELD, KEPT, middle, last)
    report = report_on_seed(
        SeedData(examples=rows, rejected=(), received=4),
        curated,
        (KEPT,),
        TAXONOMY,
        SECTION,
        0,
        files=(),
        count_tokens=count_tokens,
        touches=lambda rows: [False for _ in rows],
        notes=lambda rows: [],
    )
    assert [sample.instruction for sample in report.reasons[0].samples] == ["", ""]


def test_of_flagged_rows_only_training_rows_are_shown() -> None:
    flags = tuple(Flag(id=each.id, reason="secret_plan", detail="x") for each in (HELD, KEPT))
    curated = Curated(kept=(HELD, KEPT), rejected=(), received=2, flags=flags)
    report = report_on_seed(
        SeedData(examples=(HELD, KEPT), rejected=(), received=2),
        curated,
        (KEPT,),
        TAXONOMY,
        SECTION,
        0,
        files=(),
        count_tokens=count_tokens,
        touches=lambda rows: [False for _ in rows],
        notes=lambda rows: [],
    )
    assert report.flags[0].rows == 2
    assert [sample.instruction for sample in report.flags[0].samples] == ["", KEPT.instruction]


def test_the_evidence_of_an_assignment_quotes_no_other_row() -> None:
    open_one = row("Something nobody knows.", category="unassigned", number=3)
    curated = Curated(
        kept=(KEPT,),
        rejected=(
            Rejected(
                reason="unassigned", detail=HELD.instruction, category="unassigned",
                example=open_one, review=True,
            ),
        ),
        received=2,
    )  # fmt: skip
    report = report_on_seed(
        SeedData(examples=(KEPT, open_one), rejected=(), received=2),
        curated,
        (KEPT,),
        TAXONOMY,
        SECTION,
        0,
        files=(),
        count_tokens=count_tokens,
        touches=lambda rows: [False for _ in rows],
        notes=lambda rows: [],
    )
    (sample,) = report.reasons[0].samples
    assert (sample.instruction, sample.detail) == (open_one.instruction, "")


def delivered(
    accepted: tuple[Example, ...], rejected: tuple[Rejected, ...], mixture: tuple[Example, ...]
) -> CurationReport:
    origins = [row.origin for row in accepted]
    origins += [row.example.origin if row.example else row.file for row in rejected]
    fates = tuple(
        Fate(id=each, source=each.split("/")[1], category="note", tier="simple")
        for each in origins
        if "/" in each
    )
    fulfilment = Fulfilment(
        round=1,
        fates=fates,
        accepted=accepted,
        rejected=rejected,
        received=len(accepted) + len(rejected),
        requested={"note": 5},
        shortfall={},
    )
    return report_on_deliveries(
        fulfilment,
        Mixture(examples=mixture, new=len(mixture)),
        TAXONOMY,
        SECTION,
        0,
        count_tokens=count_tokens,
        touches=lambda rows: [text_key(each.instruction).startswith("held") for each in rows],
        notes=lambda rows: [],
    )


def test_deliveries_are_counted_by_source_item_and_reason() -> None:
    made = row("Made.", origin="r01-001/writer/1", source="synthetic:teacher")
    refused = row("No.", origin="r01-002/writer/2", source="synthetic:teacher")
    report = delivered(
        (KEPT.model_copy(update={"origin": "r01-001/pool/0"}), made),
        (
            Rejected(reason="refusal", category="note", file="r01-002", example=refused),
            Rejected(reason="not_an_object", category="note", file="r01-002/writer/3", raw="3"),
        ),
        (),
    )
    assert {part.name: (part.received, part.kept) for part in report.by_source} == {
        "pool": (1, 1), "writer": (3, 1),
    }  # fmt: skip
    assert {part.name: part.kept for part in report.by_file} == {"r01-001": 2, "r01-002": 0}
    text = "\n".join(curation_summary(report, "curation.md"))
    assert "| writer | 3 | 1 | 33.3 % | 0 | 2 | not_an_object 1, refusal 1 |" in text
    assert "curation.md" in text
    page = curation_report(report, {}, "deliveries of round 1")
    assert page.startswith("# 2 of 4 deliveries of round 1 kept (50.0 %)")
    assert "| Request item |" in page


def test_balance_and_diversity_are_of_all_that_is_trained_on_next() -> None:
    mixture = tuple(row(f"Note {n} about {n * n}.", f"Answer {n}.") for n in range(60))
    report = delivered((row("New.", category="route"),), (), mixture)
    assert {each.category: each.kept for each in report.balance.categories} == {
        "note": 60, "route": 1,
    }  # fmt: skip
    assert report.diversity[0].rows == 60
    assert report.lengths[0].rows == 1


def test_a_delivery_like_a_held_out_row_is_counted_and_not_shown() -> None:
    lost = Rejected(reason="refusal", category="note", example=row("Held words"))
    report = delivered((), (lost,), ())
    assert report.reasons[0].rows == 1
    assert report.reasons[0].samples[0].instruction == ""
