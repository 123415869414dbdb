"""Evaluation on a random model of 100,000 weights; one test on the packaged model."""

import json
import os
import random
import re
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from loop.errors import DataError, HoldoutError, ModelError, TeacherError
from loop.evaluate import evaluate, in_process, look
from loop.evaluate.decode import Question, decode
from loop.evaluate.ends import has_ended
from loop.evaluate.workers import spread
from loop.example import Example, Turn
from loop.models import Loaded
from loop.recipe import CategorySection, EvaluationSection, ModelSection
from loop.records import Evaluation, GateRuling, Grade
from tests.tiny_model import tiny_model

Ended = Callable[[str], bool] | None
MARKER = "Answer:"
NOUNS = ("apple", "lime", "pear", "plum", "fig", "date", "kiwi")


@pytest.fixture(scope="module")
def tiny() -> Iterator[Loaded]:
    with tiny_model() as loaded:
        yield loaded


def category(name: str, **changes: Any) -> CategorySection:
    settings = {"weight": 1, "target": 0.5, "format": "text", "max_new_tokens": 12, **changes}
    return CategorySection(name=name, **settings)


TAXONOMY = (category("naming"), category("sorting", max_new_tokens=20))
ITEMS = tuple(
    Example(
        instruction=f"Do it with {noun} " * (1 + place % 3),
        output=noun,
        category=("naming", "sorting")[place % 2],
    )
    for place, noun in enumerate(NOUNS)
)


def fruity(examples: Sequence[Example], answers: Sequence[str]) -> list[Grade]:
    """Passes what the item's noun, not the model, decides: a grader with a known result."""
    passes = [len(example.output) == 4 for example in examples]
    return [Grade(score=float(ok), passed=ok, reason="passed" if ok else "format") for ok in passes]


GRADERS = {"naming": fruity, "sorting": fruity}


def run(
    loaded: Loaded, folder: Path, items: tuple[Example, ...] = ITEMS, **changes: Any
) -> Evaluation:
    settings: dict[str, Any] = {
        "taxonomy": TAXONOMY,
        "section": EvaluationSection(batch_size=2),
        "model_sha": "base",
        "graders": GRADERS,
        "marker": MARKER,
        "model_section": ModelSection(),
        **changes,
    }
    backend = in_process(loaded, settings["model_section"].base, settings["model_sha"], 4)
    return evaluate(items, "diagnose", 1, backend=backend, folder=folder, **settings)


def question(tokenizer: Any, prompt: str, limit: int, ended: Ended) -> Question:
    tokens = tuple(tokenizer(prompt)["input_ids"])
    return Question(prompt=prompt, tokens=tokens, limit=limit, ended=ended, settings=())


def test_samples_come_in_the_order_of_the_items(tiny: Loaded, tmp_path: Path) -> None:
    evaluation = run(tiny, tmp_path)
    assert [sample.example_id for sample in evaluation.samples] == [item.id for item in ITEMS]
    assert {s.category: (s.passed, s.total) for s in evaluation.scores} == {
        "naming": (2, 4),
        "sorting": (3, 3),
    }


def test_the_prompt_is_the_chat_template_of_what_training_renders(
    tiny: Loaded, tmp_path: Path
) -> None:
    section = ModelSection(system_prompt="Be brief.")
    sample = run(tiny, tmp_path, ITEMS[:1], model_section=section).samples[0]
    assert sample.prompt == f"<system>Be brief.<user>{ITEMS[0].prompt}<assistant>"


def test_a_torn_journal_resumes_to_the_same_evaluation_and_the_same_bytes(
    tiny: Loaded, tmp_path: Path
) -> None:
    whole = run(tiny, tmp_path)
    journal = tmp_path / "answers.jsonl"
    data = journal.read_bytes()
    assert data.count(b"\n") == 4
    journal.write_bytes(data[:-20])
    assert run(tiny, tmp_path) == whole
    assert journal.read_bytes() == data


def test_complete_batches_are_not_answered_again(tiny: Loaded, tmp_path: Path) -> None:
    run(tiny, tmp_path)
    journal = tmp_path / "answers.jsonl"
    first, *others = journal.read_text().splitlines()
    row = json.loads(first)
    for answer in row["answers"]:
        answer["text"] = "from the journal"
    journal.write_text(json.dumps(row) + "\n" + others[1] + "\n")
    answers = [sample.answer for sample in run(tiny, tmp_path).samples]
    assert answers.count("from the journal") == len(row["answers"])


def test_another_model_does_not_get_this_models_answers(tiny: Loaded, tmp_path: Path) -> None:
    run(tiny, tmp_path)
    run(tiny, tmp_path, model_sha="f" * 64)
    lines = (tmp_path / "answers.jsonl").read_text().splitlines()
    assert len({json.loads(line)["key"] for line in lines}) == 8


def test_batch_size_and_spreading_change_no_answer(tiny: Loaded, tmp_path: Path) -> None:
    import torch

    spread_out = run(tiny, tmp_path / "two")
    torch.set_num_threads(1)
    alone = run(tiny, tmp_path / "one", section=EvaluationSection(batch_size=7))
    torch.set_num_threads(2)
    assert alone == spread_out


def test_an_answer_cut_at_the_limit_is_truncated_unless_it_passed(
    tiny: Loaded, tmp_path: Path
) -> None:
    reasons = {s.example_id: s.grade.reason for s in run(tiny, tmp_path).samples}
    assert [reasons[item.id] for item in ITEMS] == [
        "passed" if len(item.output) == 4 else "truncated" for item in ITEMS
    ]


def test_a_prompt_longer_than_the_context_is_truncated_not_cut(
    tiny: Loaded, tmp_path: Path
) -> None:
    long = ITEMS[0].model_copy(update={"instruction": "x" * 200})
    samples = run(tiny, tmp_path, (long, ITEMS[1])).samples
    assert (samples[0].answer, samples[0].grade.reason) == ("", "truncated")
    assert "x" * 200 in samples[0].prompt
    assert samples[1].answer


def test_the_rationale_is_taken_off_before_grading(tiny: Loaded, tmp_path: Path) -> None:
    plain = run(tiny, tmp_path / "a", ITEMS[:1]).samples[0].answer
    marker, _, rest = plain.partition("\n")
    seen: list[str] = []

    def grader(examples: Sequence[Example], answers: Sequence[str]) -> list[Grade]:
        seen.extend(answers)
        return fruity(examples, answers)

    graders = {"naming": grader}
    sample = run(tiny, tmp_path / "b", ITEMS[:1], graders=graders, marker=marker).samples[0]
    assert sample.answer == plain
    assert marker.strip()
    assert seen == [rest]


def beside(loaded: Loaded, folder: Path, graders: Mapping[str, Any]) -> Evaluation:
    """Batches of two, graded in a thread while the next is decoded in this process."""
    here = replace(in_process(loaded, "base", "base", 4), workers=1, leaves_cores_idle=True)
    section, model = EvaluationSection(batch_size=2), ModelSection()
    given: dict[str, Any] = {"graders": graders, "marker": MARKER, "model_section": model}
    means: dict[str, Any] = {
        "section": section,
        "backend": here,
        "model_sha": "base",
        "folder": folder,
    }
    return evaluate(ITEMS, "diagnose", 1, TAXONOMY, **means, **given)


def test_answers_graded_beside_generation_get_the_same_grades_once_each(
    tiny: Loaded, tmp_path: Path
) -> None:
    seen: list[str] = []
    threads: set[str] = set()

    def grade(examples: Sequence[Example], answers: Sequence[str]) -> list[Grade]:
        seen.extend(example.output for example in examples)
        threads.add(threading.current_thread().name)
        return fruity(examples, answers)

    together = beside(tiny, tmp_path / "one", {"naming": grade, "sorting": grade})
    assert together == run(tiny, tmp_path / "two")
    assert sorted(seen) == sorted(NOUNS)
    assert threads == {"loop.grade_0"}
    again = beside(tiny, tmp_path / "one", {"naming": grade, "sorting": grade})
    assert again == together


def test_answers_are_graded_before_the_last_one_is_generated(tiny: Loaded, tmp_path: Path) -> None:
    graded = threading.Event()

    def grade(examples: Sequence[Example], answers: Sequence[str]) -> list[Grade]:
        graded.set()
        return fruity(examples, answers)

    batches: list[bool] = []
    here = in_process(tiny, "base", "base", 4)

    def decoding(questions: Sequence[Question]) -> list[Any]:
        # Every batch but the first waits for a grade of an earlier one.
        batches.append(not batches or graded.wait(30))
        return here.decode(questions)

    slow = replace(here, decode=decoding, workers=1, leaves_cores_idle=True)
    section, model = EvaluationSection(batch_size=2), ModelSection()
    given: dict[str, Any] = {"marker": MARKER, "model_section": model, "folder": tmp_path}
    graders = {"naming": grade, "sorting": grade}
    evaluate(ITEMS, "diagnose", 1, TAXONOMY, section, slow, "base", graders, **given)
    assert len(batches) > 1
    assert all(batches)


def test_a_grader_that_fails_beside_generation_ends_the_evaluation(
    tiny: Loaded, tmp_path: Path
) -> None:
    def broken(examples: Sequence[Example], answers: Sequence[str]) -> list[Grade]:
        raise DataError("checks.tests: nothing to run")

    with pytest.raises(DataError, match="nothing to run"):
        beside(tiny, tmp_path, {"naming": broken, "sorting": fruity})


def test_random_generators_are_left_as_they_were(tiny: Loaded, tmp_path: Path) -> None:
    import torch

    random.seed(5)
    torch.manual_seed(5)
    before = (random.getstate(), torch.get_rng_state().tolist())
    run(tiny, tmp_path)
    assert (random.getstate(), torch.get_rng_state().tolist()) == before


def test_no_items_and_unknown_categories_are_refused(tiny: Loaded, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one item"):
        run(tiny, tmp_path, ())
    with pytest.raises(DataError, match="naming"):
        run(tiny, tmp_path, taxonomy=TAXONOMY[1:])


def test_a_grader_that_loses_an_answer_is_named(tiny: Loaded, tmp_path: Path) -> None:
    graders = {"naming": fruity, "sorting": lambda examples, answers: []}
    with pytest.raises(TeacherError, match="sorting returned 0 grades for 3 answers"):
        run(tiny, tmp_path, graders=graders)


def test_earlier_turns_are_answered_by_the_model_and_stand_in_the_history(
    tiny: Loaded, tmp_path: Path
) -> None:
    first = ITEMS[0].model_copy(update={"instruction": "Begin."})
    second = ITEMS[0].model_copy(
        update={"instruction": "Go on.", "history": (Turn(role="user", content="Begin."),)}
    )
    opening, going_on = run(tiny, tmp_path, (first, second)).samples
    assert opening.answer
    assert going_on.prompt == f"<user>Begin.<assistant>{opening.answer}<user>Go on.<assistant>"
    assert going_on.example_id == second.id


def see(loaded: Loaded, folder: Path, targets: Mapping[str, float], **changes: Any) -> GateRuling:
    settings: dict[str, Any] = {"alpha": 0.05, "verdict": "bound", **changes}
    return look(
        ITEMS,
        1,
        targets=targets,
        round_number=2,
        taxonomy=TAXONOMY,
        section=EvaluationSection(batch_size=4),
        backend=in_process(loaded, "tiny", "base", 4),
        model_sha="base",
        graders=GRADERS,
        marker=MARKER,
        folder=folder,
        model_section=ModelSection(),
        **settings,
    )


def test_a_look_rules_per_category_and_leaves_no_answer(tiny: Loaded, tmp_path: Path) -> None:
    ruling = see(tiny, tmp_path, {"naming": 0.3, "sorting": 0.3})
    assert ruling == GateRuling(
        look=1,
        round=2,
        alpha=0.05,
        needed={"naming": 4, "sorting": 3},
        total={"naming": 4, "sorting": 3},
        met={"naming": False, "sorting": True},
    )
    assert list(tmp_path.iterdir()) == []


def test_a_point_verdict_needs_the_bare_share(tiny: Loaded, tmp_path: Path) -> None:
    ruling = see(tiny, tmp_path, {"naming": 0.25, "sorting": 0.9}, verdict="point")
    assert ruling.needed == {"naming": 1, "sorting": 3}
    assert ruling.all_met


def test_a_gate_too_small_to_prove_its_target_is_refused(tiny: Loaded, tmp_path: Path) -> None:
    with pytest.raises(HoldoutError, match="3 items of sorting"):
        see(tiny, tmp_path, {"naming": 0.3, "sorting": 0.9})


@pytest.mark.parametrize(
    ("form", "text", "ended"),
    [
        ("json", 'Here: {"a": {"b": "}"}', False),
        ("json", 'Here: {"a": {"b": "}"}}', True),
        ("json", '{"a": "\\"}', False),
        ("json", "[1, {2}]", True),
        ("json", "} no", False),
        ("label", "\npositive", False),
        ("label", "\npositive\n", True),
        ("code", "```python\nx = 1\n", False),
        ("code", "```python\nx = 1\n```", True),
        ("code", "def f():\n    return '```'\n```", False),
        ("text", "It is {} done.\n\n", False),
        ("json", "It has {2} parts.\nAnswer:\n{", False),
        ("json", 'It has {2} parts.\nAnswer:\n{"a": 1}', True),
    ],
)
def test_an_answer_ends_where_its_format_does(form: Any, text: str, ended: bool) -> None:
    assert has_ended(text, form, MARKER, reasoned=False) is ended


def test_a_rationale_never_ends_an_answer_that_must_follow_it() -> None:
    assert not has_ended("Think of {x}.", "json", MARKER, reasoned=True)
    assert has_ended("Think.\nAnswer:\n{}", "json", MARKER, reasoned=True)


def test_a_finished_row_leaves_the_others_as_they_were(tiny: Loaded) -> None:
    prompts = ("one", "two and more", "three")
    alone = [
        decode(tiny.model, tiny.tokenizer, [question(tiny.tokenizer, p, 90, None)]) for p in prompts
    ]
    ends = (None, lambda text: len(text) >= 3, None)
    together = decode(
        tiny.model,
        tiny.tokenizer,
        [question(tiny.tokenizer, p, 90, end) for p, end in zip(prompts, ends, strict=True)],
    )
    assert together[0] == alone[0][0]
    assert together[2] == alone[2][0]
    assert together[1].complete
    assert alone[1][0].text.startswith(together[1].text.rstrip("\ufffd"))


def test_the_end_token_ends_an_answer_and_is_taken_off(tiny: Loaded) -> None:
    text = decode(tiny.model, tiny.tokenizer, [question(tiny.tokenizer, "one", 20, None)])[0].text
    end = tiny.tokenizer(text)["input_ids"][6]
    shorter = SimpleNamespace(
        eos_token_id=end, pad_token_id=tiny.tokenizer.pad_token_id, decode=tiny.tokenizer.decode
    )
    answer = decode(tiny.model, shorter, [question(tiny.tokenizer, "one", 20, None)])[0]
    assert answer.complete
    assert text.startswith(answer.text)
    assert len(answer.text) < len(text)


def test_a_batch_that_does_not_fit_is_halved_until_one_does_not(tiny: Loaded) -> None:
    questions = [question(tiny.tokenizer, p, 5, None) for p in ("one", "two", "three")]
    fitting = decode(tiny.model, tiny.tokenizer, questions)

    class Small:
        """A machine with memory for one row."""

        def __init__(self, rows: int) -> None:
            self.rows = rows
            self.device, self.config = tiny.model.device, tiny.model.config

        def __call__(self, **inputs: Any) -> Any:
            if len(inputs["input_ids"]) > self.rows:
                raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
            return tiny.model(**inputs)

    assert decode(Small(1), tiny.tokenizer, questions) == fitting
    with pytest.raises(ModelError, match="one prompt of 3 tokens"):
        decode(Small(0), tiny.tokenizer, questions)


def test_an_adapter_that_is_not_merged_is_evaluated(tiny: Loaded, tmp_path: Path) -> None:
    import copy

    from peft import LoraConfig, get_peft_model

    lora = LoraConfig(r=2, target_modules="all-linear", init_lora_weights=False)
    adapted = Loaded(
        get_peft_model(copy.deepcopy(tiny.model), lora).eval(), tiny.tokenizer, tiny.machine
    )
    tuned = run(adapted, tmp_path / "tuned", model_sha="f" * 64)
    assert tuned.model == "f" * 64
    base = run(tiny, tmp_path / "base")
    assert [s.answer for s in tuned.samples] != [s.answer for s in base.samples]


def test_spread_work_comes_back_in_order() -> None:
    results = spread(lambda number: str(number * number).encode(), range(5), workers=2)
    assert list(results) == [(0, b"0"), (1, b"1"), (2, b"4"), (3, b"9"), (4, b"16")]


def test_a_worker_killed_from_outside_is_explained() -> None:
    def dies(number: int) -> bytes:
        os.kill(os.getpid(), signal.SIGKILL)
        return b""

    with pytest.raises(ModelError, match=re.escape("code -9")):
        list(spread(dies, range(2), workers=2))


@pytest.mark.slow
def test_the_packaged_model_answers_and_stops(tmp_path: Path) -> None:
    from loop import models

    items = tuple(
        Example(instruction=f"What is the capital of {land}?", output=city, category="naming")
        for land, city in (("France", "Paris"), ("Italy", "Rome"), ("Japan", "Tokyo"))
    )

    def names_it(examples: Sequence[Example], answers: Sequence[str]) -> list[Grade]:
        found = [e.output in a for e, a in zip(examples, answers, strict=True)]
        return [Grade(score=ok, passed=ok, reason="passed" if ok else "format") for ok in found]

    section = ModelSection()
    evaluation = run(
        models.load(section, tmp_path, None),
        tmp_path / "answers",
        items,
        taxonomy=(category("naming", max_new_tokens=48),),
        graders={"naming": names_it},
        model_section=section,
    )
    assert evaluation.scores[0].passed >= 2
    assert all(sample.prompt.count("<|im_start|>") == 2 for sample in evaluation.samples)
    assert not any("<|im_end|>" in sample.answer for sample in evaluation.samples)
