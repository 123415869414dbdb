"""What the files of scripts/chaos_teacher.py must say, read without the code that wrote them."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

KEY_NAME, KEY = "CHAOS_KEY", "sk-chaos-d41d8cd98f00b204e9800998ecf8427e"
INPUT, OUTPUT = 1, 4
"""USD per million tokens, which is thousands of nano-dollars a token."""
USD_PER_ITEM = Decimal("0.0011")
"""What an item may cost with its failed attempts, which cost their reservation."""
USD_PER_KILL = Decimal("0.05")
"""What is reserved at a kill, on average."""
JUDGED = 10
"""One in so many rows of the first request is scored by a judge, paid from the same purse."""
PARALLEL = 32
TEACHER, JUDGE = "teacher.jsonl", "judge/quality.jsonl"
MAIN, REST = "round-01/fulfilment", "round-02/fulfilment"


def budget(items: int, kills: int) -> Decimal:
    """Give what the campaign may spend.

    Args:
        items: Examples that the first request asks for.
        kills: How often the controller is killed.

    Returns:
        USD.
    """
    return items * USD_PER_ITEM + kills * USD_PER_KILL


@dataclass
class Audit:
    """What the files say."""

    folder: Path
    items: int
    kills: int
    rows: list[tuple[str, str, bool]] = field(default_factory=list)

    def check(self, what: str, found: object, good: bool) -> None:
        """Note a line of the table."""
        self.rows.append((what, str(found), good))

    def lines(self, name: str) -> Iterator[dict[str, Any]]:
        """Read a file of JSON lines."""
        with (self.folder / name).open(encoding="utf-8") as file:
            for line in file:
                yield json.loads(line)

    def run(self) -> bool:
        """Make every check.

        Returns:
            Whether all hold.
        """
        self._accepted()
        self._money()
        self._no_key()
        return all(good for _, _, good in self.rows)

    def _accepted(self) -> None:
        records = [json.loads((self.folder / f"run/{step}.json").read_bytes())
                   for step in (MAIN, REST)]  # fmt: skip
        accepted = [list(self.lines(f"run/{step.split('/')[0]}/accepted.jsonl"))
                    for step in (MAIN, REST)]  # fmt: skip
        first, both = accepted[0], accepted[0] + accepted[1]
        self.check("accepted for the first request", len(first), len(first) == self.items)
        origins = {row["origin"] for row in both}
        self.check("accepted in all, each delivery once", len(origins), len(origins) == len(both))
        texts = {(row["instruction"], row["output"]) for row in both}
        self.check("accepted in all, each text once", len(texts), len(texts) == len(both))
        keys = Counter(row["key"] for row in self.lines(f"run/replies/{TEACHER}"))
        self.check("replies in the journal, each once", len(keys), set(keys.values()) == {1})
        judged = Counter(row["key"] for row in self.lines(f"run/replies/{JUDGE}"))
        told = f"{len(judged)} for {self.items // JUDGED} rows"
        enough = len(judged) >= self.items // JUDGED
        self.check("a judge's, each once", told, enough and set(judged.values()) == {1})
        # The server writes the name of what was asked into most answers.
        named = Counter(
            found[0] for row in both if (found := re.search("[0-9a-f]{16,}", row["output"]))
        )
        alien = sum(key not in keys for key in named)
        self.check(
            "accepted, each for a call of its own",
            f"{len(named)}, {alien} of them for none",
            not alien and set(named.values()) == {1},
        )
        notes = " ".join(records[1]["notes"])
        self.check("the second request ends by", notes[:50], "budget.usd" in notes)

    def _money(self) -> None:
        limit = int(budget(self.items, self.kills) * 10**9)
        held: dict[str, int] = {}
        worst: dict[str, int] = {}
        settled: dict[str, tuple[str, int]] = {}
        roles: Counter[str] = Counter()
        sessions = highest = total = twice = 0
        for entry in self.lines("run/ledger.jsonl"):
            event = entry["event"]
            sessions += event in ("start", "resume")
            if event == "reserve":
                twice += entry["claim"] in worst
                held[entry["claim"]] = worst[entry["claim"]] = entry["nano"]
                roles[entry["role"]] += 1
                total += entry["nano"]
            elif event == "settle":
                total += entry["nano"] - held.pop(entry["claim"])
                settled[entry["claim"]] = entry["why"], entry["nano"]
            highest = max(highest, total)
        logs = len(list(self.folder.glob("controller-*.log"))) - 1
        told = f"{logs}, {logs + 1 - sessions} of them before the run was begun or resumed"
        self.check("kills", told, logs == self.kills)
        self.check("most at any line of the ledger", _usd(highest), highest <= limit)
        self.check("  of a budget of", _usd(limit), True)
        self.check("  at its end", _usd(total), total > limit - 2 * max(worst.values()))
        told = ", ".join(f"{count} for a {role}" for role, count in roles.items())
        self.check("claims reserved, each once", told, not twice)
        billed: dict[str, int] = {}
        for row in self.lines("server/bills.jsonl"):
            cost = 1000 * (INPUT * row["prompt_tokens"] + OUTPUT * row["completion_tokens"])
            billed[row["claim"]] = billed.get(row["claim"], 0) + cost
        strangers = billed.keys() - worst.keys()
        self.check("bills for what was never reserved", len(strangers), not strangers)
        groups: dict[str, list[str]] = {}
        for claim in worst:
            why = settled[claim][0] if claim in settled else "in flight at a kill"
            groups.setdefault(why, []).append(claim)
        over = sum(
            billed.get(claim, 0) > settled.get(claim, ("", held.get(claim, 0)))[1]
            for claim in worst
        )
        self.check("claims billed at more than the ledger has", over, not over)
        for why, claims in sorted(groups.items(), key=lambda item: -len(item[1])):
            ours = sum(settled[c][1] if c in settled else held[c] for c in claims)
            theirs = sum(billed.get(claim, 0) for claim in claims)
            # A refusal costs nothing; what may have been billed unseen costs its reservation.
            exact = why == "answered" or why.startswith("status")
            told = f"{len(claims)} calls, ledger {_usd(ours)}, server {_usd(theirs)}"
            self.check(f"  {why}", told, ours == theirs if exact else ours >= theirs)
        kept = sum(1 for name in (TEACHER, JUDGE) for _ in self.lines(f"run/replies/{name}"))
        self.check("  answered, and kept in a journal", kept, kept == len(groups["answered"]))
        stranded = len(groups.get("in flight at a kill", ()))
        self.check("  in flight at most", self.kills * PARALLEL, stranded <= self.kills * PARALLEL)

    def _no_key(self) -> None:
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        holding = [path.name for path in files if KEY.encode() in path.read_bytes()]
        echoes = sum("[key]" in text for row in self.lines(f"run/replies/{TEACHER}")
                     for text in row["texts"])  # fmt: skip
        self.check("replies that said the key back", echoes, self.items < 1000 or echoes > 0)
        self.check(f"files with the key, of {len(files)}", ", ".join(holding) or 0, not holding)


def _usd(nano: int) -> str:
    return f"{Decimal(nano).scaleb(-9):.9f} USD"
