"""Keeps the holdout for the loop: lends what steers, rules on the gate, opens final once.

The controller gets a `Split` and, of the gate, a `GateRuling`; that is all it can learn before the
run closes. Every look and the opening of final stand in the ledger before an item is answered.
"""

from functools import cached_property

from loop.curate import Curator
from loop.errors import HoldoutError
from loop.evaluate.answers import FILE as ANSWERS
from loop.judges.asking import REPLIES
from loop.parts import Parts
from loop.records import Adapter, Evaluation, GateRuling, Rejected, Split
from loop.records.holdout import Holdout
from loop.rundir import RunDirectory
from loop.stats import alpha_of_look

FINAL = "final/evaluation"


class Vault:
    """The frozen holdout of one run, and the only way to its gate and final items."""

    def __init__(
        self,
        holdout: Holdout,
        run: RunDirectory,
        parts: Parts,
        aside: tuple[Rejected, ...] = (),
    ) -> None:
        """Lock the holdout away.

        Args:
            holdout: All roles, frozen.
            run: The run directory, whose ledger counts looks.
            parts: What measures and what judges candidates.
            aside: Rows of the seed that a person may still take.
        """
        self._holdout = holdout
        self._run = run
        self._parts = parts
        self.split: Split = holdout.split
        self.aside = aside

    @cached_property
    def accept(self) -> Curator:
        """Judges candidates against training and every role; the same for all rounds."""
        held = self._holdout
        return self._parts.accept(held.pool, held.items)

    @cached_property
    def accept_reviewed(self) -> Curator:
        """The same for rows that a person passed."""
        held = self._holdout
        return self._parts.accept_reviewed(held.pool, held.items)

    def look(self, number: int, round_number: int, adapter: Adapter | None) -> GateRuling:
        """Look at the gate; a look that was interrupted goes on as the same look.

        Args:
            number: Which look, from 1; looks that earlier runs took at this gate count.
            round_number: Which round's model.
            adapter: Its adapter; None is the base.

        Returns:
            Pass or fail per category.

        Raises:
            HoldoutError: It is not the next look, none is left, or final is open already.
        """
        run, stopping = self._run, self._parts.recipe.stopping
        step = f"round-{round_number:02d}/gate"
        alpha = alpha_of_look(number, stopping.alpha)
        if not run.has(step):
            taken = run.ledger.steps("look")
            earlier = self._holdout.rulings
            due = (taken.index(step) if step in taken else len(taken)) + len(earlier) + 1
            if number != due or number > stopping.looks:
                raise HoldoutError(
                    f"{step}: look {number} cannot be taken: the ledger has {len(taken)}"
                    f"{f', earlier runs took {len(earlier)},' if earlier else ''} and "
                    f"stopping.looks allows {stopping.looks}; raise it with --set stopping.looks=…"
                )
            if run.ledger.steps("final"):
                raise HoldoutError(f"{step}: final is open, so the gate can steer no longer")
            own = range(len(earlier) + 1, number + 1)
            spent = sum(ruling.alpha for ruling in earlier)
            spent += sum(alpha_of_look(look, stopping.alpha) for look in own)
            run.ledger.once("look", step, look=number, alpha=alpha, spent=spent)
        inputs = (self._holdout.gate, number, alpha, round_number, adapter)
        folder = run.path / step
        return run.once(step, GateRuling, self._parts.look, *inputs, folder=folder)

    def open_final(self, round_number: int, adapter: Adapter | None) -> Evaluation:
        """Answer and grade final, which closes the run.

        Args:
            round_number: The round to ship.
            adapter: Its adapter; None is the base.

        Returns:
            The evaluation.

        Raises:
            HoldoutError: Final was opened for another round.
        """
        run = self._run
        for entry in run.ledger.entries:
            if entry["event"] == "final" and entry["round"] != round_number:
                raise HoldoutError(
                    f"{run.path}: final was opened for round {entry['round']} and is opened once; "
                    f"round {round_number} needs a new run, with --from this one's dataset"
                )
        run.ledger.once("final", FINAL, round=round_number)
        inputs = (self._holdout.final, "final", round_number, adapter)
        folder = run.path / "final" / "answers"
        final = run.once(FINAL, Evaluation, self._parts.measure, *inputs, folder=folder)
        for file in (ANSWERS, REPLIES):
            (folder / file).unlink(missing_ok=True)
        return final
