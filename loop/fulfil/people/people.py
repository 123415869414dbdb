"""Asks people: writes what is wanted, delivers what they handed in, and waits for the rest."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from loop.budget import NANO, OverBudget, Purse
from loop.fulfil.people.brief import write_brief
from loop.fulfil.people.journal import Answer, read_answers
from loop.fulfil.people.slots import Slot, write_slots
from loop.fulfil.people.tools import write_tools
from loop.fulfil.source import Delivery, Situation, Waiting, Want
from loop.recipe import PeopleSource
from loop.records import Rejected


class People:
    """One group of people, who hand in by `python -m loop.fulfil`."""

    def __init__(self, section: PeopleSource, run_folder: Path, purse: Purse) -> None:
        """Take what they cost; asks nothing yet.

        Args:
            section: Names the source.
            run_folder: The run directory; files go to `people/<source>`.
            purse: Pays.

        Raises:
            Unpriced: There is a budget in USD, and their price is unknown.
        """
        self._section, self._purse = section, purse
        self._run, self._folder = run_folder, run_folder / "people" / section.name
        usd = section.usd_per_example
        self._nano = None if usd is None else int(usd * NANO)
        self._seconds = 60 * (section.minutes_per_example or 0.0)
        purse.needs_price(f"source {section.name}", self._nano)

    def deliver(
        self, wants: Sequence[Want], attempt: int, situation: Situation
    ) -> Iterator[Delivery]:
        """Deliver what was handed in.

        Args:
            wants: What is missing.
            attempt: 0 at first; one more once all that was asked for came and some was rejected.
            situation: Says why.

        Yields:
            What came, in the order of the sheet.

        Raises:
            Waiting: Some is not there yet, and nobody said that no more will come.
            OverBudget: A delivery cannot be paid for.
        """
        handed = read_answers(self._folder)
        asked = list(self._slots(wants, attempt, situation))
        slots = self._payable(asked, handed.answers)
        left = write_slots(self._folder, slots, handed.answers)
        write_brief(self._folder, slots, left)
        write_tools(self._folder, left)
        for slot in slots:
            if (answer := handed.answers.get(slot.id)) is None:
                continue
            seconds = self._seconds if answer.seconds is None else answer.seconds
            self._purse.pay(slot.id, "people", self._nano, round(seconds))
            yield Delivery(
                id=slot.id.rpartition("/")[2],
                item=slot.item.id,
                raw=answer.fields,
                source=f"human:{answer.author}" if answer.author else "human",
                nano=self._nano,
                seconds=seconds,
                author=answer.author,
            )
        if left and situation.round not in handed.closed:
            raise Waiting(
                f"waiting for people: {len(left)} of {len(slots)} examples are not there; "
                f"{self._folder / 'brief.md'} says what is wanted. Hand in with "
                f"`python -m loop.fulfil {self._run} ANSWERS`, a few at a time if you like, then "
                "run the loop again; `--close` says that no more will come"
            )
        if len(slots) < len(asked):
            raise OverBudget(
                f"{len(asked) - len(slots)} more were not asked for: budget.usd or "
                "budget.people_minutes leaves no room to take them; raise it to go on"
            )

    def _payable(self, slots: list[Slot], answers: Mapping[str, Answer]) -> list[Slot]:
        """Leave out what could not be paid for: nobody should write it in vain."""
        paid = self._purse.account.paid
        unpaid = [slot for slot in slots if slot.id not in paid]
        room = self._purse.room(self._nano, round(self._seconds))
        if room is None or room >= len(unpaid):
            return slots
        written = [slot for slot in unpaid if slot.id in answers]
        first = written + [slot for slot in unpaid if slot.id not in answers]
        out = {slot.id for slot in first[max(room, len(written)) :]}
        return [slot for slot in slots if slot.id not in out]

    def _slots(self, wants: Sequence[Want], attempt: int, situation: Situation) -> Iterator[Slot]:
        for want in wants:
            prefix = f"{want.item.id}/{self._section.name}/"
            notes = [_why(row) for row in situation.rejected if _origin(row).startswith(prefix)][
                -want.count :
            ]
            for number in range(want.count):
                note = notes[number] if number < len(notes) else ""
                slot = f"{prefix}{attempt}-{number + 1}"
                yield Slot(id=slot, round=situation.round, item=want.item, note=note)


def _origin(row: Rejected) -> str:
    return row.example.origin if row.example else row.file


def _why(row: Rejected) -> str:
    """What was wrong with an earlier delivery, so that whoever wrote it can correct it."""
    about = f", {row.example.instruction[:80]!r}" if row.example else ""
    return f"not accepted: {_origin(row)}{about}: {row.reason} {row.detail[:200]}".rstrip()
