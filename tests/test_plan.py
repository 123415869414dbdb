from typing import Any

from scipy.stats import binom

from loop.plan import plan
from loop.recipe import Recipe

ROLES = {"diagnose": 40, "gate": 100, "final": 40}


def recipe(**fields: Any) -> Recipe:
    given: dict[str, Any] = {
        "name": "demo",
        "taxonomy": [
            {"name": "minor", "weight": 3, "priority": 1, "target": 0.6, "format": "text"},
            {"name": "major", "weight": 1, "priority": 5, "target": 0.8, "format": "text"},
        ],
        "seed": {"files": ["seed.jsonl"]},
        "curriculum": {"seed_dose": 30, "round_budget": 50},
        "stopping": {"max_rounds": 3},
    }
    return Recipe.model_validate(given | fields)


def text(made: Recipe, gate: int = 100, timings: dict[str, float] | None = None) -> str:
    roles = ROLES | {"gate": gate}
    counts = {"minor": 900, "major": gate + 100}
    return plan(made, counts, {"minor": roles, "major": roles}, timings)


def rows(shown: str, name: str) -> list[str]:
    return [" ".join(line.split()) for line in shown.splitlines() if line.startswith(name)]


def test_the_dry_run_says_what_each_category_is_and_must_prove() -> None:
    shown = text(recipe())
    assert rows(shown, "major") == [
        "major 5 0.25 0.80 200 40% 40% 20%",
        "major 40 100 40 88 of 100 90 of 100 91 of 100 0.90",
        "major 0.80 25% 80% 10% 58% 6% 45% 111",
    ]


def test_the_chance_to_pass_is_the_binomials() -> None:
    for look, needed in ((0, 88), (1, 90), (2, 91)):
        told = rows(text(recipe()), "major")[2].split()[2 + 2 * look :][:2]
        assert told == [f"{binom.sf(needed - 1, 100, score):.0%}" for score in (0.85, 0.9)]


def test_the_gate_wanted_gives_the_chance_it_promises() -> None:
    shown = text(recipe(), gate=111)
    assert int(rows(shown, "major")[2].split()[3].rstrip("%")) >= 80


def test_no_chance_is_told_of_a_score_above_1() -> None:
    taxonomy = [
        {"name": "minor", "weight": 3, "target": 0.6, "format": "text"},
        {"name": "major", "weight": 1, "target": 0.95, "format": "text"},
    ]
    assert rows(text(recipe(taxonomy=taxonomy)), "major")[2] == "major 0.95 100% 100% never -"


def test_categories_stand_by_priority() -> None:
    shown = text(recipe())
    assert shown.index("major") < shown.index("minor")


def test_doses_are_totalled_from_what_the_seed_can_give() -> None:
    shown = text(recipe())
    # major has 200 rows of which 180 are held out; the last of three rounds asks for nothing.
    assert "50 seed rows, at most 30 per category" in shown
    assert "150 = 50 + 100 new" in shown


def test_a_dose_for_one_category_replaces_the_common_one() -> None:
    doses = {"seed_dose": 30, "seed_doses": {"minor": 45}, "round_budget": 50}
    shown = text(recipe(curriculum=doses))
    assert "65 seed rows, at most 30 per category, 45 of minor" in shown


def test_the_limit_on_examples_counts() -> None:
    assert "80 = 50 + 30 new" in text(recipe(stopping={"max_rounds": 9}, budget={"examples": 30}))


def test_a_look_that_can_prove_nothing_is_shown() -> None:
    assert rows(text(recipe(), gate=16), "major")[1] == "major 40 16 40 16 of 16 never never 0.99"
    assert rows(text(recipe(), gate=0), "major")[1] == "major 40 0 40 never never never -"
    assert rows(text(recipe(), gate=16), "major")[2] == "major 0.80 7% 19% never never 111"


def test_a_point_verdict_is_said_to_prove_nothing() -> None:
    shown = text(recipe(stopping={"verdict": "point", "looks": 1}))
    assert "proves nothing" in shown
    assert "80 of 100" in shown
    assert rows(shown, "major")[2] == "major 0.80 93% 100% -"


def test_time_is_unknown_until_it_was_measured() -> None:
    assert "time                unknown until round 1 has run" in text(recipe())
    timings = {"seed/read": 30.0, "round-00/evaluation": 90.0, "round-01/adapter": 60.0}
    assert "at least 5 min for 3 rounds" in text(recipe(), timings=timings)


def test_a_price_is_zero_only_where_nobody_is_paid() -> None:
    plugin = {"kind": "plugin", "use": "my.teacher:T"}
    assert "0 USD: every source is free" in text(recipe())
    assert "0 USD: every source is free" in text(recipe(sources=[{**plugin, "usd_per_example": 0}]))
    assert "cost                unknown: plugin says no price" in text(recipe(sources=[plugin]))
    assert "unlimited: plugin may be asked" in text(
        recipe(sources=[{**plugin, "usd_per_example": 0.5}])
    )


def test_no_line_is_wider_than_100_columns() -> None:
    long = {"name": "a" * 60, "weight": 1, "target": 0.8, "format": "text"}
    made = recipe(taxonomy=[long], stopping={"looks": 20})
    roles = {made.taxonomy[0].name: {"diagnose": 4000, "gate": 6000, "final": 4000}}
    shown = plan(made, {made.taxonomy[0].name: 1_000_000}, roles)
    assert max(len(line) for line in shown.splitlines()) <= 100


def test_what_a_budget_refuses_is_said_in_short() -> None:
    api = {"model": "m", "base_url": "http://127.0.0.1:1/v1", "key_env": ""}
    asked = {"sources": [{"kind": "model", "name": "teacher", "api": api}], "budget": {"usd": 5}}
    known = {"prices": {"m": {"input": 1, "output": 2}}}
    assert "refused: budget.usd is set and not every price is known (teacher)" in text(
        recipe(**asked)
    )
    assert "cost                at most 5 USD for teachers" in text(recipe(**asked, **known))
