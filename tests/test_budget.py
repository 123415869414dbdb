import json
import threading
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loop.budget import (
    NANO,
    Claim,
    Hours,
    OverBudget,
    Price,
    Purse,
    Usage,
    exhausted,
    runs_a_model,
    usd,
)
from loop.budget.price import price_of
from loop.errors import RunDirectoryError
from loop.ledger import Ledger, hours_in
from loop.models.machine import Machine
from loop.recipe import BudgetSection, PriceSection, Recipe

PRICE = Price(Decimal("0.15"), Decimal("0.075"), Decimal("0.60"), "recipe")
LOCAL = "http://127.0.0.1:8000/v1"


def claim(name: str = "a", prompt: int = 1000, completion: int = 100) -> Claim:
    return Claim(name, "teacher", "m", PRICE, prompt, completion)


def purse(limit: str | None = None, people_minutes: float | None = None, **given: Any) -> Purse:
    section = BudgetSection(
        usd=None if limit is None else Decimal(limit), people_minutes=people_minutes
    )
    return Purse(
        section, {"m": PriceSection(input=Decimal("0.15"), output=Decimal("0.6"))}, **given
    )


def opened(path: Path, limit: str | None = None) -> tuple[Ledger, Purse]:
    ledger = Ledger(path / "ledger.jsonl")
    ledger.append("resume" if ledger.entries else "start")
    return ledger, purse(limit, account=ledger.account, write=ledger.write)


tokens = st.integers(0, 10**7)
dollars = st.decimals(0, 1000, places=4)


@given(tokens, tokens, tokens, dollars, dollars, dollars)
def test_a_cost_is_exact_and_rounded_up_to_a_nano_dollar(
    prompt: int, cached: int, completion: int, fresh: Decimal, hit: Decimal, output: Decimal
) -> None:
    cached = min(cached, prompt)
    nano = Price(fresh, hit, output, "recipe").nano(Usage(prompt, cached, completion))
    exact = (prompt - cached) * Fraction(fresh) + cached * Fraction(hit)
    exact = (exact + completion * Fraction(output)) * NANO / 10**6
    assert exact <= nano < exact + 1


@given(tokens, tokens, tokens, dollars, dollars, dollars)
def test_no_usage_within_the_bounds_costs_more_than_the_worst_case(
    prompt: int, cached: int, completion: int, fresh: Decimal, hit: Decimal, output: Decimal
) -> None:
    price = Price(fresh, hit, output, "recipe")
    assert price.nano(Usage(prompt, cached, completion)) <= price.worst(prompt, completion)


def test_more_cached_tokens_than_the_prompt_has_save_nothing_more() -> None:
    assert PRICE.nano(Usage(10, 10**6, 0)) == PRICE.nano(Usage(10, 10, 0)) == 750


def test_the_recipe_prices_a_model_before_any_table() -> None:
    table = {"gpt-4o": PriceSection(input=Decimal(1), output=Decimal(2))}
    price = price_of("gpt-4o", "https://api.openai.com/v1", table)
    assert price is not None
    assert price.row == {"input": "1", "cached_input": "1", "output": "2", "from": "recipe"}


def test_a_model_on_a_server_of_ones_own_has_no_published_price() -> None:
    assert price_of("gpt-4o", LOCAL, {}) is None


def test_a_published_price_is_found_by_the_server() -> None:
    pytest.importorskip("genai_prices")
    price = price_of("gpt-4o", "https://api.openai.com/v1", {})
    assert price is not None
    assert price.source.startswith("genai-prices ")
    assert 0 < price.cached_input <= price.input < price.output


def test_an_unknown_price_is_refused_where_there_is_a_budget() -> None:
    with pytest.raises(OverBudget, match=r"price of other is unknown; write it as prices:"):
        purse("5").price("other", LOCAL, 100)
    assert purse().price("other", LOCAL, 100) is None


def test_a_reply_without_limit_is_refused_where_there_is_a_budget() -> None:
    with pytest.raises(OverBudget, match="set max_tokens"):
        purse("5").price("m", LOCAL, None)


def test_an_unknown_price_stays_unknown_and_is_counted() -> None:
    held = Claim("a", "teacher", "other", None, 10, 10)
    kept = purse()
    kept.reserve(held)
    assert kept.settle(held, "answered", Usage(5, 0, 5), "other-2")["nano"] is None
    assert kept.account.unpriced == {"other": 1}
    assert kept.account.spent == 0


def test_what_does_not_fit_is_refused_and_nothing_is_put_aside() -> None:
    kept = purse("0.0003")
    kept.reserve(claim("a"))
    before = kept.left
    with pytest.raises(OverBudget, match=r"0\.0001 USD left.*may cost 0\.0003 USD"):
        kept.reserve(claim("b"))
    assert kept.left == before == 300_000 - 210_000


def test_a_settlement_frees_what_was_not_needed() -> None:
    kept = purse("0.0003")
    held = claim("a")
    kept.reserve(held)
    entry = kept.settle(held, "answered", Usage(100, 0, 10, {"prompt_tokens": 100}), "m-2026")
    assert kept.left == 300_000 - 21_000
    assert entry["usage"] == {"prompt_tokens": 100}
    assert (entry["model"], entry["price"]) == ("m-2026", PRICE.row)


@pytest.mark.parametrize(("owed", "spent"), [(True, 210_000), (False, 0)])
def test_an_attempt_without_usage_costs_its_reservation_if_it_may_have_been_billed(
    owed: bool, spent: int
) -> None:
    kept = purse()
    kept.reserve(claim())
    kept.settle(claim(), "timeout", owed=owed)
    assert (kept.account.spent, kept.account.reserved) == (spent, 0)


def test_many_threads_together_never_reserve_more_than_there_is() -> None:
    kept = purse("0.01")
    refused = threading.Semaphore(0)

    def spend(number: int) -> None:
        for turn in range(20):
            held = claim(f"{number}-{turn}")
            try:
                kept.reserve(held)
            except OverBudget:
                refused.release()
                continue
            assert kept.left is not None
            assert kept.left >= 0
            kept.settle(held, "timeout")

    threads = [threading.Thread(target=spend, args=(n,)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert kept.account.spent == 47 * 210_000
    assert refused.acquire(blocking=False)


def test_names_of_attempts_are_never_given_twice(tmp_path: Path) -> None:
    names = []
    for _ in range(3):
        _, kept = opened(tmp_path)
        names += [kept.name("a") for _ in range(3)]
    assert len(set(names)) == 9


def test_totals_are_the_same_when_read_again(tmp_path: Path) -> None:
    ledger, kept = opened(tmp_path)
    ledger.append("stage_start", "round-01/fulfilment")
    for number in range(5):
        held = claim(str(number))
        kept.reserve(held)
        kept.settle(held, "answered", Usage(number, 0, 7))
    kept.pay("r01-001/people/1", "people", 5 * NANO, people_seconds=90)
    again = Ledger(tmp_path / "ledger.jsonl").account
    assert again.spent == ledger.account.spent == again.by_role["teacher"] + 5 * NANO
    assert again.by_step == {"round-01/fulfilment": again.spent}
    assert (again.tries, again.people_seconds) == ({"answered": 5}, 90)
    assert again.paid == {"r01-001/people/1"}


def test_what_was_under_way_at_a_kill_costs_its_reservation(tmp_path: Path) -> None:
    ledger, kept = opened(tmp_path, "0.0003")
    kept.reserve(claim())
    kept.commit()
    ledger, kept = opened(tmp_path, "0.0003")
    assert (ledger.account.lost, ledger.account.reserved) == (210_000, 0)
    with pytest.raises(OverBudget):
        kept.reserve(claim("b"))


def test_what_was_kept_before_a_kill_is_settled_for_what_it_cost(tmp_path: Path) -> None:
    ledger, kept = opened(tmp_path)
    kept.reserve(claim())
    kept.commit()
    ledger, kept = opened(tmp_path)
    kept.settle(claim(), "answered", Usage(100, 0, 10))
    kept.commit()
    assert (ledger.account.spent, ledger.account.lost) == (21_000, 0)
    assert Ledger(tmp_path / "ledger.jsonl").account.spent == 21_000


def test_money_entries_are_not_held_in_memory(tmp_path: Path) -> None:
    _, kept = opened(tmp_path)
    kept.reserve(claim())
    kept.commit()
    kept.settle(claim(), "timeout")
    kept.commit()
    assert [entry["event"] for entry in Ledger(tmp_path / "ledger.jsonl").entries] == ["start"]


@pytest.mark.parametrize(
    "row",
    [
        {"event": "settle", "claim": "never reserved", "nano": 1, "why": "answered"},
        {"event": "reserve", "claim": "a"},
        ["reserve"],
        {},
    ],
)
def test_an_entry_that_cannot_be_counted_is_an_error(row: object, tmp_path: Path) -> None:
    (tmp_path / "ledger.jsonl").write_text(json.dumps(row) + "\n")
    with pytest.raises(RunDirectoryError, match=r"ledger\.jsonl:1 does not fit"):
        Ledger(tmp_path / "ledger.jsonl")


def test_a_delivery_is_paid_once_in_the_whole_run(tmp_path: Path) -> None:
    for _ in range(3):
        ledger, kept = opened(tmp_path)
        kept.pay("r01-001/people/1", "people", 5 * NANO, people_seconds=90)
        kept.pay("r01-001/people/1", "people", 5 * NANO, people_seconds=90)
    assert (ledger.account.spent, ledger.account.people_seconds) == (5 * NANO, 90)


def test_people_are_not_paid_beyond_their_minutes() -> None:
    kept = purse(people_minutes=2.0)
    kept.pay("a", "people", 0, people_seconds=120)
    with pytest.raises(OverBudget, match=r"budget\.people_minutes: 2\.0 of 2\.0 are used"):
        kept.pay("b", "people", 0, people_seconds=1)
    assert kept.account.paid == {"a"}


def test_entries_reach_the_disk_in_the_order_in_which_they_were_counted() -> None:
    written: list[str] = []
    kept = purse("0.0003", write=lambda entries: written.extend(e["event"] for e in entries))
    kept.reserve(claim())
    kept.settle(claim(), "status 500", owed=False)
    # This has room only since that was settled, which nobody has written yet.
    kept.pay("delivery", "teacher", 300_000)
    assert written == ["reserve", "settle", "pay"]


def test_nothing_is_sent_after_an_entry_that_could_not_be_written() -> None:
    def full(_: object) -> None:
        raise OSError(28, "No space left on device")

    kept = purse(write=full)
    kept.reserve(claim())
    for _ in range(2):
        with pytest.raises(OSError, match="No space left"):
            kept.commit()


HALF = Hours(1.0, 0.5)


@pytest.mark.parametrize(
    ("limits", "found"),
    [
        ({}, ""),
        ({"examples": 10}, "10 examples are accepted; budget.examples is 10"),
        ({"examples": 11}, ""),
        ({"hours": 1.5}, ""),
        ({"hours": 1.4}, "1.00 of budget.hours 1.4 are used, and the longest round so far took"),
        ({"gpu_hours": 1.4}, "1.00 of budget.gpu_hours 1.4 are used"),
    ],
)
def test_a_round_that_would_cross_a_hard_stop_is_not_begun(
    limits: dict[str, Any], found: str
) -> None:
    told = exhausted(BudgetSection(**limits), 10, HALF, HALF)
    assert told.startswith(found)
    assert bool(told) == bool(found)


def test_a_machine_without_an_accelerator_uses_no_gpu_hours() -> None:
    assert not exhausted(BudgetSection(gpu_hours=0.001), 0, HALF, Hours(0.0, 0.0))


RUNNING = ["final/evaluation", "round-01/adapter", "round-01/gate", "round-01/guards"]
TEACHER = {"kind": "model", "local": {"model": "org/teacher"}}


@pytest.mark.parametrize(
    ("fields", "more"),
    [
        ({}, []),
        ({"sources": [TEACHER]}, ["round-01/fulfilment"]),
        (
            {"curation": {"quality": {"difficulty": True}}},
            ["round-01/fulfilment", "seed/curation"],
        ),
    ],
)
def test_steps_in_which_a_model_of_this_machine_works(
    fields: dict[str, Any], more: list[str]
) -> None:
    taxonomy = [{"name": "a", "weight": 1, "target": 0.8, "format": "text"}]
    given = {"name": "r", "seed": {"files": ["x.jsonl"]}, "taxonomy": taxonomy, **fields}
    recipe = Recipe.model_validate(given)
    others = ["seed/read", "seed/curation", "round-01/request", "round-01/fulfilment"]
    found = [step for step in (*RUNNING, *others) if runs_a_model(step, recipe)]
    assert sorted(found) == sorted([*RUNNING, *more])


def test_a_machine_without_accelerator_uses_none() -> None:
    assert [Machine(name, "float32", "").devices for name in ("cpu", "cuda", "mps")] == [0, 1, 1]


def test_hours_are_counted_by_step_and_weighed_by_devices(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.jsonl")
    for step, seconds, devices in (
        ("seed/read", 3600, 0),
        ("round-01/adapter", 7200, 2),
        ("round-02/adapter", 3600, 2),
        ("round-02/request", 3600, 0),
    ):
        facts = {"devices": devices} if devices else {}
        ledger.append("stage_done", step, seconds=seconds, **facts)
    assert hours_in(ledger.entries) == Hours(5.0, 2.0)
    assert hours_in(ledger.entries, accelerator=True) == Hours(6.0, 4.0)


def test_amounts_are_shown_rounded_up() -> None:
    assert [usd(0), usd(1), usd(1_234_567_800_000)] == [
        "0.0000 USD", "0.0001 USD", "1,234.5678 USD",
    ]  # fmt: skip
