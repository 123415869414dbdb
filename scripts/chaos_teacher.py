"""Kills a paid fulfilment again and again, against a server with every trouble, and audits it.

    python scripts/chaos_teacher.py [--items 5000] [--kills 20] [--folder FOLDER]

A scripted server (`python -m tests.server FOLDER --trouble`) answers on loopback and keeps a
billing log of its own: errors, refusals with Retry-After, hangs, half and wrong JSON, connections
reset, one reply given again and again, replies of 50 MB, hostile text, its key said back. A
controller process asks it for ITEMS examples through the real path (run directory, ledger, purse,
client, journal, fulfilment) and then for more until the budget is used up. It is killed with
SIGKILL at random moments and started again. The audit reads only files: the ledger line by line,
the journal, the bills, the records. Exit code 1 where a check fails.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from chaos_audit import (
    INPUT,
    JUDGE,
    JUDGED,
    KEY,
    KEY_NAME,
    MAIN,
    OUTPUT,
    PARALLEL,
    REST,
    Audit,
    budget,
)

if TYPE_CHECKING:
    from loop.curate import Scorer
    from loop.example import Example
    from loop.recipe import Recipe
    from loop.records import Curated, GenerationRequest

ROOT = Path(__file__).parents[1]
TIMEOUT = 1.0
PER_ITEM = 250
"""Examples that one request item asks for."""
CATEGORY = "answers"


def _recipe(url: str, items: int, kills: int) -> "Recipe":
    from loop.recipe import Recipe

    api = {"model": "m", "base_url": url, "key_env": KEY_NAME, "parallel": PARALLEL,
           "timeout": TIMEOUT, "attempts": 10, "max_tokens": 64}  # fmt: skip
    judge = {"judge": "loop.judges.openai:OpenAIJudge", "options": {**api, "model": "j"}}
    return Recipe.model_validate(
        {
            "name": "chaos",
            "seed": {"files": ["none.jsonl"]},
            "taxonomy": [{"name": CATEGORY, "weight": 1, "target": 0.8, "format": "text"}],
            "sources": [{"kind": "model", "name": "teacher", "api": api, "attempts": 20}],
            "curation": {"quality": {**judge, "repeats": 1, "sample": items // JUDGED}},
            "prices": {key: {"input": INPUT, "output": OUTPUT} for key in "mj"},
            "budget": {"usd": budget(items, kills)},
        }
    )


def _request(number: int, count: int) -> "GenerationRequest":
    from loop.records import GenerationRequest, RequestItem

    sizes = [PER_ITEM] * (count // PER_ITEM) + [count % PER_ITEM] * bool(count % PER_ITEM)
    items = (
        RequestItem(
            id=f"r{number:02d}-{place:03d}",
            category=CATEGORY,
            tier="simple",
            count=size,
            format="text",
        )
        for place, size in enumerate(sizes, 1)
    )
    return GenerationRequest(round=number, items=tuple(items))


def _accept(
    score: "Scorer", candidates: "tuple[Example, ...]", taken: "tuple[Example, ...]"
) -> "Curated":
    """Refuse what says the same as another; have some of the rest scored."""
    from loop.records import Curated, Rejected

    known = {row.id for row in taken}
    kept: list[Example] = []
    rejected: list[Rejected] = []
    for row in candidates:
        if row.id in known:
            rejected.append(Rejected(reason="duplicate", example=row, file=row.origin, row=1))
        else:
            known.add(row.id)
            kept.append(row)
    if all(row.origin.startswith("r01-") for row in kept):
        kept = list(score(kept).rows)
    return Curated(kept=tuple(kept), rejected=tuple(rejected), received=len(candidates))


def controller(folder: Path, items: int, kills: int) -> None:
    """Fulfil both requests, or go on with them.

    Args:
        folder: Holds `server/url` and the run directory.
        items: Examples that the first request asks for.
        kills: Kills that the budget leaves room for.
    """
    from loop.budget import Purse
    from loop.curate import scorer_of
    from loop.fulfil import fulfil
    from loop.fulfil.open import open_sources
    from loop.judges import load_judge
    from loop.records import Fulfilment
    from loop.rundir import RunDirectory

    recipe = _recipe((folder / "server/url").read_text(), items, kills)
    with RunDirectory(folder / "run") as run:
        run.begin(recipe, {"loop": "chaos"})
        purse = Purse(recipe.budget, recipe.prices, run.ledger.account, run.ledger.write)
        given = (recipe.sources, folder, run.path, 0, purse)
        sources = open_sources(*given, taxonomy=recipe.taxonomy, curation=recipe.curation)
        quality = recipe.curation.quality
        judge = load_judge(quality, folder, 0, purse)
        kept = run.path / "replies" / JUDGE
        score = scorer_of(quality, recipe.taxonomy, judge, recipe.model, run.path, 0, kept)
        assert score is not None
        who = {"sources": sources, "accept": partial(_accept, score)}
        earlier: list[Fulfilment] = []
        for number, step in enumerate((MAIN, REST), 1):
            training = tuple(row for each in earlier for row in each.accepted)
            # The second asks for more than there is money for.
            request = _request(number, items * (1, 2)[number - 1])
            inputs = (request, (), training, recipe.sources, tuple(earlier))
            earlier.append(run.once(step, Fulfilment, fulfil, *inputs, **who))


def _moments(items: int, kills: int, draw: random.Random) -> list[tuple[int, float]]:
    """Bills that must stand before each kill, and seconds after that or after the start."""
    # The judge is asked last, when there are more bills than items.
    bills = sorted(draw.randint(1, items + items // 4) for _ in range(kills))
    # One in four falls into a start-up, when the journal and the ledger are read.
    return [(0 if draw.random() < 0.25 else count, draw.uniform(0, 3)) for count in bills]


def _count(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


def campaign(folder: Path, items: int, kills: int, seed: int) -> None:
    """Run server and controller, and kill the controller.

    Args:
        folder: Empty; everything is written there.
        items: Examples that the first request asks for.
        kills: How often.
        seed: Draws the moments.

    Raises:
        RuntimeError: The controller failed by itself.
    """
    where = folder / "server"
    where.mkdir(parents=True)
    environment = {**os.environ, KEY_NAME: KEY, "no_proxy": "127.0.0.1"}
    serve = [sys.executable, "-m", "tests.server", str(where), "--trouble"]
    mine = [str(Path(__file__).resolve()), "--items", str(items), "--kills", str(kills)]
    control = [sys.executable, *mine, "--controller", "--folder", str(folder)]
    server = subprocess.Popen(serve, cwd=ROOT)
    try:
        while not (where / "url").exists():
            time.sleep(0.02)
        for number, (bills, seconds) in enumerate(
            [*_moments(items, kills, random.Random(seed)), (0, 0.0)]
        ):
            with (folder / f"controller-{number:02d}.log").open("wb") as log:
                child = subprocess.Popen(control, env=environment, stdout=log, stderr=log)
            if number < kills:
                while bills and _count(where / "bills.jsonl") < bills and child.poll() is None:
                    time.sleep(0.01)
                time.sleep(seconds if not bills else seconds / 10)
                child.send_signal(signal.SIGKILL)
                print(f"kill {number + 1:2d} | {_count(where / 'bills.jsonl')} billed", flush=True)
            if (code := child.wait()) not in (0, -signal.SIGKILL) or (number == kills and code):
                raise RuntimeError(f"the controller ended with {code}: see {log.name}")
    finally:
        server.terminate()
        server.wait()


def main() -> int:
    """Run the command.

    Returns:
        Exit code.
    """
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--items", type=int, default=5000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, help="where to (default: a temporary folder)")
    parser.add_argument("--controller", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.controller:
        controller(given.folder, given.items, given.kills)
        return 0
    folder = given.folder or Path(tempfile.mkdtemp(prefix="chaos-"))
    began = time.monotonic()
    campaign(folder, given.items, given.kills, given.seed)
    audit = Audit(folder, given.items, given.kills)
    good = audit.run()
    seconds = time.monotonic() - began
    print(f"\n{given.items} items, {given.kills} kills, {seconds:.0f} s: {folder}\n")
    print("| what | found | |\n|---|---|---|")
    for what, found, holds in audit.rows:
        print(f"| {what} | {found} | {'ok' if holds else '**FAILED**'} |")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
