"""Judges that are paid: reserved, settled, kept, and never paid twice."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from loop.budget import OverBudget, Purse
from loop.curate import Scorer
from loop.example import Example
from loop.judges import Judge, JudgeError, load_judge, make_judge
from loop.judges.asking import REPLIES, Asking, Malformed, Question
from loop.judges.kept import Keeping, Kept
from loop.judges.openai import OpenAIJudge
from loop.ledger import Ledger
from loop.recipe import BudgetSection, PriceSection, QualitySection
from tests.server import Server, graded, refused, said, scripted, serving

USE = "loop.judges.openai:OpenAIJudge"
PRICES = {"j": PriceSection(input=Decimal(1), output=Decimal(2))}
COST = 10 * 1000 + 5 * 2000
"""Nano-dollars that the server's replies cost."""


@pytest.fixture(autouse=True)
def proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def opened(folder: Path, usd: int = 10) -> tuple[Ledger, Purse]:
    ledger = Ledger(folder / "ledger.jsonl")
    ledger.append("resume" if ledger.entries else "start")
    limit = BudgetSection(usd=Decimal(usd))
    return ledger, Purse(limit, PRICES, ledger.account, ledger.write)


def options(server: Server, **given: object) -> dict[str, object]:
    return {"model": "j", "base_url": server.url, "key_env": "", "attempts": 1, **given}


def asking(server: Server, purse: Purse, **given: object) -> Asking:
    made = options(server, **given)
    return Asking(make_judge("judge.use", USE, made, Path(), 0, purse), made)


def question(text: str) -> Question[str]:
    return Question(text, {}, "ok", lambda reply: Malformed("bad") if reply == "bad" else reply)


QUESTIONS = [question(text) for text in ("a", "b", "c")]


def test_a_judges_calls_are_reserved_and_settled(tmp_path: Path) -> None:
    ledger, purse = opened(tmp_path)
    with serving(said("ok")) as server:
        asking(server, purse).ask_all(QUESTIONS)
    assert ledger.account.by_role == {"judge": 3 * COST}
    assert (ledger.account.tries, ledger.account.reserved) == ({"answered": 3}, 0)


def test_a_reply_that_was_paid_for_is_not_asked_for_again(tmp_path: Path) -> None:
    with serving(said("ok")) as server:
        for _ in range(2):
            ledger, purse = opened(tmp_path)
            judge = asking(server, purse)
            with judge.kept_in(tmp_path):
                replies = judge.ask_all(QUESTIONS)
            assert [reply.value for reply in replies] == ["ok"] * 3
    assert server.count == 3
    assert ledger.account.spent == 3 * COST


def test_a_repair_cut_off_by_a_kill_costs_the_first_reply_once(tmp_path: Path) -> None:
    with serving(said("bad"), refused(503), said("ok")) as server:
        ledger, purse = opened(tmp_path)
        judge = asking(server, purse)
        with judge.kept_in(tmp_path), pytest.raises(JudgeError):
            judge.ask_all(QUESTIONS[:1])
        with judge.kept_in(tmp_path):
            (reply,) = judge.ask_all(QUESTIONS[:1])
    assert (reply.value, reply.malformed) == ("ok", 1)
    assert ledger.account.tries == {"answered": 2, "status 503": 1}


def test_a_reply_kept_but_not_settled_at_a_kill_is_settled_for_what_it_cost(
    tmp_path: Path,
) -> None:
    with serving(said("ok")) as server:
        _, purse = opened(tmp_path)
        judge = asking(server, purse)
        with judge.kept_in(tmp_path):
            judge.ask_all(QUESTIONS[:1])
        path = tmp_path / "ledger.jsonl"
        path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
        ledger, purse = opened(tmp_path)
        assert ledger.account.lost > COST
        with asking(server, purse).kept_in(tmp_path):
            pass
    assert (ledger.account.lost, ledger.account.spent) == (0, COST)


def test_a_judge_that_cannot_be_paid_stops_the_run(tmp_path: Path) -> None:
    _, purse = opened(tmp_path, usd=0)
    with serving(said("ok")) as server, pytest.raises(OverBudget) as caught:
        asking(server, purse).ask_all(QUESTIONS)
    assert caught.value.exit_code == 3
    assert server.count == 0


def test_replies_to_other_options_are_not_taken_for_its_own(tmp_path: Path) -> None:
    _, purse = opened(tmp_path)
    with serving(said("one"), said("two")) as server:
        for temperature, value in ((0.0, "one"), (0.5, "two"), (0.0, "one")):
            judge = asking(server, purse, temperature=temperature)
            with judge.kept_in(tmp_path):
                (reply,) = judge.ask_all(QUESTIONS[:1])
            assert reply.value == value


def test_quality_is_judged_from_the_runs_purse_and_paid_once(tmp_path: Path) -> None:
    rows = [Example(instruction=f"Add {n}.", output="3", category="sums") for n in range(4)]
    with scripted(lambda *_: said(graded(5))) as server:
        for _ in range(2):
            ledger, purse = opened(tmp_path)
            section = QualitySection(judge=USE, options=options(server))
            judge = load_judge(section, Path(), 0, purse)
            scorer = Scorer(section, (), judge, None, 0, tmp_path / "quality.jsonl")
            assert all(row.quality["judge:j:clarity"] == 5 for row in scorer(rows).rows)
    assert server.count == len(rows) * section.repeats
    assert ledger.account.by_role == {"judge": server.count * COST}
    assert scorer.notes(rows)[0].startswith("j judged 4 rows; 0 more")


class Plain:
    name, parallel = "plain", 1

    def ask(self, prompt: str, schema: dict[str, Any]) -> str:
        return "ok"


@pytest.mark.parametrize("paid", [True, False])
def test_every_judge_that_is_asked_keeps_its_replies(paid: bool, tmp_path: Path) -> None:
    plain: Judge = Plain()
    with serving(said("ok")) as server:
        judge = OpenAIJudge(options(server), 0) if paid else Kept(plain, {})
        assert isinstance(judge, Keeping)
        assert not isinstance(plain, Keeping)
        judge.keep_in(tmp_path / REPLIES)
        assert (judge.given("a"), judge.ask("a", {}), judge.given("a")) == (None, "ok", "ok")
        judge.keep_in(None)
        assert judge.given("a") is None
