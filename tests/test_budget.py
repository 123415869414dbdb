import json
import threading
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loop.budget import NANO, Claim, OverBudget, Price, Purse, Usage, usd
from loop.budget.price import price_of
from loop.errors import RunDirectoryError
from loop.ledger import Ledger
from loop.recipe import BudgetSection, PriceSection

PRICE = Price(Decimal("0.15"), Decimal("0.075"), Decimal("0.60"), "recipe")
LOCAL = "http://127.0.0.1:8000/v1"


def claim(name: str = "a", prompt: int = 1000, completion: int = 100) -> Claim:
    return Claim(name, "teacher", "m", PRICE, prompt, completion)


def purse(limit: str | None = None, **given: Any) -> Purse:
    section = BudgetSection(usd=None if limit is None else Decimal(limit))
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
        ledger.write([kept.reserve(held)])
        ledger.write([kept.settle(held, "answered", Usage(number, 0, 7))])
    kept.use("people_seconds", 90)
    again = Ledger(tmp_path / "ledger.jsonl").account
    assert (again.spent, again.by_role) == (ledger.account.spent, {"teacher": again.spent})
    assert again.by_step == {"round-01/fulfilment": again.spent}
    assert (again.tries, again.used) == ({"answered": 5}, {"people_seconds": 90})


def test_what_was_under_way_at_a_kill_costs_its_reservation(tmp_path: Path) -> None:
    ledger, kept = opened(tmp_path, "0.0003")
    ledger.write([kept.reserve(claim())])
    ledger, kept = opened(tmp_path, "0.0003")
    assert (ledger.account.lost, ledger.account.reserved) == (210_000, 0)
    with pytest.raises(OverBudget):
        kept.reserve(claim("b"))


def test_what_was_kept_before_a_kill_is_settled_for_what_it_cost(tmp_path: Path) -> None:
    ledger, kept = opened(tmp_path)
    ledger.write([kept.reserve(claim())])
    ledger, kept = opened(tmp_path)
    ledger.write([kept.settle(claim(), "answered", Usage(100, 0, 10))])
    assert (ledger.account.spent, ledger.account.lost) == (21_000, 0)
    assert Ledger(tmp_path / "ledger.jsonl").account.spent == 21_000


def test_money_entries_are_not_held_in_memory(tmp_path: Path) -> None:
    ledger, kept = opened(tmp_path)
    ledger.write([kept.reserve(claim())])
    ledger.write([kept.settle(claim(), "timeout")])
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


def test_a_hard_stop_on_what_is_not_money_holds() -> None:
    kept = purse(stops={"people_seconds": 100})
    kept.use("people_seconds", 100)
    with pytest.raises(OverBudget, match="100 of 100 are used"):
        kept.use("people_seconds", 1)
    kept.use("examples", 10**6)


def test_amounts_are_shown_rounded_up() -> None:
    assert [usd(0), usd(1), usd(1_234_567_800_000)] == [
        "0.0000 USD", "0.0001 USD", "1,234.5678 USD",
    ]  # fmt: skip
