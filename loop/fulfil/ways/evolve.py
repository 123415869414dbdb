"""A harder or a broader version of a row that the model is trained on.

Source: Xu et al. 2023, WizardLM (Evol-Instruct).
"""

from loop.fulfil.ways.reply import as_written
from loop.fulfil.ways.way import TIERS, Task, Way

_HARDER = (
    "It adds one more condition that the answer has to meet.",
    "It needs more steps between the question and the answer.",
    "It asks about a special case of the same thing, which is easily got wrong.",
    "It makes the material that is worked on larger or less regular.",
    "It joins the task with a second one, so that one answer serves both.",
)
_BROADER = (
    "It is a rarer task of the same kind.",
    "It is a task of the same kind in another field.",
    "It turns the task round: what was given is asked for.",
    "It is a task of the same kind with other material, worded by somebody else.",
)


def _direction(task: Task) -> str:
    assert task.row is not None
    harder = TIERS.index(task.row.tier) < TIERS.index(task.item.tier)
    turns = _HARDER if harder else _BROADER
    aim = (
        f"harder, as {task.item.tier} tasks are"
        if harder
        else f"as hard ({task.item.tier}), and new"
    )
    return f"The new example is {aim}. {turns[task.number % len(turns)]}"


def _shows(task: Task) -> dict[str, str]:
    assert task.row is not None
    row = task.row
    return {"INSTRUCTION": row.instruction, "INPUT": row.input, "OUTPUT": row.output}


EVOLVE = Way(
    name="evolve",
    needs="training",
    asks=("instruction", "input", "output"),
    shows=_shows,
    row=as_written,
    direction=_direction,
)
