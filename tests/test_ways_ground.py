"""What a planned example starts from, and what its prompt may show."""

from typing import Any

from loop.example import Example
from loop.fulfil.source import Situation
from loop.fulfil.waves import Ground
from loop.fulfil.ways import WAYS, Task
from loop.recipe import CategorySection, ModelSource
from loop.records import Exemplar
from tests.teaching import example, item, situation


def ground(about: Situation, *taxonomy: CategorySection, **given: Any) -> Ground:
    section = ModelSource.model_validate({"api": {"model": "m"}, **given})
    return Ground(section, taxonomy, (), {}, about, 3)


def started(rows: tuple[Example, ...], calls: int, **asked: Any) -> set[str]:
    """Instructions that so many calls start from."""
    tasks = (evolved(rows, number, **asked) for number in range(calls))
    return {task.row.instruction for task in tasks if task.row}


def evolved(rows: tuple[Example, ...], number: int = 0, **asked: Any) -> Task:
    return ground(situation(rows)).task(WAYS["evolve"], item(**asked), number, {})


def test_an_example_grows_from_a_row_with_the_skill_that_is_asked_for() -> None:
    rows = tuple(example(f"t{n}", tags=("signs",) if n == 4 else ("sums",)) for n in range(9))
    assert started(rows, 5, tags=("signs",)) == {"t4"}


def test_without_such_a_row_any_of_the_category_will_do() -> None:
    rows = (example("t1"), example("t2"), example("other", "naming"))
    assert started(rows, 6, tags=("signs",)) == {"t1", "t2"}


def test_no_example_grows_from_a_harder_row_where_there_is_an_easier_one() -> None:
    rows = (example("hard", tier="complex"), example("easy"), example("middle", tier="moderate"))
    assert started(rows, 6, tier="moderate") == {"easy", "middle"}
    assert started(rows[:1], 2, tier="simple") == {"hard"}


def test_each_call_starts_from_another_row_until_all_were_used() -> None:
    rows = tuple(example(f"t{n}") for n in range(7))
    assert started(rows, 7) == {f"t{n}" for n in range(7)}


def test_a_conversation_is_not_grown_from() -> None:
    turns = [{"role": "user", "content": "hello"}]
    rows = (example("t1", history=turns), example("t2"))
    assert started(rows, 4) == {"t2"}


def test_a_category_most_of_whose_rows_reason_reasons() -> None:
    rows = tuple(example(f"t{n}", rationale="why" if n else None) for n in range(3))
    assert evolved(rows).reasoned
    assert not evolved(rows[:2]).reasoned


def test_a_category_that_the_recipe_names_reasons() -> None:
    source = ground(situation(), rationale=["adding"])
    assert source.task(WAYS["self_instruct"], item(), 0, {}).reasoned
    assert not source.task(WAYS["self_instruct"], item(category="naming"), 0, {}).reasoned


def test_exemplars_come_with_the_checks_of_their_rows() -> None:
    row = example("t1", checks={"tests": "assert 1"})
    shown = Exemplar(instruction=row.instruction, input="", output=row.output)
    unknown = Exemplar(instruction="from elsewhere", input="", output="x")
    source = ground(situation((row,)))
    checks = [each.checks for each in source.exemplars(item(exemplars=(shown, unknown)))]
    assert checks == [{"tests": "assert 1"}, {}]


def test_labels_bind_the_answers_of_a_label_category_only() -> None:
    labelled = CategorySection(
        name="adding", weight=1, target=0.5, format="label", grader="label", labels=("yes", "no")
    )
    source = ground(situation(), labelled)
    assert source.task(WAYS["self_instruct"], item(format="label"), 0, {}).labels == ("yes", "no")
    assert source.task(WAYS["self_instruct"], item(format="text"), 0, {}).labels == ()


def test_a_row_of_the_pool_that_is_trained_on_already_is_not_answered_again() -> None:
    rows = (example("t1"), example("t2"))
    source = ground(situation(rows[:1], pool=rows), ways=["re_answer"])
    assert source.task(WAYS["re_answer"], item(), 0, {}).row == rows[1]
    assert source.ways(item(), 1) == ["self_instruct"]


def test_a_text_is_no_answer_to_a_request_for_json() -> None:
    source = ground(situation(), ways=["back_translate"])
    assert source.ways(item(format="json"), 0) == ["self_instruct"]
