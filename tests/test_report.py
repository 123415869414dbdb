import ast
import html
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loop.example import Example
from loop.recipe import Recipe
from loop.records import (
    Adapter,
    CategoryScore,
    CategoryWeakness,
    Cause,
    Change,
    Fulfilment,
    GateRuling,
    GenerationRequest,
    LossPoint,
    Mixture,
    Proposal,
    Rejected,
    RequestItem,
    SinceBest,
    Slice,
    Summary,
    UnseenScore,
    Weakness,
    WeakSlice,
    WeightedChange,
    Yield,
)
from loop.report import chart, round_report, run_report, to_html
from loop.report.lines import diagnose_lines
from loop.report.sources import sources_table
from loop.report.text import duration, inline, plain, table
from loop.stats import wilson

HOSTILE = "<script>alert(1)</script> | `x` [a](javascript:alert(2))\n# h ![i](http://e.x/i.png) $a$"


def recipe(**stopping: Any) -> Recipe:
    return Recipe.model_validate(
        {
            "name": "tried",
            "model": {"base": "random:tiny"},
            "seed": {"files": ["seed.jsonl"]},
            "stopping": stopping,
            "taxonomy": [
                {"name": "labels", "weight": 1, "priority": 1, "target": 0.9, "format": "label"},
                {
                    "name": "answers",
                    "description": HOSTILE,
                    "weight": 3,
                    "priority": 5,
                    "target": 0.6,
                    "format": "text",
                },
            ],
        }
    )


TAXONOMY = recipe().taxonomy


def weak(name: str, passed: int, total: int = 40, **fields: Any) -> CategoryWeakness:
    section = recipe().category(name)
    low, high = wilson(passed, total)
    given = {
        "category": name,
        "priority": section.priority,
        "weight": recipe().weights[name],
        "target": section.target,
        "passed": passed,
        "total": total,
        "low": low,
        "high": high,
        "verdict": "undecided",
    }
    return CategoryWeakness.model_validate(given | fields)


def weakness(number: int, answers: int, labels: int, **fields: Any) -> Weakness:
    categories = (weak("answers", answers, **fields), weak("labels", labels))
    weighted = 0.75 * answers / 40 + 0.25 * labels / 40
    return Weakness(round=number, categories=categories, weighted=weighted)


HISTORY = (
    weakness(0, 4, 10),
    weakness(1, 22, 28),
    weakness(
        2,
        31,
        33,
        verdict="met",
        change=Change(better=11, worse=2, p_value=0.0225),
        slices=(
            Slice(by="tier", name="complex", passed=1, total=8),
            Slice(by="tag", name=HOSTILE, passed=3, total=9),
            Slice(by="tag", name="solved", passed=5, total=5),
        ),
        failures={"wrong_answer": 6, "format": 3},
        weak=(
            WeakSlice(
                tier="moderate",
                tag=HOSTILE[:40],
                failed=5,
                total=6,
                low=0.44,
                high=0.97,
                elsewhere_failed=4,
                elsewhere_total=34,
                p_value=0.00062,
                causes={"format": 3, "missing_skill": 2},
            ),
        ),
        causes=(
            Cause(
                code="missing_skill",
                ids=("00d1a6e5", "11d1a6e5", "22d1a6e5", "33d1a6e5"),
                signs={"wrong_answer": 3, "timeout": 1},
            ),
            Cause(code="format", ids=("44d1a6e5",) * 3, signs={"not_parsed": 3}),
            Cause(code="suspect_label", ids=("55d1a6e5",) * 2, signs={"reference_fails": 2}),
        ),
        proposals=(
            Proposal(kind="more_data", cause="missing_skill", count=4, text="Add examples."),
            Proposal(kind="show_format", cause="format", count=3, text=f"Show it. {HOSTILE}"),
            Proposal(
                kind="fix_labels",
                cause="suspect_label",
                count=2,
                text="Have a person review them.",
                ids=("55d1a6e5", "66d1a6e5"),
            ),
        ),
        worst=("00d1a6e5", "11d1a6e5"),
    ),
)


def example(text: str, category: str = "answers") -> Example:
    return Example(instruction=text, output="out", category=category)


MIXTURE = Mixture(
    examples=(example("a"), example("b", "labels"), example("c"), example("d")), new=2
)
ADAPTER = Adapter(
    folder="round-02/adapter",
    sha256="f" * 64,
    base="random:tiny",
    examples=4,
    steps=7,
    tokens=321,
    dropped=(Rejected(reason="too_long"),),
    loss=(
        LossPoint(step=1, loss=2.5, learning_rate=0.1),
        LossPoint(step=7, loss=0.25, learning_rate=0.0),
    ),
)
REQUEST = GenerationRequest(
    round=2,
    items=(
        RequestItem(
            id="r02-001",
            category="answers",
            tier="complex",
            tags=(HOSTILE,),
            count=5,
            format="text",
            failures=("wrong_answer",),
            wanted=("more_data", "show_format"),
        ),
    ),
)
FULFILMENT = Fulfilment(
    round=2,
    accepted=(example("kept one"), example("kept two")),
    rejected=(
        Rejected(reason="near_duplicate", category="answers", raw="never shown"),
        Rejected(reason="near_duplicate", category="answers"),
        Rejected(reason=HOSTILE, category=""),
    ),
    received=5,
    requested={"answers": 5},
    yields=(Yield(source="pool", received=5, accepted=2, rejected={"near_duplicate": 3}),),
    shortfall={"answers": 3},
)


def full_round(**timings: float) -> str:
    return round_report(
        HISTORY[2], HISTORY, MIXTURE, REQUEST, FULFILMENT, ADAPTER, timings, TAXONOMY
    )


def test_sources_are_compared_by_what_an_accepted_example_cost() -> None:
    paid = {"received": 8, "accepted": 2, "rejected": {"near_duplicate": 6}, "nano": 30_000_000}
    yields = (
        Yield(source="pool", received=3, accepted=3),
        Yield(source="teacher", way="evolve", **paid),
        Yield(source="teacher", way=HOSTILE, received=1, rejected={"refusal": 1}, nano=5),
        Yield(source="people", received=2, accepted=1, nano=None, seconds=600),
    )
    pages = "\n".join(sources_table(yields))
    assert "| **pool** | – | 3 | 3 (100%) | 0.0000 USD | 0.0000 USD | 0.0 s | – |" in pages
    assert "| evolve | 8 | 2 (25%) | 0.0300 USD | 0.0150 USD | 0.0 s | near_duplicate 6 |" in pages
    assert "| 1 | 0 (0%) | 0.0001 USD | – | 0.0 s | refusal 1 |" in pages
    assert "| **people** | – | 2 | 1 (50%) | unknown | unknown | 10 min" in pages
    assert "<script>" not in pages


def test_a_round_and_a_run_tell_what_each_source_gave_and_left_out() -> None:
    gave = FULFILMENT.model_copy(update={"notes": ("writer: budget.usd: 0 USD left",)})
    page = round_report(HISTORY[2], HISTORY, MIXTURE, REQUEST, gave, ADAPTER, {}, TAXONOMY)
    assert "| **pool** | 5 | 2 (40%) |" in page
    assert "- writer: budget.usd: 0 USD left" in page
    whole = run_report(summary(yields=FULFILMENT.yields), recipe(), (), {})
    assert "| **pool** | 5 | 2 (40%) |" in whole


def test_what_would_decide_and_how_sure_a_change_is_stand_below_the_scores() -> None:
    change = WeightedChange(mean=0.21, low=0.1234, high=0.3)
    now = weakness(1, 22, 28, to_decide=57).model_copy(update={"weighted_change": change})
    text = round_report(now, (HISTORY[0], now), None, None, None, None, {}, TAXONOMY)
    assert "(last round 0.138), a change of +0.210 [+0.123, +0.300]." in text.replace("\n", " ")
    assert "if it scored on as now: answers 57." in text
    assert "More diagnose items" not in full_round()


def ruling(look: int, number: int, labels: bool) -> GateRuling:
    return GateRuling(
        look=look,
        round=number,
        alpha=0.0304 / look**2,
        needed={"answers": 44, "labels": 58},
        total={"answers": 60, "labels": 60},
        met={"answers": True, "labels": labels},
    )


def summary(**fields: Any) -> Summary:
    given: dict[str, Any] = {
        "name": "tried",
        "outcome": "met",
        "reason": "every category met its target at look 2 at the gate",
        "rounds": 2,
        "shipped_round": 2,
        "shipped_by": "gate",
        "adapter": "round-02/adapter",
        "verdict_rule": "bound",
        "weakness": HISTORY,
        "rulings": (ruling(1, 1, False), ruling(2, 2, True)),
        "final": (
            CategoryScore(category="answers", passed=30, total=40),
            CategoryScore(category="labels", passed=39, total=40),
        ),
        "unseen": (UnseenScore(file=HOSTILE, category="answers", passed=7, total=20),),
        "fulfilments": ({}, {"answers": 12, "labels": 3}, {}),
    }
    return Summary.model_validate(given | fields)


def rows_of(text: str) -> list[list[str]]:
    """Cells of every table row of a Markdown text, escaped pipes respected."""
    rows = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in rows]


def row(text: str, first: str, after: str = "") -> list[str]:
    return next(cells for cells in rows_of(text[text.index(after) :]) if cells[0] == first)


def test_a_round_report_leads_with_categories_by_priority() -> None:
    rows = rows_of(full_round())
    assert rows[0][0] == "Category"
    assert [cells[0] for cells in rows[2:4]] == ["**answers**", "**labels**"]


def test_a_category_row_carries_score_interval_target_gap_verdict_and_change() -> None:
    report = full_round()
    low, high = wilson(31, 40)
    assert row(report, "**answers**") == [
        "**answers**",
        "0.78 (31/40)",
        f"{low:.2f} – {high:.2f}",
        "0.60",
        "0.00",
        "✓ met",
        "+11 −2, p = 0.022",
        "5",
        "0.75",
    ]
    assert row(report, "**labels**")[3:7] == ["0.90", "0.08", "? undecided", "–"]


def test_the_production_weighted_total_stands_beside_with_the_last_round() -> None:
    report = full_round()
    assert f"score: {HISTORY[2].weighted:.3f} (last round {HISTORY[1].weighted:.3f})" in report


def test_a_regression_is_said_in_words() -> None:
    worse = Change(better=0, worse=9, p_value=0.004)
    now = weakness(1, 4, 10, change=worse, regressed=True)
    report = round_report(now, (HISTORY[0], now), None, None, None, None, {}, TAXONOMY)
    assert "Significantly worse than the last round: answers." in report
    assert "+0 −9, p = 0.004, **regressed**" in report


def test_a_weak_slice_stands_with_its_counts_interval_and_causes() -> None:
    cells = next(
        cells for cells in rows_of(full_round()) if cells[0].startswith("**moderate items")
    )
    figures = ["0.83 (5/6)", "0.44 – 0.97", "0.12 (4/34)", "0.0006"]
    assert cells[1:] == [*figures, "format 3, missing skill 2"]


def test_each_cause_stands_with_what_told_it_and_what_would_fix_it() -> None:
    report = full_round()
    assert row(report, "**missing skill**") == [
        "**missing skill**",
        "4",
        "wrong answer 3, timeout 1",
        "Add examples.",
    ]
    assert row(report, "**format**")[3].startswith("Show it.")
    assert "To review (fix labels): 55d1a6e5, 66d1a6e5." in report


def test_a_category_in_which_no_part_stands_out_says_so() -> None:
    now = weakness(1, 4, 10, failures={"format": 36})
    report = round_report(now, (HISTORY[0], now), None, None, None, None, {}, TAXONOMY)
    assert "No tier and no tag fails significantly more than the rest" in report


def test_a_fall_below_the_best_round_is_said_in_both_reports() -> None:
    since = SinceBest(better=1, worse=11, p_value=0.0063, round=1, rounds=2)
    now = weakness(2, 12, 10, since_best=since, below_best=True)
    page = round_report(now, (*HISTORY[:2], now), None, None, None, None, {}, TAXONOMY)
    told = "best earlier round: answers (round 1: +1 −11, p = 0.0063 before correction)."
    assert told in page
    run = run_report(summary(weakness=(*HISTORY[:2], now)), recipe(), (), {})
    assert row(run, "2 (shipped)", "## Regressions") == [
        "2 (shipped)",
        "answers",
        "1",
        "+1 −11, p = 0.0063",
    ]


def test_a_run_in_which_nothing_fell_says_so() -> None:
    report = run_report(summary(), recipe(), (), {})
    assert "No round left a category significantly worse than its best earlier round." in report


def test_why_a_round_is_shipped_stands_above_how_to_load_it() -> None:
    report = run_report(summary(shipped_because="round 2 passed | all"), recipe(), (), {})
    shipped = report[report.index("## Shipped") :]
    assert shipped.index("Why: round 2 passed \\| all.") < shipped.index("```python")


def test_a_terminal_line_tells_causes_and_weak_slices() -> None:
    (told,) = diagnose_lines(HISTORY[2])
    assert told.startswith(
        "round 02 | diagnose | answers missing_skill 4, format 3, suspect_label 2 | moderate items"
    )
    assert "\n" not in told


def test_weak_slices_failures_and_worst_ids_are_shown_and_solved_tags_are_not() -> None:
    report = full_round()
    assert row(report, "complex") == ["complex", "tier", "0.12", "1/8"]
    assert "Failures by kind: wrong_answer 6, format 3." in report
    assert "Worst examples: 00d1a6e5, 11d1a6e5." in report
    assert "solved" not in report


def test_what_was_trained_on_is_counted_by_category_and_by_novelty() -> None:
    report = full_round()
    assert row(report, "answers", "## Trained on") == ["answers", "3", "2"]
    assert row(report, "labels", "## Trained on") == ["labels", "1", "0"]
    assert "loss 2.500 → 0.250" in report
    assert "Not trained on, though in the mixture: too_long 1." in report


def test_a_mixture_without_new_examples_counts_none_as_new() -> None:
    same = MIXTURE.model_copy(update={"new": 0})
    report = round_report(HISTORY[2], HISTORY, same, None, None, ADAPTER, {}, TAXONOMY)
    assert row(report, "answers", "## Trained on") == ["answers", "3", "0"]


def test_what_is_asked_for_says_what_it_should_bring_about() -> None:
    asked = row(full_round(), "r02-001", "## Asked for")
    assert asked[4:] == ["wrong_answer", "more data, show format", "5"]


def test_deliveries_add_up_and_give_their_reasons() -> None:
    report = full_round()
    delivered = row(report, "answers", "## Delivered")
    assert delivered == ["answers", "5", "4", "2", "3", "near_duplicate 2"]
    assert row(report, "**all**", "## Delivered")[1:4] == ["**5**", "**5**", "**2**"]
    assert row(report, "no category", "## Delivered")[3] == "0"
    assert "never shown" not in report


def test_round_zero_says_that_nothing_was_trained_or_asked_for() -> None:
    report = round_report(HISTORY[0], HISTORY[:1], None, None, None, None, {}, TAXONOMY)
    assert "untuned base" in report
    assert "Nothing was asked for" in report
    assert "## Delivered" not in report


def test_times_come_last_and_only_from_the_argument() -> None:
    without, timed = full_round(), full_round(adapter=61.0, evaluation=3600.0)
    assert "## Time per stage" not in without
    assert timed.split("## Time per stage")[0].rstrip() == without.rstrip()
    assert row(timed, "adapter", "## Time") == ["adapter", "1 min 01 s"]
    assert row(timed, "**all stages**") == ["**all stages**", "**1 h 01 min**"]


def test_a_run_report_leads_with_the_outcome_in_one_sentence() -> None:
    lines = run_report(summary(), recipe(), (), {}).splitlines()
    assert lines[0] == "# tried: met"
    assert lines[2].startswith("**Every target is met**, after 2 rounds: every category met")


def test_a_run_report_has_final_verdicts_per_category() -> None:
    report = run_report(summary(), recipe(), (), {})
    answers = row(report, "**answers**")
    assert answers[1:3] == ["0.60", "✓ pass"]
    assert answers[3].startswith("0.75 (30/40), 0.60 – 0.86")
    assert answers[4] == "✓ met"
    assert row(report, "**labels**")[4] == "? undecided"
    assert "0.806 on final" in report


def test_looks_show_error_and_needed_passes_and_no_gate_score() -> None:
    report = run_report(summary(), recipe(), (), {})
    assert row(report, "1", "## Looks") == [
        "1",
        "1",
        "0.0304",
        "✓ pass (needs 44 of 60)",
        "✗ fail (needs 58 of 60)",
    ]
    assert "2 of 3 looks used; error spent 0.0380 of 0.05." in report


def test_accepted_examples_are_counted_per_category_and_round() -> None:
    report = run_report(summary(), recipe(), (), {})
    assert row(report, "1", "## Examples accepted") == ["1", "12", "3", "15"]
    assert row(report, "**all**", "## Examples accepted")[-1] == "**15**"


def test_a_run_that_stopped_short_says_what_its_figures_are_worth() -> None:
    short = summary(
        outcome="plateau",
        reason="no gain for 2 rounds",
        shipped_by="diagnose",
        shipped_round=1,
        rulings=(),
        final=(),
        verdict_rule="point",
    )
    report = run_report(short, recipe(verdict="point"), ("floors won over the share",), {})
    assert "Stopped on a plateau, not every target proven" in report
    assert "meets 0 of 2 targets" in report
    assert "optimistic" in report
    assert "prove nothing" in report
    assert "Final is still closed" in report
    assert "Holdout: floors won over the share" in report
    assert row(report, "**answers**")[2:5] == ["not looked at", "not opened", "–"]


def test_the_ruling_shown_is_the_shipped_rounds() -> None:
    short = summary(shipped_by="diagnose", shipped_round=1)
    report = run_report(short, recipe(), (), {})
    assert row(report, "**labels**")[2] == "✗ fail"


def test_a_base_that_did_best_ships_no_adapter() -> None:
    report = run_report(summary(adapter=None, shipped_round=0), recipe(), (), {})
    assert "no adapter" in report
    assert "```python" not in report


def test_run_times_add_up_over_rounds() -> None:
    seconds = {"round-01/adapter": 10.0, "round-02/adapter": 20.0, "seed/read": 1.0}
    report = run_report(summary(), recipe(), (), seconds)
    assert row(report, "adapter", "## Time") == ["adapter", "30.0 s"]
    assert row(report, "**all stages**", "## Time")[1] == "**31.0 s**"


def code_of(report: str) -> str:
    found = re.search(r"```python\n(.*?)\n```", report, re.DOTALL)
    assert found
    return found[1]


def test_the_loading_code_is_python_even_with_a_hostile_system_prompt() -> None:
    section = recipe().model.model_copy(update={"system_prompt": 'a"\n```\n<b>'})
    hostile = recipe().model_copy(update={"model": section})
    report = run_report(summary(), hostile, (), {})
    calls = [node for node in ast.walk(ast.parse(code_of(report))) if isinstance(node, ast.Call)]
    assert len(calls) > 4
    assert "<b>" not in to_html(report, "t", None)


@pytest.mark.slow
def test_the_loading_code_answers(
    tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from loop.models import packaged_folder

    folder = tmp_path_factory.mktemp("run")
    base = packaged_folder("random:tiny")
    model = AutoModelForCausalLM.from_pretrained(base)
    get_peft_model(model, LoraConfig(target_modules="all-linear")).save_pretrained(folder)
    AutoTokenizer.from_pretrained(base).save_pretrained(folder)
    code = code_of(run_report(summary(), recipe(), (), {}))
    code = code.replace("results/tried/round-02/adapter", str(folder))
    exec(compile(code.replace("max_new_tokens=256", "max_new_tokens=4"), "report", "exec"), {})
    assert capsys.readouterr().out.endswith("\n")


def test_hostile_data_stays_text_on_a_page() -> None:
    for text in (full_round(), run_report(summary(reason=HOSTILE), recipe(), (HOSTILE,), {})):
        page = to_html(text, HOSTILE, chart(HISTORY, TAXONOMY))
        tags = set(re.findall(r"<([a-zA-Z][\w-]*)", page))
        assert not tags & {"script", "a", "img", "iframe", "object", "link", "base", "form"}
        assert html.escape("<script>alert(1)</script>") in page
        assert not re.search(r'\b(src|href|on\w+)="(?!#)', page)


def test_a_page_fetches_nothing_and_fits_a_phone() -> None:
    page = to_html("# A\n\n## B\n", "t", chart(HISTORY, TAXONOMY))
    assert "default-src 'none'" in page
    assert 'name="viewport"' in page
    assert "prefers-color-scheme: dark" in page
    assert page.index("<h1>") < page.index("<svg") < page.index("<h2>")


@pytest.mark.parametrize(
    "markup",
    [
        "<script>x</script>",
        "<img src=x onerror=y>",
        "[a](javascript:b)",
        "<javascript:a>",
        "![a](b.png)",
        "[a]: javascript:b\n\n[a]",
        "&lt;script&gt;",
    ],
)
def test_markup_that_reaches_the_page_unescaped_is_still_text(markup: str) -> None:
    page = to_html(markup, "t", None).split("<main>")[1]
    assert set(re.findall(r"<(\w+)", page)) == {"p"}


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_any_text_is_shown_as_it_is_in_one_cell(text: str) -> None:
    lines = table(("A", "B"), [[f"x{inline(text)}x", "1"]])
    page = to_html("\n".join(lines), "t", None)
    cells = re.findall(r"<td[^>]*>(.*?)</td>", page, re.DOTALL)
    assert len(cells) == 2
    assert html.unescape(cells[0]) == f"x{plain(text)}x"


def test_plain_text_is_one_bounded_line_without_controls() -> None:
    text = plain("a\x1b[31m\n\u202eb\u2028c\ud800" + "z" * 500)
    assert text.startswith("a [31m b c z")
    assert len(text) == 200


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0.0 s"), (59.96, "1 min 00 s"), (61, "1 min 01 s"), (3599.6, "1 h 00 min")],
)
def test_durations_never_show_sixty(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown


def test_the_chart_is_one_document_with_a_panel_per_category() -> None:
    root = ET.fromstring(chart(HISTORY, TAXONOMY))
    groups = [group.get("id", "") for group in root.iter("{http://www.w3.org/2000/svg}g")]
    assert sum(name.startswith("axes_") for name in groups) == 2


def test_the_chart_moves_with_a_score() -> None:
    changed = (*HISTORY[:2], weakness(2, 30, 33))
    assert chart(changed, TAXONOMY) != chart(HISTORY, TAXONOMY)


def test_a_chart_of_no_round_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one evaluated round"):
        chart((), TAXONOMY)


def test_the_chart_draws_names_as_they_are_and_leaves_settings_alone() -> None:
    import matplotlib as mpl

    section = TAXONOMY[0].model_copy(update={"name": "a$\\frac$<b>"})
    category = weak("labels", 3).model_copy(update={"category": section.name})
    report = Weakness(round=0, categories=(category,), weighted=0.1)
    with mpl.rc_context({"font.size": 31}):
        drawn = chart((report,), (section,))
        assert mpl.rcParams["font.size"] == 31
    assert "<b>" not in drawn
    assert ET.fromstring(drawn) is not None


@pytest.mark.slow
def test_pages_are_the_same_bytes_in_another_process() -> None:
    program = (
        "import hashlib, tests.test_report as t\n"
        "text = t.chart(t.HISTORY, t.TAXONOMY) + t.full_round()\n"
        "print(hashlib.sha256(text.encode()).hexdigest())"
    )
    runs = [
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        for _ in range(2)
    ]
    assert runs[0].stdout == runs[1].stdout


def test_importing_the_reports_loads_no_drawing_library() -> None:
    program = (
        "import sys, loop.report; print({'matplotlib', 'scipy', 'markdown_it'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "set()\n"
