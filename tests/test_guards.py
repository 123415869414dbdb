"""Guards on a tiny random model and on scripted answers, from local task files only."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from loop.errors import DataError
from loop.evaluate import Backend, in_process, load_guard_tasks, measure_guards
from loop.evaluate.decode import Answer, Question
from loop.recipe import EvaluationSection, GuardSection, ModelSection, SandboxSection
from loop.records import Guards, GuardScore
from loop.report.guards import guards_section
from loop.sandbox import Sandbox, open_sandbox
from tests.tiny_model import tiny_model

COUNT = 24
EXACT = """
task: capitals
dataset_path: json
dataset_kwargs: {data_files: {test: data/capitals.jsonl}}
test_split: test
output_type: generate_until
doc_to_text: "Capital of {{land}}?"
doc_to_target: "{{city}}"
generation_kwargs: {until: ["\\n"], max_gen_toks: 8, do_sample: false}
metric_list: [{metric: exact_match, aggregation: mean, higher_is_better: true}]
"""
CHOICE = """
task: choices
dataset_path: json
dataset_kwargs: {data_files: {test: data/capitals.jsonl}}
test_split: test
output_type: multiple_choice
doc_to_text: "Capital of {{land}}?"
doc_to_choice: ["a", "b", "c"]
doc_to_target: 1
process_docs: !function own.every_other
"""
OWN = """
def every_other(docs):
    return docs.select(range(0, len(docs), 2))
"""
HUMANEVAL = """
task: programs
dataset_path: json
dataset_kwargs: {data_files: {test: data/programs.jsonl}}
test_split: test
unsafe_code: true
output_type: generate_until
doc_to_text: "{{prompt}}"
doc_to_target: "{{test}}"
generation_kwargs: {until: ["\\ndef"], max_gen_toks: 40, do_sample: false}
metric_list: [{metric: !function nowhere.pass_at_k, aggregation: mean, higher_is_better: true}]
filter_list: [{name: run, filter: [{function: custom, filter_fn: !function nowhere.run}]}]
"""
PROGRAMS = (
    ("double", "return 2 * n", "assert candidate(4) == 8\n    assert candidate(0) == 0"),
    ("negate", "return -n", "assert candidate(4) == -4"),
    ("square", "return n * n", "assert candidate(3) == 9"),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    rows = [{"land": f"land {i}", "city": f"city {i}"} for i in range(COUNT)]
    programs = [
        {
            "prompt": f'def {name}(n):\n    """Do it."""\n',
            "canonical_solution": f"    {body}\n",
            "test": f"def check(candidate):\n    {tests}\n",
            "entry_point": name,
        }
        for name, body, tests in PROGRAMS
    ]
    for name, listed in (("capitals", rows), ("programs", programs)):
        text = "".join(json.dumps(row) + "\n" for row in listed)
        (tmp_path / "data" / f"{name}.jsonl").write_text(text)
    (tmp_path / "own.py").write_text(OWN)
    for name, text in (("capitals", EXACT), ("choices", CHOICE), ("programs", HUMANEVAL)):
        (tmp_path / f"{name}.yaml").write_text(text)
    return tmp_path


@pytest.fixture(scope="module")
def tiny() -> Iterator[Backend]:
    with tiny_model() as loaded:
        yield in_process(loaded, "tiny", "base", 4)


@cache
def sandbox() -> Sandbox:
    return open_sandbox(SandboxSection())


def saying(tiny: Backend, answer: Callable[[str], str]) -> Backend:
    """The same, with answers that a test decides, by the prompt."""

    def decode(questions: Sequence[Question]) -> list[Answer]:
        return [Answer(answer(question.prompt), complete=True) for question in questions]

    return replace(tiny, decode=decode, workers=1)


def measure(
    folder: Path, backend: Backend, out: str, base: Guards | None = None, **guard: Any
) -> Guards:
    guards = (GuardSection(**guard),)
    return measure_guards(
        load_guard_tasks(guards, folder, "hf"),
        0 if base is None else 1,
        replace(backend, settings=(out,)),
        "base" if base is None else "f" * 64,
        base,
        EvaluationSection(guards=guards, batch_size=8),
        ModelSection(),
        sandbox,
        folder / out,
        0,
    )


def right_below(limit: int) -> Callable[[str], str]:
    def answer(prompt: str) -> str:
        number = int(prompt.partition("land ")[2].partition("?")[0])
        return f"city {number}\nand more" if number < limit else "nowhere"

    return answer


def test_a_significant_drop_beyond_the_allowed_one_breaks_the_guard(
    folder: Path, tiny: Backend
) -> None:
    guard: dict[str, Any] = {"task": "capitals.yaml", "allowed_drop": 0.1, "refuse": True}
    base = measure(folder, saying(tiny, right_below(COUNT)), "a", **guard)
    tuned = measure(folder, saying(tiny, right_below(COUNT - 8)), "b", base, **guard)
    assert (base.scores[0].value, base.broken) == (1.0, ())
    assert tuned.scores[0].value == pytest.approx(16 / 24)
    assert tuned.scores[0].p_value == pytest.approx(2 / 2**8)
    assert (tuned.broken, tuned.refused) == (("capitals.yaml",), ("capitals.yaml",))


def test_a_drop_that_may_be_chance_or_is_allowed_breaks_nothing(
    folder: Path, tiny: Backend
) -> None:
    base = measure(folder, saying(tiny, right_below(COUNT)), "a", task="capitals.yaml")
    few = saying(tiny, right_below(COUNT - 4))
    chance = measure(folder, few, "b", base, task="capitals.yaml", allowed_drop=0.1)
    assert chance.scores[0].drop > 0.1
    assert chance.broken == ()
    many = saying(tiny, right_below(COUNT - 8))
    allowed = measure(folder, many, "c", base, task="capitals.yaml", allowed_drop=0.34)
    assert allowed.broken == ()


def test_choices_are_scored_by_likelihood_and_own_functions_run(
    folder: Path, tiny: Backend
) -> None:
    found = measure(folder, tiny, "a", task="choices.yaml")
    assert (found.scores[0].metric, found.scores[0].total) == ("acc", COUNT // 2)
    again = measure(folder, tiny, "b", found, task="choices.yaml")
    assert again.scores[0].drop == 0
    assert [item.score for item in again.items] == [item.score for item in found.items]


def test_a_limit_takes_the_first_items_and_real_answers_resume(folder: Path, tiny: Backend) -> None:
    found = measure(folder, tiny, "a", task="capitals.yaml", limit=3)
    assert found.scores[0].total == 3
    journal = folder / "a" / "answers.jsonl"
    before = journal.read_bytes()
    assert measure(folder, tiny, "a", task="capitals.yaml", limit=3) == found
    assert journal.read_bytes() == before


def test_programs_are_run_in_the_sandbox_and_never_by_code_eval(
    folder: Path, tiny: Backend
) -> None:
    bodies = {name: body for name, body, _ in PROGRAMS}

    def answer(prompt: str) -> str:
        name = next(name for name in bodies if f"def {name}" in prompt)
        if name == "square":
            return "    return n + n\n"
        if name == "negate":
            return f"```python\ndef {name}(n):\n    {bodies[name]}\n```"
        return f"    {bodies[name]}\n"

    # A fenced answer is cut at the task's own stop, as lm-eval would.
    text = (folder / "programs.yaml").read_text().replace('until: ["\\ndef"]', "until: []")
    (folder / "programs.yaml").write_text(text)
    found = measure(folder, saying(tiny, answer), "a", task="programs.yaml")
    assert [item.score for item in found.items] == [1, 1, 0]
    assert found.scores[0].metric == "pass"


MBPP: list[dict[str, Any]] = [
    {"text": f"Write {name}.", "code": body, "test_list": tests, "test_setup_code": "import math"}
    for name, body, tests in (
        ("a", "def a(n): return n", ["assert a(1) == 1", "assert a(2) == 2", "assert 1"]),
        ("b", "def b(n): return -n", ["assert b(1) == -1", "assert b(0) == 0", "assert 1"]),
        ("c", "def c(n): return n", ["assert c(4) == math.sqrt(16)", "assert 1", "assert 1"]),
    )
]


@pytest.mark.parametrize(
    ("task", "data", "wrapped"),
    [
        ("mbpp/mbpp.yaml", "mbpp", "{}\n[DONE] and more"),
        ("mbpp/mbpp_instruct.yaml", "mbpp", "{}\n```\nIt works."),
        ("humaneval/humaneval.yaml", "programs", "{}\n\n\nprint(1 / 0)"),
        ("humaneval/humaneval_instruct.yaml", "programs", "{}\n```\nIt works."),
    ],
)
def test_lm_evals_own_programming_tasks_are_scored_in_the_sandbox(
    folder: Path, tiny: Backend, task: str, data: str, wrapped: str
) -> None:
    import lm_eval

    (folder / "data/mbpp.jsonl").write_text("".join(json.dumps(row) + "\n" for row in MBPP))
    (folder / "named.yaml").write_text(
        f"include: {Path(lm_eval.__file__).parent / 'tasks' / task}\n"
        "task: named\ndataset_path: json\ndataset_name: null\n"
        f"dataset_kwargs: {{data_files: {{test: data/{data}.jsonl}}}}\n"
    )
    bodies = {f"def {name}(n)": f"    {body}" for name, body, _ in PROGRAMS}
    bodies |= {row["text"]: row["code"] for row in MBPP}

    def answer(prompt: str) -> str:
        body = next(body for sign, body in bodies.items() if sign in prompt)
        # The second item of each is answered wrongly.
        return wrapped.format(body.replace("return -n", "return n"))

    wide = replace(saying(tiny, answer), context=None)
    found = measure(folder, wide, "a", task="named.yaml")
    assert [item.score for item in found.items] == [1, 0, 1]


def test_mmlu_is_scored_by_likelihood_with_its_own_examples(folder: Path, tiny: Backend) -> None:
    import lm_eval

    template = Path(lm_eval.__file__).parent / "tasks/mmlu/default/_default_template_yaml"
    for split in ("test", "dev"):
        rows = [
            {"question": f"{split} {n}?", "choices": ["w", "x", "y", "z"], "answer": n % 4}
            for n in range(8)
        ]
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / f"data/{split}.jsonl").write_text(text)
    (folder / "slice.yaml").write_text(
        f"include: {template}\ntask: mmlu_slice\ndataset_path: json\ndataset_name: null\n"
        "num_fewshot: 2\n"
        "dataset_kwargs: {data_files: {test: data/test.jsonl, dev: data/dev.jsonl}}\n"
    )
    (score,) = measure(folder, tiny, "a", task="slice.yaml").scores
    assert (score.metric, score.total) == ("acc", 8)
    assert 0 < score.value < 1


def test_items_that_changed_since_the_base_are_refused(folder: Path, tiny: Backend) -> None:
    base = measure(folder, saying(tiny, right_below(3)), "a", task="capitals.yaml")
    data = folder / "data" / "capitals.jsonl"
    data.write_text(data.read_text().replace("city 5", "city five"))
    with pytest.raises(DataError, match="not those that the base was measured on"):
        measure(folder, saying(tiny, right_below(3)), "b", base, task="capitals.yaml")


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("capitals.yaml", ("capitals.jsonl", "gone.jsonl"), "gone.jsonl is missing"),
        ("capitals.yaml", ("do_sample: false", "do_sample: true"), "samples its answers"),
        ("capitals.yaml", ("higher_is_better: true", "higher_is_better: false"), "none is a mean"),
        ("capitals.yaml", ("{data_files", "{trust_remote_code: true, data_files"), "run code"),
        ("choices.yaml", ("own.every_other", "own.nothing"), "no function 'nothing'"),
        ("programs.yaml", ('doc_to_text: "{{prompt}}"', "doc_to_text: !function x.y"), "rescored"),
    ],
)
def test_what_cannot_be_measured_is_refused_before_anything_runs(
    folder: Path, name: str, change: tuple[str, str], message: str
) -> None:
    path = folder / name
    path.write_text(path.read_text().replace(*change))
    with pytest.raises(DataError, match=message) as caught:
        load_guard_tasks([GuardSection(task=name)], folder, "hf")
    assert f"evaluation.guards: {name}: " in str(caught.value)


def test_all_guards_that_fail_are_named_together(folder: Path) -> None:
    guards = [GuardSection(task="missing.yaml"), GuardSection(task="../outside.yaml")]
    with pytest.raises(DataError) as caught:
        load_guard_tasks(guards, folder, "hf")
    assert "there is no file" in str(caught.value)
    assert "outside the recipe's folder" in str(caught.value)


def test_a_chat_server_cannot_score_given_answers(folder: Path) -> None:
    guards = [GuardSection(task="choices.yaml")]
    with pytest.raises(DataError, match="local-completions"):
        load_guard_tasks(guards, folder, "local-chat-completions")


@pytest.mark.slow
def test_named_tasks_are_validated_early(folder: Path) -> None:
    guards = [GuardSection(task="no_such_task_at_all"), GuardSection(task="humaneval")]
    with pytest.raises(DataError) as caught:
        load_guard_tasks(guards, folder, "hf")
    unknown, unreachable = str(caught.value).splitlines()
    assert "no_such_task_at_all: lm-eval has no task" in unknown
    assert "humaneval: its task or data cannot be loaded" in unreachable
    assert "HF_HUB_OFFLINE" in unreachable


def graded(value: float, high: float) -> GuardScore:
    return GuardScore(
        task="a|b",
        metric="bleu",
        value=value,
        total=9,
        low=0.1,
        high=0.9,
        base=0.8,
        change_high=high,
        allowed_drop=0.1,
        refuse=False,
    )


def test_graded_scores_break_a_guard_by_their_interval() -> None:
    assert graded(0.6, -0.05).broken
    assert not graded(0.6, 0.05).broken
    assert not graded(0.7, -0.05).broken


def test_the_report_calls_a_broken_guard_a_regression() -> None:
    guards = Guards(round=1, model="f" * 64, scores=(graded(0.6, -0.05),))
    text = "\n".join(guards_section(guards))
    assert "**Regression**: broken guards: a\\|b." in text
    assert "a|b" not in text


def test_guards_are_named_once() -> None:
    guard = GuardSection(task="ifeval")
    with pytest.raises(ValidationError, match="ifeval more than once"):
        EvaluationSection(guards=(guard, guard))
