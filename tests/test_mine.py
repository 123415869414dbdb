"""Mining: what is drawn from an open pool, what is not, and what a draw says of itself."""

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from loop.errors import DataError
from loop.example import Example
from loop.fulfil import Want, fulfil
from loop.fulfil.mine.mine import CONFIDENCE
from loop.fulfil.read import read
from loop.recipe import OpenSource
from loop.records import Curated, Fate, Fulfilment, GenerationRequest
from tests.mining import (
    ARITHMETIC,
    CITIES,
    FRUITS,
    capital,
    chatter,
    drawn,
    item,
    known,
    mine,
    mixed,
    pool,
    rows_of,
    situation,
    total,
    training,
)


def test_the_weak_rows_are_drawn_from_among_many_others(tmp_path: Path) -> None:
    pool(tmp_path, mixed())
    assert rows_of(drawn(mine(tmp_path), 5)) == ARITHMETIC


def test_what_is_of_no_category_is_not_drawn_to_fill_up(tmp_path: Path) -> None:
    pool(tmp_path, mixed())
    assert rows_of(drawn(mine(tmp_path), 50)) == ARITHMETIC


def test_a_delivery_becomes_an_example_that_names_its_file_and_row(tmp_path: Path) -> None:
    pool(tmp_path, mixed())
    delivery = drawn(mine(tmp_path), 1)[0]
    example = read(delivery, item(), f"r01-001/open/{delivery.id}")
    assert isinstance(example, Example)
    assert (example.category, example.source) == ("sums", "open:pool.jsonl")
    assert rows_of([delivery])[0] in ARITHMETIC


def test_rows_are_the_same_when_the_request_is_executed_again(tmp_path: Path) -> None:
    pool(tmp_path, mixed())
    first = drawn(mine(tmp_path), 4)
    assert drawn(mine(tmp_path), 4) == first


def test_a_later_attempt_draws_on_behind_what_was_drawn(tmp_path: Path) -> None:
    pool(tmp_path, mixed())
    source = mine(tmp_path)
    first = list(source.deliver([Want(item(), 2)], 0, situation()))
    second = list(source.deliver([Want(item(), 9)], 1, situation()))
    assert rows_of([*first, *second]) == ARITHMETIC


def test_what_an_earlier_request_was_given_is_not_drawn_again(tmp_path: Path) -> None:
    pool(tmp_path, mixed())
    gone = drawn(mine(tmp_path), 3)
    fates = tuple(
        Fate(id=f"r00-001/open/{each.id}", source="open", tier="simple", reason="refused")
        for each in gone
    )
    earlier = Fulfilment(
        round=0, accepted=(), rejected=(), fates=fates, received=3, requested={}, shortfall={}
    )
    left = drawn(mine(tmp_path), 9, situation(history=(earlier,)))
    assert rows_of([*gone, *left]) == ARITHMETIC


def test_what_is_trained_on_already_is_not_drawn(tmp_path: Path) -> None:
    pool(tmp_path, mixed())
    same = known([total(FRUITS[0], 100)], "sums")
    assert rows_of(drawn(mine(tmp_path), 9, situation((*training(), *same)))) == ARITHMETIC[1:]


def test_of_copies_in_a_pool_one_is_drawn(tmp_path: Path) -> None:
    rows = mixed()
    rows[100] = {**rows[7], "instruction": "Please " + rows[7]["instruction"]}
    pool(tmp_path, rows)
    found = rows_of(drawn(mine(tmp_path), 9))
    assert len(found) == 5
    assert len({8, 101} & set(found)) == 1


def test_an_answer_that_breaks_the_format_is_not_drawn(tmp_path: Path) -> None:
    rows = mixed()
    rows[7] = {**rows[7], "output": "{'total': 203"}
    pool(tmp_path, rows)
    assert rows_of(drawn(mine(tmp_path), 9)) == ARITHMETIC[1:]


def test_a_label_of_the_file_decides_where_the_recipe_maps_it(tmp_path: Path) -> None:
    rows = [{**chatter(number), "category": "misc"} for number in range(40)]
    rows[11]["category"] = "arith"
    rows[11]["output"] = "[1]"
    pool(tmp_path, rows)
    assert rows_of(drawn(mine(tmp_path, labels={"arith": "sums"}), 9)) == [12]


def test_a_pool_with_many_rows_of_a_category_in_other_words_is_not_dry(tmp_path: Path) -> None:
    draws = random.Random(1)
    rows = [chatter(number) for number in range(400)]
    wanted = [place for place in range(400) if draws.random() < 0.25]
    for place in wanted:
        words = f"{draws.choice(FRUITS)} and {draws.choice(CITIES)}"
        rows[place] = total(words, draws.randrange(100, 9999))
    pool(tmp_path, rows)
    found = rows_of(drawn(mine(tmp_path), 20))
    assert len(found) == 20
    assert {row - 1 for row in found} <= set(wanted)


def test_a_stricter_floor_draws_less(tmp_path: Path) -> None:
    rows = [*mixed(), {"instruction": "Add the total of the song.", "output": "3"}]
    pool(tmp_path, rows)
    loose = rows_of(drawn(mine(tmp_path, min_confidence=0.2), 50))
    strict = rows_of(drawn(mine(tmp_path, min_confidence=0.99), 50))
    assert set(strict) < set(loose)


def test_rows_with_the_tags_asked_for_come_first(tmp_path: Path) -> None:
    plums = known([total("plums", number) for number in range(20, 30)], "sums", tags=["plums"])
    melons = known([total("melons", number) for number in range(30, 40)], "sums", tags=["melons"])
    rows = [chatter(number) for number in range(100)]
    rows += [total("plums" if n % 2 else "melons", 1000 + 17 * n) for n in range(12)]
    pool(tmp_path, rows)
    found = drawn(mine(tmp_path), 6, situation([*training(), *plums, *melons]), tags=("plums",))
    assert rows_of(found) == [102, 104, 106, 108, 110, 112]
    assert all(each.raw["tags"] == ("plums",) for each in found)


def test_tags_that_no_training_row_has_ask_for_the_category(tmp_path: Path) -> None:
    pool(tmp_path, mixed())
    assert rows_of(drawn(mine(tmp_path), 9, tags=("carrying",))) == ARITHMETIC


def test_a_mined_row_does_not_bear_out_the_guess_that_brought_it(tmp_path: Path) -> None:
    rows = [chatter(number) for number in range(200)]
    pool(tmp_path, rows)
    guesses = [chatter(number) for number in range(1000, 1060)]
    mined = known(guesses, "capitals", quality={CONFIDENCE: 0.9})
    where = situation([*training(), *mined])
    assert drawn(mine(tmp_path), 9, where, category="capitals") == []


def test_without_training_rows_nothing_is_drawn(tmp_path: Path) -> None:
    pool(tmp_path, mixed())
    assert drawn(mine(tmp_path), 5, situation([])) == []


def test_a_tier_is_drawn_by_length(tmp_path: Path) -> None:
    story = "Mother went to the market early and the basket was heavy that day. "
    long = [{**total("figs", n), "input": story * 8} for n in (20, 30, 40)]
    hard = known(long, "sums", tier="complex")
    rows = mixed()
    rows[50] = {**total("limes", 900), "input": story * 9}
    pool(tmp_path, rows)
    source, where = mine(tmp_path), situation([*training(), *hard])
    assert rows_of(drawn(source, 9, where, tier="complex")) == [51]
    assert rows_of(drawn(source, 9, where, tier="simple")) == ARITHMETIC


def test_a_sentence_encoder_decides_the_order_where_there_is_one(tmp_path: Path) -> None:
    def embed(texts: Sequence[str]) -> NDArray[np.float32]:
        # Sees no difference between pears and what the training rows with the tag have.
        alike = ["pears" in text or "Add 6" in text for text in texts]
        return np.array([[1.0, 0.0] if one else [0.0, 1.0] for one in alike], np.float32)

    rows = mixed()
    pool(tmp_path, rows)
    dates = known([total("dates", number) for number in (60, 61, 62)], "sums", tags=["dates"])
    where = situation([*training(), *dates])
    (first,) = drawn(mine(tmp_path, embed=embed), 1, where, tags=("dates",))
    assert "pears" in first.raw["instruction"]


def test_a_pool_of_nothing_fitting_is_dry(tmp_path: Path) -> None:
    pool(tmp_path, [chatter(number) for number in range(60)])
    assert drawn(mine(tmp_path), 5) == []


def test_a_category_without_training_rows_gets_nothing(tmp_path: Path) -> None:
    pool(tmp_path, mixed())
    only = [row for row in training() if row.category == "capitals"]
    assert drawn(mine(tmp_path), 5, situation(only)) == []


def test_labels_of_no_category_are_refused_by_their_key(tmp_path: Path) -> None:
    pool(tmp_path, mixed())
    with pytest.raises(DataError, match=r"open\.labels names 'sum'.*capitals, sums"):
        mine(tmp_path, labels={"x": "sum"})


@pytest.mark.parametrize("keys", [{"files": ("none.jsonl",)}, {"columns": {"output": "reply"}}])
def test_a_pool_that_cannot_be_read_is_refused_before_anything_is_drawn(
    tmp_path: Path, keys: dict[str, object]
) -> None:
    pool(tmp_path, mixed())
    with pytest.raises(DataError, match=r"none\.jsonl|sources: open: .*columns names 'reply'"):
        mine(tmp_path, **keys)


def test_a_request_is_fulfilled_from_a_pool_up_to_its_share(tmp_path: Path) -> None:
    pool(tmp_path, mixed())
    section = OpenSource(name="open", files=("pool.jsonl",), max_share=0.3)
    request = GenerationRequest(round=1, items=(item(),))

    def accept(rows: tuple[Example, ...], existing: tuple[Example, ...]) -> Curated:
        return Curated(kept=rows, rejected=(), received=len(rows))

    sources = {"open": mine(tmp_path)}
    came = fulfil(request, (), training(), (section,), (), sources=sources, accept=accept)
    assert [row.category for row in came.accepted] == ["sums", "sums"]
    assert came.yields[0].nano == 0


def test_other_categories_keep_their_rows(tmp_path: Path) -> None:
    rows = mixed()
    rows[3] = capital("Accra", 77)
    pool(tmp_path, rows)
    assert rows_of(drawn(mine(tmp_path), 9)) == ARITHMETIC
    assert rows_of(drawn(mine(tmp_path), 9, category="capitals")) == [4]
