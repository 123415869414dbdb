"""A new instruction for a weak slice, with its answer.

Source: Wang et al. 2023, Self-Instruct.
"""

from loop.fulfil.ways.reply import as_written
from loop.fulfil.ways.way import Way

SELF_INSTRUCT = Way(
    name="self_instruct",
    needs="nothing",
    asks=("instruction", "input", "output"),
    shows=lambda task: {},
    row=as_written,
)
