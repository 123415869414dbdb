"""One dense line per stage, for a person at a terminal and for grep."""

from collections import Counter
from collections.abc import Mapping

from loop.records import (
    Adapter,
    Curated,
    Decision,
    Fulfilment,
    GateRuling,
    SeedData,
    Split,
    Weakness,
)
from loop.report.text import plain


def _counts(numbers: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {number}" for name, number in numbers.items()) or "none"


def _took(seconds: Mapping[str, float], step: str) -> str:
    return f" | {seconds[step]:.0f} s" if step in seconds else ""


def seed_line(seed: SeedData, curated: Curated) -> str:
    """Describe reading and cleaning the seed.

    Args:
        seed: What was read.
        curated: What was kept of it.

    Returns:
        One line.
    """
    reasons = Counter(row.reason for row in (*seed.rejected, *curated.rejected))
    return (
        f"seed     | {seed.received} rows, {len(curated.kept)} kept, "
        f"rejected: {_counts(dict(reasons.most_common()))}"
    )


def holdout_line(split: Split) -> str:
    """Describe the holdout.

    Args:
        split: What is seen of it.

    Returns:
        One line.
    """
    roles = _counts(
        {
            "diagnose": len(split.diagnose),
            "gate": sum(split.gate.values()),
            "final": sum(split.final.values()),
        }
    )
    return f"holdout  | {roles}, pool {len(split.pool)}, set aside {split.set_aside}"


def train_line(number: int, adapter: Adapter, seconds: Mapping[str, float]) -> str:
    """Describe a training.

    Args:
        number: Round.
        adapter: What came of it.
        seconds: Seconds per step.

    Returns:
        One line.
    """
    ends = f"loss {adapter.loss[0].loss:.2f} → {adapter.loss[-1].loss:.2f}" if adapter.loss else ""
    return (
        f"round {number:02d} | train    | {adapter.examples} examples, {adapter.steps} steps, "
        f"{ends}{_took(seconds, f'round-{number:02d}/adapter')}"
    )


def evaluate_lines(history: tuple[Weakness, ...], seconds: Mapping[str, float]) -> list[str]:
    """Describe the latest evaluation.

    Args:
        history: Weakness reports, oldest first.
        seconds: Seconds per step.

    Returns:
        One line per category, highest priority first.
    """
    now = history[-1]
    took = _took(seconds, f"round-{now.round:02d}/evaluation")
    rows = []
    for weakness in now.categories:
        before = (
            f"{history[-2].category(weakness.category).score:.2f} → " if len(history) > 1 else ""
        )
        rows.append(
            f"round {now.round:02d} | evaluate | {weakness.category} {before}{weakness.score:.2f} "
            f"[{weakness.low:.2f}, {weakness.high:.2f}] target {weakness.target:.2f} "
            f"{weakness.verdict} | n={weakness.total}{took}"
        )
        took = ""
    return rows


def diagnose_lines(weakness: Weakness) -> list[str]:
    """Describe what is weak and why.

    Args:
        weakness: One round's report.

    Returns:
        One line per category with failures, highest priority first.
    """
    rows = []
    for each in weakness.categories:
        if not each.causes:
            continue
        causes = _counts({cause.code: cause.count for cause in each.causes})
        weak = "; ".join(plain(part.sentence) for part in each.weak) or "no slice stands out"
        rows.append(f"round {weakness.round:02d} | diagnose | {each.category} {causes} | {weak}")
    return rows


def gate_line(ruling: GateRuling) -> str:
    """Describe a look at the gate.

    Args:
        ruling: What the look ruled.

    Returns:
        One line.
    """
    verdicts = ", ".join(f"{name} {'pass' if met else 'fail'}" for name, met in ruling.met.items())
    look = f"look {ruling.look}, error {ruling.alpha:.4f}"
    return f"round {ruling.round:02d} | gate     | {look}: {verdicts}"


def fulfil_line(fulfilment: Fulfilment) -> str:
    """Describe a fulfilled request.

    Args:
        fulfilment: What came back.

    Returns:
        One line.
    """
    got = Counter(example.category for example in fulfilment.accepted)
    asked = ", ".join(f"{name} {got[name]}/{n}" for name, n in fulfilment.requested.items())
    return (
        f"round {fulfilment.round:02d} | fulfil   | accepted {asked} | sources: "
        f"{_counts(fulfilment.by_source)} | rejected: {_counts(fulfilment.rejected_by_reason)}"
        + "".join(f" | {plain(note, 200)}" for note in fulfilment.notes)
    )


def decision_line(number: int, decision: Decision) -> str:
    """Describe what the loop does next.

    Args:
        number: Round.
        decision: The decision.

    Returns:
        One line.
    """
    return f"round {number:02d} | {decision.outcome or decision.action:8} | {decision.reason}"
