"""A model in this process: loaded when something has to be asked of it, and unloaded again.

Replies are kept as those of a server are, so that a resumed run loads nothing for what was answered
before. They cost nothing; the ledger counts them and their tokens all the same.
"""

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from loop import models
from loop.api.call import Call, Reply
from loop.api.dialogue import Given, dialogue
from loop.api.exchange import Refused
from loop.api.journal import Journal
from loop.api.wire import Ask, Completion, record_of, texts_of
from loop.budget import Claim, Price, Purse, Usage
from loop.console import line
from loop.example import digest_of
from loop.recipe import LocalSection

FREE = Price(Decimal(0), Decimal(0), Decimal(0), "this machine")
_Talk = Generator[dict[str, Ask], Mapping[str, Given], Reply]


class LocalModel:
    """One model of this machine. One stream at a time."""

    def __init__(
        self,
        section: LocalSection,
        journal: Path,
        purse: Purse | None = None,
        role: str = "teacher",
    ) -> None:
        """Look whether the model can be had; its weights are not loaded yet.

        Args:
            section: The model and how it is asked.
            journal: File that completions are kept in; those found there are not made again.
            purse: Counts what is asked; nothing is written by default.
            role: teacher or judge, for the ledger.

        Raises:
            ModelError: There is no such model, or it is not made for conversations.
        """
        folder = Path(section.model)
        # A folder's place on one machine says nothing about an example's source.
        self.name = folder.resolve().name if folder.is_dir() else section.model
        self._section, self._role, self._purse = section, role, purse or Purse()
        self._tokenizer = models.load_teacher_tokenizer(section.weights)
        self._context = models.context_length(section.weights)
        self._journal = Journal(journal, self._recover)

    def __repr__(self) -> str:
        """Name the model."""
        return f"LocalModel({self.name})"

    def stream(self, calls: Iterable[Call]) -> Iterator[Reply]:
        """Ask many things, a batch at a time.

        A batch is made of the calls as they stand, whether their replies are kept or not: the same
        calls give the same batches, and so to the last bit the same replies, after a kill too.

        Args:
            calls: What to ask.

        Yields:
            Replies in the order of the calls.

        Raises:
            ModelError: The model cannot be loaded, or a single prompt does not fit the memory.
        """
        refused: list[str] = []
        for batch in self._batches(calls):
            for reply in self._answered(batch):
                refused += [reply.problem] if reply.problem else []
                yield reply
        if refused:
            line(f"teacher  | {self.name} was not asked {len(refused)} times: {refused[0]}")

    def close(self) -> None:
        """Unload the model; it is loaded again where it is needed again."""
        models.release_teacher(self._section.weights)

    def _batches(self, calls: Iterable[Call]) -> Iterator[list[Call]]:
        batch: list[Call] = []
        for call in calls:
            if batch and _rows([*batch, call]) > self._section.batch_size:
                yield batch
                batch = []
            batch.append(call)
        if batch:
            yield batch

    def _answered(self, calls: Sequence[Call]) -> list[Reply]:
        """Replies to a batch; what follows from its first answers is asked together too."""
        talks: list[_Talk] = [dialogue(call, FREE) for call in calls]
        asks: dict[int, dict[str, Ask]] = {i: next(talk) for i, talk in enumerate(talks)}
        replies: dict[int, Reply] = {}
        while asks:
            came = self._given({key: ask for each in asks.values() for key, ask in each.items()})
            for place, asked in list(asks.items()):
                try:
                    asks[place] = talks[place].send({key: came[key] for key in asked})
                except StopIteration as done:
                    replies[place] = done.value
                    del asks[place]
        return [replies[place] for place in range(len(calls))]

    def _given(self, asks: Mapping[str, Ask]) -> dict[str, Given]:
        """What comes of asks: refused, kept, or made now and kept."""
        prompts = {key: self._rendered(ask) for key, ask in asks.items()}
        given: dict[str, Given] = {}
        for key, tokens in prompts.items():
            record = self._journal.find(key)
            if record is not None:
                given[key] = texts_of(record)
            elif isinstance(tokens, Refused):
                given[key] = tokens
        if len(given) < len(asks):
            fitting = {key: one for key, one in prompts.items() if not isinstance(one, Refused)}
            made = self._made(asks, fitting)
            self._keep({key: one for key, one in made.items() if key not in given})
            given = {**made, **given}
        return given

    def _rendered(self, ask: Ask) -> tuple[int, ...] | Refused:
        turns = [{"role": each.role, "content": each.content} for each in ask.messages]
        text = self._tokenizer.apply_chat_template(
            turns, tokenize=False, add_generation_prompt=True
        )
        # Half a surrogate pair is no text to a tokenizer.
        clean = text.encode("utf-8", "replace").decode()
        tokens: list[int] = self._tokenizer(clean, add_special_tokens=False)["input_ids"]
        longest = self._section.max_tokens
        if self._context is not None and len(tokens) + longest > self._context:
            return Refused(
                f"a prompt of {len(tokens)} tokens and a reply of {longest} are more than the "
                f"{self._context} of {self.name}"
            )
        return tuple(tokens)

    def _made(
        self, asks: Mapping[str, Ask], prompts: Mapping[str, tuple[int, ...]]
    ) -> dict[str, Completion]:
        """Have all answers written, in parts of at most a batch."""
        section = self._section
        rows = [
            models.Prompt(tokens, _seed(key, asks[key].seed, number))
            for key, tokens in prompts.items()
            for number in range(asks[key].candidates)
        ]
        said: list[models.Said] = []
        for first in range(0, len(rows), section.batch_size):
            part = rows[first : first + section.batch_size]
            # Whatever else loads a model meanwhile takes this one's place.
            loaded = models.load_teacher(section.weights, self._tokenizer)
            said += models.sample(loaded, part, section.max_tokens, section.temperature)
        left = iter(said)
        return {
            key: self._completion(len(tokens), [next(left) for _ in range(asks[key].candidates)])
            for key, tokens in prompts.items()
        }

    def _completion(self, prompt: int, said: Sequence[models.Said]) -> Completion:
        completion = sum(each.tokens for each in said)
        counted = {"prompt_tokens": prompt, "completion_tokens": completion}
        return Completion(
            tuple(each.text for each in said),
            tuple("stop" if each.finished else "length" for each in said),
            self.name,
            Usage(prompt, 0, completion, counted),
        )

    def _keep(self, made: Mapping[str, Completion]) -> None:
        """Count, keep and settle, as for a server: a kill in between loses nothing."""
        claims = {key: self._claim(key, each) for key, each in made.items()}
        for claim in claims.values():
            self._purse.reserve(claim)
        self._purse.commit()
        self._journal.write(
            [
                {"key": key, "claim": claims[key].id, "role": self._role, **record_of(each)}
                for key, each in made.items()
            ]
        )
        for key, each in made.items():
            self._purse.settle(claims[key], "answered", each.usage, self.name)
        self._purse.commit()

    def _claim(self, key: str, made: Completion) -> Claim:
        assert made.usage is not None
        name, usage = self._purse.name(key), made.usage
        return Claim(name, self._role, self.name, FREE, usage.prompt, usage.completion)

    def _recover(self, record: Mapping[str, Any]) -> None:
        """Settle what was kept before a kill and not settled any more."""
        if record["claim"] in self._purse.account.stranded:
            kept = texts_of(record)
            held = Claim(record["claim"], record["role"], self.name, FREE, 0, 0)
            self._purse.settle(held, "answered", kept.usage, kept.model)
            self._purse.commit()


def _rows(calls: Iterable[Call]) -> int:
    return sum(call.candidates for call in calls)


def _seed(key: str, seed: int | None, number: int) -> int:
    """A candidate's own: two of one call must not say the same."""
    return int(digest_of(key, str(seed), str(number))[:15], 16)
