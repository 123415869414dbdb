from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from loop.budget import NANO, Claim, Hours, Price, Purse, Usage
from loop.ledger import Ledger, read
from loop.recipe import BudgetSection, Recipe
from loop.records import Weakness
from loop.report.money import money_lines
from loop.rundir import RunDirectory
from loop.status import describe

PRICE = Price(Decimal(1), Decimal(1), Decimal(1), "recipe")
RECIPE = Recipe.model_validate(
    {
        "name": "paid",
        "seed": {"files": ["seed.jsonl"]},
        "taxonomy": [{"name": "answers", "weight": 1, "target": 0.8, "format": "text"}],
        "stopping": {"max_rounds": 4},
        "budget": {"usd": 10, "people_minutes": 30},
    }
)


def claim(name: str, role: str = "teacher", price: Price | None = PRICE) -> Claim:
    """One that costs 2 USD at most."""
    return Claim(name, role, "m", price, 10**6, 10**6)


def spend(purse: Purse, name: str, dollars: int, role: str = "teacher") -> None:
    held = claim(name, role)
    purse.reserve(held)
    purse.settle(held, "answered", Usage(dollars * 10**6, 0, 0))
    purse.commit()


def step(ledger: Ledger, name: str) -> None:
    ledger.append("stage_start", name)


def told(path: Path, running: bool = False, left: int = 0, **limits: Any) -> str:
    entries, account, _ = read(path / "ledger.jsonl")
    steps = [entry["step"] for entry in entries if entry["event"] == "stage_start"]
    gpu = Hours(0.0, 0.0)
    return "\n".join(
        money_lines(account, BudgetSection(**limits), steps, left, gpu, running=running)
    )


@pytest.fixture
def paid(tmp_path: Path) -> Iterator[tuple[Path, Ledger, Purse]]:
    """Two rounds: 1 USD for a judge and 1 for a teacher, then 3 for a teacher; 1 call under way."""
    ledger = Ledger(tmp_path / "ledger.jsonl")
    ledger.append("start")
    purse = Purse(account=ledger.account, write=ledger.write)
    step(ledger, "round-00/evaluation")
    spend(purse, "a", 1, "judge")
    step(ledger, "round-00/fulfilment")
    spend(purse, "b", 1)
    step(ledger, "round-01/fulfilment")
    spend(purse, "c", 3)
    purse.reserve(claim("d"))
    purse.commit()
    yield tmp_path, ledger, purse


def test_what_is_under_way_is_reserved_while_the_run_is_live(paid: Any) -> None:
    lines = told(paid[0], running=True, usd=10)
    assert lines.startswith(
        "money: 5.0000 USD spent, 2.0000 USD reserved by 1 calls under way, "
        "3.0000 USD left of 10 USD (budget.usd)"
    )
    assert "lost" not in lines


def test_what_was_under_way_at_a_kill_is_lost_and_counts_as_spent(paid: Any) -> None:
    first, second, *_ = told(paid[0], usd=10).splitlines()
    assert first == "money: 7.0000 USD spent, 3.0000 USD left of 10 USD (budget.usd)"
    assert "lost in flight: 2.0000 USD of it for 1 calls" in second


def test_amounts_are_split_by_role_and_round(paid: Any) -> None:
    lines = told(paid[0])
    assert "by role: judge 1.0000 USD, teacher 6.0000 USD" in lines
    assert "by round: round-00 2.0000 USD, round-01 5.0000 USD" in lines
    assert "calls: answered 3" in lines


@pytest.mark.parametrize(("dollars", "end"), [(20, "USD"), (10, "USD; that is more than is left")])
def test_the_forecast_is_what_complete_rounds_cost(paid: Any, dollars: int, end: str) -> None:
    (line,) = [line for line in told(paid[0], left=3, usd=dollars).splitlines() if "fore" in line]
    assert line.endswith(f"6.0000 USD more for 3 rounds at 2.0000 {end}")


def test_an_unknown_price_is_named_and_forecasts_nothing(paid: Any) -> None:
    path, _, purse = paid
    held = claim("e", price=None)
    purse.reserve(held)
    purse.settle(held, "answered", Usage(1, 0, 1))
    purse.commit()
    lines = told(path, left=3)
    assert "not in these amounts: what has no known price (m 1)" in lines
    assert "so far: unknown, for not every price is known" in lines


def test_the_time_of_people_is_shown_with_its_limit(paid: Any) -> None:
    path, _, purse = paid
    purse.pay("r01-001/people/1", "people", 5 * NANO, people_seconds=90)
    assert "people: 1.5 min of 30 (budget.people_minutes)" in told(path, people_minutes=30)
    assert "people 5.0000 USD" in told(path)


def test_a_run_that_costs_nothing_says_nothing_of_money(tmp_path: Path) -> None:
    Ledger(tmp_path / "ledger.jsonl").append("start")
    assert told(tmp_path, left=3) == ""


def test_status_shows_money_while_a_controller_works_and_writes(tmp_path: Path) -> None:
    with RunDirectory(tmp_path) as run:
        run.begin(RECIPE, {})
        purse = Purse(RECIPE.budget, account=run.ledger.account, write=run.ledger.write)
        step(run.ledger, "round-01/fulfilment")
        spend(purse, "a", 1)
        with (tmp_path / "ledger.jsonl").open("ab") as half_written:
            half_written.write(b'{"event": "rese')
            half_written.flush()
            lines = describe(tmp_path)
    assert "money: 1.0000 USD spent, 9.0000 USD left of 10.0 USD (budget.usd)" in lines
    assert "3.0000 USD more for 3 rounds at 1.0000 USD" in lines
    assert "people: 0.0 min of 30 (budget.people_minutes)" in lines
    assert "torn" not in lines


def test_hours_on_accelerators_are_shown(tmp_path: Path) -> None:
    with RunDirectory(tmp_path) as run:
        run.begin(RECIPE, {})
        run.ledger.append("stage_done", "round-01/adapter", seconds=3600, devices=2)
        run.ledger.append("stage_done", "round-01/mixture", seconds=3600)
    assert "accelerator: 2.00 h" in describe(tmp_path)


def test_a_step_that_was_killed_used_its_devices(tmp_path: Path) -> None:
    def killed() -> Weakness:
        raise KeyboardInterrupt

    for cut in ("stage_cut", "stage_start"):
        with pytest.raises(KeyboardInterrupt), RunDirectory(tmp_path) as run:
            run.begin(RECIPE, {})
            run.devices = lambda step: 2 if step == "round-01/adapter" else 0
            run.once("round-01/adapter", Weakness, killed)
        ledger = tmp_path / "ledger.jsonl"
        # As a kill leaves it: without the lines behind the start, too.
        lines = ledger.read_text().splitlines(keepends=True)
        ledger.write_text("".join(lines[: max(n for n, row in enumerate(lines) if cut in row) + 1]))
        with RunDirectory(tmp_path) as run:
            assert [e["devices"] for e in run.ledger.entries if e["event"] == "stage_cut"][-1] == 2
