"""Reading prompts in parts: what is read, that it is the same, and that it is less."""

import random
from collections.abc import Iterator, Sequence

import pytest
import torch

from loop.evaluate.prefill import parts_of, prefill
from loop.models import Loaded
from tests.tiny_model import tiny_model

PAD = 0


@pytest.fixture(scope="module")
def tiny() -> Iterator[Loaded]:
    with tiny_model() as loaded:
        yield loaded


def prompts_of(seed: int, beginnings: int, count: int) -> list[list[int]]:
    """Prompts with one of several long beginnings each, and some with none."""
    draw = random.Random(seed)
    shared = [[draw.randrange(3, 40) for _ in range(20)] for _ in range(beginnings)]
    return [
        (draw.choice(shared) if beginnings and draw.random() < 0.8 else [])
        + [draw.randrange(3, 40) for _ in range(draw.randint(1, 30))]
        for _ in range(count)
    ]


def read_tokens(prompts: Sequence[Sequence[int]], parts: list[tuple[int, list[int]]]) -> int:
    """Tokens that go through the model, padding counted."""
    return sum(
        shared + len(part) * max(len(prompts[place]) - shared for place in part)
        for shared, part in parts
    )


@pytest.mark.parametrize("beginnings", [0, 1, 4])
@pytest.mark.parametrize("seed", range(5))
def test_every_prompt_is_in_one_part_and_begins_as_its_part_does(
    seed: int, beginnings: int
) -> None:
    prompts = prompts_of(seed, beginnings, 40)
    parts = parts_of(prompts, rows=6)
    assert sorted(place for _, part in parts for place in part) == list(range(40))
    for shared, part in parts:
        assert len(part) <= 6
        assert len({tuple(prompts[place][:shared]) for place in part}) == 1
        assert all(len(prompts[place]) > shared for place in part)


def test_what_many_prompts_begin_with_is_read_once_for_all_of_a_part() -> None:
    beginning = list(range(100, 150))
    prompts = [[*beginning, n, n] for n in range(8)] + [[n] * 52 for n in range(8)]
    parts = parts_of(prompts)
    assert (50, list(range(8))) in parts
    assert read_tokens(prompts, parts) == 50 + 8 * 2 + 8 * 52


def test_a_beginning_too_short_to_be_worth_a_call_is_read_with_the_rest() -> None:
    prompts = [[1, 2, 3, n] for n in range(8)]
    assert [shared for shared, _ in parts_of(prompts)] == [0]


def test_prompts_of_like_length_share_a_part() -> None:
    prompts = [[n] * length for n, length in enumerate([5, 90, 6, 91, 7, 92])]
    assert read_tokens(prompts, parts_of(prompts, rows=3)) == 3 * 7 + 3 * 92


def test_a_prompt_that_others_go_on_with_keeps_a_token_of_its_own() -> None:
    assert parts_of([[7] * 200] * 3) == [(199, [0, 1, 2])]
    assert parts_of([[7] * 200, [7] * 210]) == [(199, [0, 1])]


@pytest.mark.parametrize(("beginnings", "count"), [(0, 1), (0, 20), (3, 20)])
def test_reading_in_parts_gives_what_reading_each_alone_gives(
    tiny: Loaded, beginnings: int, count: int
) -> None:
    prompts = prompts_of(7, beginnings, count)
    with torch.inference_mode():
        read = prefill(tiny.model, prompts, PAD)
        after = tiny.model(
            input_ids=torch.full((count, 1), 5),
            attention_mask=torch.nn.functional.pad(read.mask, (0, 1), value=1),
            position_ids=read.positions + 1,
            past_key_values=read.cache,
        ).logits[:, -1]
        assert sorted(read.order) == list(range(count))
        for row, place in enumerate(read.order):
            alone = tiny.model(torch.tensor([[*prompts[place], 5]])).logits[0]
            torch.testing.assert_close(read.logits[row], alone[-2], rtol=1e-4, atol=1e-4)
            torch.testing.assert_close(after[row], alone[-1], rtol=1e-4, atol=1e-4)
    assert read.positions.flatten().tolist() == [len(prompts[place]) - 1 for place in read.order]


def test_rows_that_end_leave_the_cache_of_the_others(tiny: Loaded) -> None:
    prompts = prompts_of(3, 2, 12)
    keep = torch.tensor([0, 11, 2, 10])
    with torch.inference_mode():
        read = prefill(tiny.model, prompts, PAD)
        read.cache.batch_select_indices(keep)
        after = tiny.model(
            input_ids=torch.full((4, 1), 5),
            attention_mask=torch.nn.functional.pad(read.mask[keep], (0, 1), value=1),
            position_ids=read.positions[keep] + 1,
            past_key_values=read.cache,
        ).logits[:, -1]
        for row, place in enumerate(keep.tolist()):
            alone = tiny.model(torch.tensor([[*prompts[read.order[place]], 5]])).logits[0, -1]
            torch.testing.assert_close(after[row], alone, rtol=1e-4, atol=1e-4)
