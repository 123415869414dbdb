"""Requests per second of the client against a bare AsyncOpenAI loop, and its memory.

    python scripts/bench_teacher.py [--requests 5120] [--items 50000]

Both ask the same scripted server on loopback, a process of its own that replies after about 2 s,
with CONCURRENCY requests under way; they take turns, each time in a fresh process. The client does
what a run does: reserves and settles in a ledger on disk, keeps replies in a journal on disk, reads
them against a JSON schema. Then the client asks for ITEMS from a server that replies sooner, and
says what memory it holds. Exit code 1 where it misses a target below.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
CONCURRENCY = 256
DELAY = 2.0
"""Seconds until the server replies, give or take a tenth."""
SOON = 0.1
"""The same, where memory is measured."""
LEAST_SHARE = 0.95
"""Target: requests per second, of the bare loop's."""
MOST_GROWTH = 16.0
"""Target: MiB that the client's memory may grow by from the first fifth of ITEMS to the last."""
TURNS = 2
PROMPT = "Write one example of the task. " * 20
SCHEMA = {
    "type": "object",
    "properties": {name: {"type": "string"} for name in ("instruction", "input", "output")},
    "required": ["instruction", "input", "output"],
    "additionalProperties": False,
}


def _memory() -> float:
    """Memory held by this process, in MiB."""
    import psutil

    return float(psutil.Process().memory_info().rss) / 2**20


@contextmanager
def server(folder: Path, delay: float) -> Iterator[str]:
    """Serve from a process of its own.

    Args:
        folder: Where its files go.
        delay: Seconds until a reply.

    Yields:
        Its address.
    """
    folder.mkdir()
    arguments = [sys.executable, "-m", "tests.server", str(folder), "--delay", str(delay)]
    process = subprocess.Popen(arguments, cwd=ROOT)
    try:
        while not (folder / "url").exists():
            time.sleep(0.02)
        yield (folder / "url").read_text()
    finally:
        process.terminate()
        process.wait()


async def _bare(url: str, requests: int) -> None:
    """What one would write by hand: so many workers, each one request after the other."""
    import httpx2
    import openai

    limits = httpx2.Limits(max_connections=CONCURRENCY, max_keepalive_connections=CONCURRENCY)
    async with openai.AsyncOpenAI(
        api_key="none", base_url=url, http_client=httpx2.AsyncClient(limits=limits, timeout=60)
    ) as client:
        numbers = iter(range(requests))
        form: Any = {
            "type": "json_schema",
            "json_schema": {"name": "reply", "strict": True, "schema": SCHEMA},
        }

        async def work() -> None:
            for number in numbers:
                reply = await client.chat.completions.create(
                    model="m",
                    messages=[{"role": "user", "content": f"{PROMPT}{number}"}],
                    max_tokens=2048,
                    temperature=1.0,
                    seed=number,
                    response_format=form,
                )
                assert json.loads(reply.choices[0].message.content or "")["output"]

        await asyncio.gather(*(work() for _ in range(CONCURRENCY)))


def _client(url: str, folder: Path, requests: int) -> list[float]:
    """The client as a run uses it; memory at every fifth of the requests."""
    from loop.api import Call, Client, Message
    from loop.budget import Purse
    from loop.ledger import Ledger
    from loop.recipe import ApiSection, BudgetSection, PriceSection

    folder.mkdir()
    ledger = Ledger(folder / "ledger.jsonl")
    ledger.append("start")
    prices = {"m": PriceSection(input=Decimal("0.15"), output=Decimal("0.60"))}
    purse = Purse(BudgetSection(usd=Decimal(10**6)), prices, ledger.account, ledger.write)
    section = ApiSection(model="m", base_url=url, key_env="", parallel=CONCURRENCY)
    client = Client(section, purse, "teacher", folder / "replies.jsonl")
    calls = (
        Call(f"call-{number:06d}", (Message("user", f"{PROMPT}{number}"),), SCHEMA, seed=number)
        for number in range(requests)
    )
    memory = []
    for count, reply in enumerate(client.stream(calls), 1):
        assert reply.values[0]["output"]
        if count % (requests // 5) == 0:
            memory.append(_memory())
    client.close()
    return memory


def _one(side: str, url: str, folder: Path, requests: int) -> None:
    """One turn of one side, in this process; prints seconds, processor seconds and memory."""
    began, worked = time.monotonic(), time.process_time()
    if side == "bare":
        asyncio.run(_bare(url, requests))
        memory = [_memory()]
    else:
        memory = _client(url, folder, requests)
    spent = time.monotonic() - began, time.process_time() - worked
    print(json.dumps({"seconds": spent[0], "worked": spent[1], "memory": memory}))


def _turn(side: str, url: str, folder: Path, requests: int) -> dict[str, Any]:
    given = ["--requests", str(requests), "--side", side, "--url", url, "--folder", str(folder)]
    done = subprocess.run(
        [sys.executable, str(Path(__file__).resolve()), *given],
        env={**os.environ, "no_proxy": "127.0.0.1"},
        stdout=subprocess.PIPE,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def compare(folder: Path, requests: int) -> bool:
    """Let both sides take turns and print what they reached.

    Args:
        folder: Where files go.
        requests: Of each turn.

    Returns:
        Whether the target was met.
    """
    rates: dict[str, list[float]] = {"bare": [], "client": []}
    print("| side | requests | seconds | requests/s | processor seconds | MiB |")
    print("|---|---:|---:|---:|---:|---:|")
    with server(folder / "slow", DELAY) as url:
        for turn in range(TURNS):
            for side, rate in rates.items():
                found = _turn(side, url, folder / f"{side}-{turn}", requests)
                rate.append(requests / found["seconds"])
                print(
                    f"| {side} | {requests} | {found['seconds']:.1f} | {rate[-1]:.1f} "
                    f"| {found['worked']:.1f} | {found['memory'][-1]:.0f} |",
                    flush=True,
                )
    share = sum(rates["client"]) / sum(rates["bare"])
    most = CONCURRENCY / DELAY
    print(f"\nclient / bare: {share:.3f} (target: at least {LEAST_SHARE})")
    print(f"no client can do more than about {most:.0f} requests/s of such a server")
    return share >= LEAST_SHARE


def memory(folder: Path, items: int) -> bool:
    """Print the memory that the client holds as it goes on.

    Args:
        folder: Where files go.
        items: Asked for.

    Returns:
        Whether the target was met.
    """
    with server(folder / "soon", SOON) as url:
        found = _turn("client", url, folder / "many", items)
    rate = items / found["seconds"]
    print(f"\n{items} items at {rate:.0f} requests/s (replies after {SOON} s)\n")
    print("| after | MiB |\n|---:|---:|")
    for fifth, held in enumerate(found["memory"], 1):
        print(f"| {items * fifth // 5} | {held:.1f} |")
    grown = found["memory"][-1] - found["memory"][0]
    print(f"\ngrowth: {grown:.1f} MiB (target: at most {MOST_GROWTH:g})")
    return bool(grown <= MOST_GROWTH)


def main() -> int:
    """Run the command.

    Returns:
        Exit code.
    """
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--requests", type=int, default=20 * CONCURRENCY)
    parser.add_argument("--items", type=int, default=50_000)
    for name in ("--side", "--url"):
        parser.add_argument(name, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.side:
        _one(given.side, given.url, given.folder, given.requests)
        return 0
    with tempfile.TemporaryDirectory() as name:
        fast = compare(Path(name), given.requests)
        flat = memory(Path(name), given.items)
    return 0 if fast and flat else 1


if __name__ == "__main__":
    sys.exit(main())
