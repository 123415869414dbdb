"""Which pages are written where, and what closes a run."""

import json
from collections import Counter

from loop.fulfil import yields_of
from loop.parts import Parts
from loop.records import (
    CategoryScore,
    Decision,
    Evaluation,
    Sample,
    Summary,
    UnseenScore,
)
from loop.report import chart, round_report, run_report, to_html
from loop.report.curation import curation_files
from loop.review import doubted_items
from loop.rounds import Course, judge_notes
from loop.rundir import RunDirectory
from loop.stopping import shipped
from loop.vault import Vault


def publish_round(run: RunDirectory, parts: Parts, course: Course, number: int) -> None:
    """Write a round's report and the chart so far.

    Args:
        run: The run directory.
        parts: What the recipe names.
        course: What the rounds so far have given.
        number: The round to report on.
    """
    step, taxonomy = f"round-{number:02d}", parts.recipe.taxonomy
    text = round_report(
        course.weakness[number],
        tuple(course.weakness[: number + 1]),
        course.mixtures[number],
        course.requests[number],
        course.fulfilments[number] if number < len(course.fulfilments) else None,
        course.adapters[number],
        {
            name.removeprefix(f"{step}/"): seconds
            for name, seconds in run.ledger.seconds.items()
            if name.startswith(f"{step}/")
        },
        taxonomy,
        course.curations.get(number),
        course.guards[number] if course.guards else None,
        judge_notes(run, parts),
        course.reviews.get(number),
    )
    if (curation := course.curations.get(number)) is not None:
        subject = f"deliveries of round {number}"
        for name, page in curation_files(curation, f"{step}/curation", subject).items():
            run.write_text(name, page)
    picture = chart(tuple(course.weakness[: number + 1]), taxonomy)
    title = f"{parts.recipe.name}, round {number}"
    run.write_text(f"{step}/report.md", text)
    run.write_text(f"{step}/scores.svg", picture)
    run.write_text(f"{step}/report.html", to_html(text, title, picture))
    run.write_timing()


def _unseen_scores(samples: tuple[Sample, ...], files: dict[str, str]) -> tuple[UnseenScore, ...]:
    keys = [(files[sample.example_id], sample.category) for sample in samples]
    total = Counter(keys)
    passed = Counter(key for key, sample in zip(keys, samples, strict=True) if sample.grade.passed)
    return tuple(
        UnseenScore(file=file, category=category, passed=passed[file, category], total=number)
        for (file, category), number in total.items()
    )


def publish_run(
    run: RunDirectory, parts: Parts, vault: Vault, course: Course, decision: Decision
) -> Summary:
    """Choose what to ship, open final where the run closes, and write the run's pages.

    Args:
        run: The run directory.
        parts: What the recipe names.
        vault: Keeps the holdout.
        course: What the rounds have given.
        decision: Why the loop stops.

    Returns:
        The summary.

    Raises:
        ValueError: The decision is not one to stop.
    """
    if decision.outcome is None:
        raise ValueError(f"not a decision to stop: {decision}")
    barred = [each.round for each in course.guards if each.refused]
    number, by, because = shipped(tuple(course.weakness), tuple(course.rulings), barred)
    adapter = course.adapters[number]
    scores: tuple[CategoryScore, ...] = ()
    unseen: tuple[UnseenScore, ...] = ()
    if decision.outcome in ("met", "finished"):
        scores = vault.open_final(number, adapter).scores
        if parts.unseen:
            inputs = (parts.unseen, "unseen", number, adapter)
            folder = run.path / "unseen" / "answers"
            step = "unseen/evaluation"
            measured = run.once(step, Evaluation, parts.measure, *inputs, folder=folder)
            files = {item.id: item.origin.partition(".jsonl")[0] for item in parts.unseen}
            unseen = _unseen_scores(measured.samples, files)
        run.ledger.once("closed", "summary", detail=decision.reason)
        if doubted := doubted_items(vault.split.diagnose, course.weakness):
            run.write_text("holdout/doubted.jsonl", doubted)
    summary = Summary(
        name=parts.recipe.name,
        outcome=decision.outcome,
        reason=decision.reason,
        rounds=len(course.weakness) - 1,
        shipped_round=number,
        shipped_by=by,
        shipped_because=because,
        adapter=adapter.folder if adapter else None,
        verdict_rule=parts.recipe.stopping.verdict,
        weakness=tuple(course.weakness),
        rulings=tuple(course.rulings),
        final=scores,
        unseen=unseen,
        fulfilments=tuple(
            dict(Counter(example.category for example in each.accepted)) if each else {}
            for each in course.fulfilments
        ),
        yields=yields_of([fate for each in course.fulfilments if each for fate in each.fates]),
    )
    text = run_report(summary, parts.recipe, vault.split.notes, run.ledger.seconds)
    picture = chart(tuple(course.weakness), parts.recipe.taxonomy)
    fields = json.dumps(summary.model_dump(mode="json"), indent=1, ensure_ascii=False)
    run.write_text("summary.json", fields + "\n")
    run.write_text("report.md", text)
    run.write_text("scores.svg", picture)
    run.write_text("report.html", to_html(text, parts.recipe.name, picture))
    run.write_timing()
    return summary
