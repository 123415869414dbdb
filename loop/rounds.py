"""The four parts of a round: tune, measure, rule, improve; each step is done once and kept."""

from dataclasses import dataclass, field

from loop import models
from loop.allocate import allocate
from loop.budget import exhausted
from loop.console import line
from loop.curate import report_on_deliveries
from loop.diagnose import diagnose, nearest_training
from loop.fulfil import fulfil, grow, seed_dose
from loop.graders.judged_check import agreement_line
from loop.ledger import hours_in
from loop.parts import Parts
from loop.recipe import JUDGED
from loop.records import (
    Adapter,
    Allocation,
    CurationReport,
    Decision,
    Evaluation,
    Fulfilment,
    GateRuling,
    GenerationRequest,
    Guards,
    JudgeCheck,
    Mixture,
    Reviewed,
    Split,
    Weakness,
)
from loop.report.guards import guard_lines
from loop.report.lines import diagnose_lines, evaluate_lines, fulfil_line, gate_line, train_line
from loop.report.review import review_lines
from loop.request import build_request
from loop.review import review
from loop.rundir import RunDirectory
from loop.stopping import aims, decide
from loop.train import train
from loop.vault import Vault


@dataclass
class Course:
    """What the rounds so far have given, oldest first; index is the round."""

    mixtures: list[Mixture | None] = field(default_factory=list)
    adapters: list[Adapter | None] = field(default_factory=list)
    evaluations: list[Evaluation] = field(default_factory=list)
    weakness: list[Weakness] = field(default_factory=list)
    rulings: list[GateRuling] = field(default_factory=list)
    requests: list[GenerationRequest | None] = field(default_factory=list)
    fulfilments: list[Fulfilment | None] = field(default_factory=list)
    guards: list[Guards] = field(default_factory=list)
    """Empty where the recipe names none."""
    reviews: dict[int, Reviewed] = field(default_factory=dict)
    """What people said of deliveries, by the round that asked for them; empty where nobody does."""
    curations: dict[int, CurationReport] = field(default_factory=dict)
    """What became of the deliveries, by the round that asked for them."""

    @property
    def accepted(self) -> int:
        """Examples accepted so far, the seed dose not counted."""
        return sum(len(each.accepted) for each in self.fulfilments if each)


def tune(run: RunDirectory, parts: Parts, split: Split, course: Course, number: int) -> None:
    """Put the round's mixture together and train on it."""
    step, recipe, before = f"round-{number:02d}", parts.recipe, course.mixtures[-1]
    mixture_step = f"{step}/mixture"
    if before is None:
        mixture = run.once(
            mixture_step,
            Mixture,
            seed_dose,
            split.seeds,
            recipe.seed_doses,
            split.pool[: split.carried],
        )
    else:
        gained, reviewed = course.fulfilments[-1], course.reviews.get(number - 1)
        accepted = gained.accepted if gained else ()
        removed = reviewed.removed if reviewed else ()
        accepted += reviewed.added if reviewed else ()
        mixture = run.once(mixture_step, Mixture, grow, before, accepted, removed)
    inputs = (mixture, recipe.training, recipe.model, course.adapters[-1])
    where = {"folder": run.path / step, "run_folder": run.path}
    seed = parts.seed("train", number)
    adapter = run.once(f"{step}/adapter", Adapter, train, *inputs, **where, seed=seed)
    line(train_line(number, adapter, run.ledger.seconds))
    course.mixtures.append(mixture)
    course.adapters.append(adapter)


def judge_notes(run: RunDirectory, parts: Parts) -> dict[str, str]:
    """Say how far the judge of each judged category was checked against people.

    Args:
        run: The run directory; the check is done once and kept.
        parts: What the recipe names.

    Returns:
        Category → one line, to stand beside its score; empty where no judge grades.
    """
    if parts.judging is None:
        return {}
    check: JudgeCheck | None = None
    if parts.recipe.judge.checked_on is not None:
        check = run.once("judge/check", JudgeCheck, parts.check_judge, folder=run.path / "judge")
    judge = parts.judging.asking.name
    return {
        category.name: agreement_line(judge, check.category(category.name) if check else None)
        for category in parts.recipe.taxonomy
        if category.grader in JUDGED
    }


def measure(run: RunDirectory, parts: Parts, split: Split, course: Course, number: int) -> None:
    """Score diagnose and say what is weak."""
    step, recipe = f"round-{number:02d}", parts.recipe
    notes = judge_notes(run, parts)
    inputs = (split.diagnose, "diagnose", number, course.adapters[-1])
    folder = run.path / step / "diagnose"
    evaluation = run.once(f"{step}/evaluation", Evaluation, parts.measure, *inputs, folder=folder)
    compared = ((*course.evaluations, evaluation), split.diagnose)
    trained = (course.mixtures[-1], course.adapters[-1])
    given = (*compared, *trained, recipe.taxonomy, recipe.weights)
    means = {"stopping": recipe.stopping, "probes": parts.probes}
    weakness = run.once(f"{step}/weakness", Weakness, diagnose, *given, **means)
    course.evaluations.append(evaluation)
    course.weakness.append(weakness)
    told = evaluate_lines(tuple(course.weakness), run.ledger.seconds)
    judged = (f"round {number:02d} | judge    | {name}: {note}" for name, note in notes.items())
    for text in (*told, *judged, *diagnose_lines(weakness)):
        line(text)
    if recipe.evaluation.guards:
        base = course.guards[0] if number else None
        against = (base, number, course.adapters[-1])
        folder = run.path / step / "guards"
        found = run.once(f"{step}/guards", Guards, parts.measure_guards, *against, folder=folder)
        course.guards.append(found)
        for text in guard_lines(found):
            line(text)


def rule(
    run: RunDirectory, parts: Parts, vault: Vault, course: Course, number: int, finish: bool
) -> Decision:
    """Stop, go on, or look at the gate and then stop or go on."""
    step, stopping, taxonomy = f"round-{number:02d}", parts.recipe.stopping, parts.recipe.taxonomy
    targets = {category.name: category.target for category in taxonomy}
    barred = bool(course.guards and course.guards[-1].refused)

    def decided() -> Decision:
        history, rulings = tuple(course.weakness), (*vault.split.rulings, *course.rulings)
        log = run.ledger.entries
        times = hours_in(log), hours_in(log, accelerator=True)
        over = exhausted(parts.recipe.budget, course.accepted, *times)
        return decide(history, rulings, vault.split.gate, stopping, targets, over, barred)

    decision = decided()
    # What was decided before a limit was raised or the clock went on stays decided.
    went_on = run.has(f"round-{number + 1:02d}/evaluation")
    if run.has(f"{step}/gate") or (decision.action == "gate" and not (went_on or finish)):
        look = len(vault.split.rulings) + len(course.rulings) + 1
        ruling = vault.look(look, number, course.adapters[-1])
        course.rulings.append(ruling)
        line(gate_line(ruling))
        decision = decided()
    if went_on:
        return Decision(action="continue", reason="the next round stands already")
    if finish and decision.outcome != "met":
        return Decision(action="stop", outcome="finished", reason="ended by --finish")
    return decision


def review_deliveries(
    run: RunDirectory, parts: Parts, vault: Vault, course: Course, number: int
) -> bool:
    """Have people look over what came, where the recipe says so; whether there is anything new."""
    fulfilments = tuple(each for each in course.fulfilments if each)
    section, accepted = parts.recipe.review, fulfilments[-1].accepted
    if section is None:
        return bool(accepted)
    inputs = (fulfilments, vault.aside, course.mixtures[-1], section, parts.seed("review"))
    means = {
        "folder": run.path / "review",
        "accept": vault.accept_reviewed,
        "touches": vault.accept.touches,
        "purse": parts.purse,
    }
    reviewed = run.once(f"round-{number:02d}/review", Reviewed, review, *inputs, **means)
    course.reviews[number] = reviewed
    for text in review_lines(reviewed):
        line(text)
    out = set(reviewed.removed)
    return bool(reviewed.added) or any(example.id not in out for example in accepted)


def improve(
    run: RunDirectory, parts: Parts, vault: Vault, course: Course, number: int
) -> Decision | None:
    """Ask for the examples that would fix what is weak; a decision to stop if none came."""
    step, recipe, weakness = f"round-{number:02d}", parts.recipe, course.weakness[-1]
    mixture = course.mixtures[-1]
    assert mixture is not None
    looked = course.rulings[-1] if course.rulings and run.has(f"{step}/gate") else None
    failed_gate = tuple(name for name, met in looked.met.items() if not met) if looked else ()
    limit = recipe.budget.examples
    left = recipe.curriculum.round_budget
    budget = left if limit is None else min(left, limit - course.accepted)
    split = vault.split
    look = len(split.rulings) + len(course.rulings) + 1
    aim = aims(split.gate, recipe.taxonomy, recipe.stopping, look)
    plan = (weakness, failed_gate, aim, recipe.curriculum, budget)
    allocation = run.once(f"{step}/allocation", Allocation, allocate, *plan)
    failed = {s.example_id for s in course.evaluations[-1].samples if not s.grade.passed}
    failed.difference_update(weakness.to_review)
    exemplars = {
        category.name: nearest_training(
            [e for e in split.diagnose if e.id in failed and e.category == category.name],
            [e for e in mixture.examples if e.category == category.name],
            recipe.curriculum.exemplars,
        )
        for category in recipe.taxonomy
    }
    ask = (weakness, allocation, exemplars, recipe.taxonomy, recipe.curriculum, number)
    request_step = f"{step}/request"
    request = run.once(request_step, GenerationRequest, build_request, *ask)
    course.requests.append(request)
    used = {example.id for example in mixture.examples}
    used.update(*(each.removed for each in course.reviews.values()))
    pool = tuple(example for example in split.pool if example.id not in used)
    earlier = tuple(each for each in course.fulfilments if each)
    parts.release()
    who = {"sources": parts.sources, "accept": parts.agreeing(vault.accept)}
    inputs = (request, pool, mixture.examples, recipe.sources, earlier)
    fulfilment = run.once(f"{step}/fulfilment", Fulfilment, fulfil, *inputs, **who)
    line(fulfil_line(fulfilment))
    course.fulfilments.append(fulfilment)
    scorer = parts.scorer
    about = {
        "count_tokens": models.count_tokens(recipe.model),
        "touches": vault.accept.touches,
        "notes": scorer.notes if scorer else lambda rows: [],
    }
    told = (fulfilment, mixture, recipe.taxonomy, recipe.curation, parts.seed("report", number))
    course.curations[number] = run.once(
        f"{step}/curation", CurationReport, report_on_deliveries, *told, **about
    )
    if review_deliveries(run, parts, vault, course, number):
        return None
    reason = "no source delivered anything that could be accepted"
    return Decision(action="stop", outcome="budget", reason=reason)
