"""The loop with a paid teacher behind a server: killed anywhere, it buys nothing twice."""

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from loop.example import digest_of
from loop.ledger import Ledger
from loop.rundir import artefacts
from tests.server import Answer, Seen, said, scripted

ROOT = Path(__file__).parent.parent
pytestmark = pytest.mark.slow
KEY = "sk-not-to-be-kept"
PRICE = 200 * 1000 + 40 * 2000
"""Nano-dollars of one reply."""


@dataclass
class Bills:
    """What a server gives by what it is asked, and what it asks for that."""

    sent: dict[str, int] = field(default_factory=dict)
    """How often each prompt was answered."""

    def answer(self, _number: int, seen: Seen) -> Answer:
        prompt = json.dumps(seen.body["messages"])
        self.sent[prompt] = self.sent.get(prompt, 0) + 1
        # A repair of what it refused is refused too.
        draw = random.Random(digest_of(seen.body["messages"][0]["content"]))
        if draw.random() < 0.2:
            return said("I would rather not.", usage=(200, 40))
        number = draw.randrange(10**9)
        task = {"instruction": f"Say {number} in your own way.", "input": "", "output": "even"}
        fields = seen.body["response_format"]["json_schema"]["schema"]["properties"]
        return said(json.dumps({name: task.get(name, "even") for name in fields}), usage=(200, 40))


@contextmanager
def teaching() -> Iterator[tuple[Bills, str]]:
    bills = Bills()
    with scripted(bills.answer) as server:
        yield bills, server.url


def loop_run(
    run: Path, url: str, *more: str, kill: tuple[str, int] | None = None
) -> subprocess.CompletedProcess[str]:
    source = (
        "sources=[{kind: model, name: paid, ways: [self_instruct], attempts: 3, "
        f"api: {{model: m, base_url: '{url}', key_env: TEACHER_KEY, parallel: 4}}}}]"
    )
    settings = [source, "prices={m: {input: 1.0, output: 2.0}}", "budget.usd=5", *more]
    start = (
        [str(ROOT / "scripts/kill_at.py"), kill[0], str(kill[1])] if kill else ["-m", "loop.run"]
    )
    command = [sys.executable, *start, str(ROOT / "recipes/smoke.yaml"), "--run-dir", str(run)]
    command += [part for each in settings for part in ("--set", each)]
    environment = {**os.environ, "TEACHER_KEY": KEY}
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, env=environment
    )


KILLS = (
    (r"ledger\.jsonl$", 14),
    (r"replies/paid\.jsonl$", 3),
    (r"round-01/\.fulfilment\.json\.tmp$", 1),
)
"""Before the first call, while replies come, and when all are there."""


def test_a_run_killed_while_its_teacher_answers_ends_the_same_and_pays_once(
    tmp_path: Path,
) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    with teaching() as (bills, url):
        done = loop_run(whole, url)
        assert done.returncode == 3, done.stdout + done.stderr
        account = Ledger(whole / "ledger.jsonl").account
        assert account.spent == PRICE * sum(bills.sent.values()) > 0
        assert set(bills.sent.values()) == {1}
        asked, in_flight = set(bills.sent), 0
        bills.sent.clear()
        for kill in KILLS:
            ended = loop_run(killed, url, kill=kill)
            assert ended.returncode == -signal.SIGKILL, (kill, ended.stdout + ended.stderr)
            in_flight += len(Ledger(killed / "ledger.jsonl").account.open)
        ended = loop_run(killed, url)
        assert ended.returncode == 3, ended.stdout + ended.stderr
        assert set(bills.sent) == asked
        again = sum(bills.sent.values()) - len(asked)
        account = Ledger(killed / "ledger.jsonl").account
    # Asked again is only what was under way at a kill, and the ledger says so.
    assert again <= len(account.stranded) <= in_flight
    answered = account.by_role["teacher"]
    assert answered == PRICE * len(asked)
    assert account.spent == answered + account.lost
    assert artefacts(killed) == artefacts(whole)


def test_the_key_is_in_no_file_and_every_example_leads_to_its_delivery(tmp_path: Path) -> None:
    run = tmp_path / "run"
    with teaching() as (_, url):
        loop_run(run, url)
    files = [path for path in run.rglob("*") if path.is_file()]
    assert len(files) > 40
    assert not [path for path in files if KEY.encode() in path.read_bytes()]
    accepted = [json.loads(row) for row in (run / "round-01/accepted.jsonl").open()]
    fates = [json.loads(row) for row in (run / "round-01/deliveries.jsonl").open()]
    by_id = {fate["id"]: fate for fate in fates}
    assert accepted
    for row in accepted:
        fate = by_id[row["origin"]]
        assert (fate["source"], fate["way"], fate["reason"]) == ("paid", "self_instruct", "")
        assert row["source"] == "synthetic:m"
    assert {fate["reason"] for fate in fates} - {""}
    assert "| **paid** | self_instruct |" in (run / "round-01/report.md").read_text()
    status = [sys.executable, "-m", "loop.status", str(run)]
    shown = subprocess.run(status, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "left of 5" in shown


def test_a_server_that_is_not_there_is_told_before_anything_is_trained(tmp_path: Path) -> None:
    with teaching() as (_, url):
        pass
    ended = loop_run(tmp_path / "run", url)
    assert ended.returncode == 2
    assert "start the server, or correct base_url" in ended.stderr
    assert not (tmp_path / "run/seed").exists()


def test_a_budget_that_runs_out_ends_the_asking_and_not_the_run(tmp_path: Path) -> None:
    run = tmp_path / "run"
    with teaching() as (bills, url):
        ended = loop_run(run, url, "budget.usd=0.008")
    assert ended.returncode == 3, ended.stdout + ended.stderr
    account = Ledger(run / "ledger.jsonl").account
    assert account.spent == PRICE * sum(bills.sent.values()) <= 8_000_000
    assert "paid: budget.usd:" in (run / "round-01/report.md").read_text()
