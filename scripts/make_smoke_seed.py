"""Write recipes/smoke/seed.jsonl: `python scripts/make_smoke_seed.py --seed 1 --rows 200`."""

import argparse
import json
import random
import sys
from pathlib import Path

RECIPES = Path(__file__).parent.parent / "recipes"


def main() -> None:
    """Write the rows, with a few faulty ones among them."""
    sys.path.insert(0, str(RECIPES))
    from smoke.teacher import greeting, parity

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rows", type=int, default=200)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    half = arguments.rows // 2
    rows = [greeting(rng) for _ in range(half)]
    rows += [parity(rng, "simple" if number % 2 else "moderate") for number in range(half)]
    rows += [rows[0], rows[-1] | {"output": ""}, rows[1] | {"category": "weather"}]
    rng.shuffle(rows)
    path = RECIPES / "smoke" / "seed.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    sys.stdout.write(f"{path.name}: {len(rows)} rows, 3 of them faulty\n")


if __name__ == "__main__":
    main()
