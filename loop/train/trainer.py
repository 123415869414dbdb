"""trl's SFTTrainer with the vocabulary projected only where the loss is, and nothing sent out.

trl 1.16 computes log-probabilities, entropy and accuracy for every position, prompts and padding
too, unless it runs on Triton; with 49,000 tokens in the vocabulary that is slow on a CPU.
"""

from typing import Any

import torch
from torch.nn import functional
from transformers import TrainerCallback
from trl import SFTTrainer

from loop.train.rows import IGNORED, Batches


class Trainer(SFTTrainer):  # type: ignore[misc] # trl is not typed
    """Trains on rows already tokenised, in the order of a `Batches`."""

    loss_is_scaled_for_ga = True

    def __init__(self, *, batches: Batches, **options: Any) -> None:  # noqa: ANN401 - trl's own
        """Set the trainer up.

        Args:
            batches: Order of the rows.
            **options: As for SFTTrainer.
        """
        self.batches = batches
        super().__init__(**options)
        self.short_loss = self._head_is_plain()

    def _send_telemetry(self) -> None:
        """Nothing about a run is sent anywhere."""

    def create_model_card(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - trl's own
        """Leave out the README that trl writes beside every checkpoint.

        Args:
            *args: Unused.
            **options: Unused.
        """

    def _get_train_sampler(self, train_dataset: Any = None) -> Batches:  # noqa: ANN401
        return self.batches

    def _base(self) -> Any:  # noqa: ANN401 - transformers
        return self.accelerator.unwrap_model(self.model).get_base_model()

    def _hidden(self, input_ids: torch.Tensor) -> torch.Tensor:
        # Rows are padded on the right, so causal attention alone hides the padding, and without
        # a mask torch takes its faster kernel.
        with self.accelerator.autocast():
            output = self._base().get_decoder()(input_ids=input_ids, use_cache=False)
        hidden: torch.Tensor = output.last_hidden_state
        return hidden

    def _head(self, hidden: torch.Tensor) -> torch.Tensor:
        with self.accelerator.autocast():
            logits: torch.Tensor = self._base().get_output_embeddings()(hidden)
        return logits.float()

    def _head_is_plain(self) -> bool:
        """Try on one row whether hidden states times the output embeddings are the logits.

        Architectures that scale, cap or add to their logits keep trl's own loss.
        """
        base = self._base()
        if self.aux_loss_enabled or base.get_decoder() is base:
            return False
        ids = torch.tensor([self.train_dataset[0]["input_ids"][:16]], device=self.args.device)
        was_training = self.model.training
        self.model.eval()
        with torch.no_grad(), self.accelerator.autocast():
            own = self.model(input_ids=ids, use_cache=False).logits.float()
            ours = self._head(self._hidden(ids))
        self.model.train(was_training)
        return bool(torch.allclose(own, ours, rtol=1e-3, atol=1e-3))

    def compute_loss(
        self,
        model: Any,  # noqa: ANN401 - transformers
        inputs: dict[str, torch.Tensor],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> Any:  # noqa: ANN401 - a loss, with outputs where they are asked for
        """Mean negative log-likelihood per completion token.

        Args:
            model: The wrapped model.
            inputs: `input_ids` and `labels`, both (batch, seq), padded on the right.
            return_outputs: Whether trl wants the outputs too; then its own loss is used.
            num_items_in_batch: Completion tokens over all accumulated batches.

        Returns:
            The loss.
        """
        if return_outputs or not self.short_loss:
            return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
        labels = inputs["labels"][:, 1:]
        carries_loss = labels != IGNORED
        hidden = self._hidden(inputs["input_ids"])[:, :-1][carries_loss]
        total = functional.cross_entropy(self._head(hidden), labels[carries_loss], reduction="sum")
        return total / (len(hidden) if num_items_in_batch is None else num_items_in_batch)


class Advance(TrainerCallback):  # type: ignore[misc] # transformers is not typed
    """Moves a progress bar one step on."""

    def __init__(self, advance: Any) -> None:  # noqa: ANN401 - Callable[[int], None]
        """Keep the bar.

        Args:
            advance: Called with the number of further steps done.
        """
        self.advance = advance
        self.done = 0

    def on_step_end(self, args: Any, state: Any, control: Any, **options: Any) -> None:  # noqa: ANN401
        """Move on; a resumed run starts where it was.

        Args:
            args: Unused.
            state: Knows the step.
            control: Unused.
            **options: Unused.
        """
        self.advance(state.global_step - self.done)
        self.done = state.global_step


def collate(pad: int) -> Any:  # noqa: ANN401 - Callable
    """Make a function that pads rows on the right.

    Args:
        pad: The padding token.

    Returns:
        Rows → `input_ids`, `attention_mask`, `labels`, each (batch, seq).
    """

    def batch(rows: list[dict[str, list[int]]]) -> dict[str, torch.Tensor]:
        longest = max(len(row["input_ids"]) for row in rows)

        def padded(name: str, fill: int) -> torch.Tensor:
            return torch.tensor([r[name] + [fill] * (longest - len(r[name])) for r in rows])

        lengths = torch.tensor([len(row["input_ids"]) for row in rows])
        return {
            "input_ids": padded("input_ids", pad),
            "attention_mask": (torch.arange(longest) < lengths[:, None]).long(),
            "labels": padded("labels", IGNORED),
        }

    return batch
