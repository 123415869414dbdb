"""A new task that a real text inspires.

Source: Wei et al. 2023, Magicoder (OSS-Instruct).
"""

from loop.fulfil.ways.reply import as_written
from loop.fulfil.ways.way import Task, Way


def shown_snippet(task: Task) -> dict[str, str]:
    """Show the text.

    Args:
        task: Starts from one.

    Returns:
        It, and where it is from.
    """
    assert task.snippet is not None
    return {"TEXT": task.snippet.text, "FROM": task.snippet.name}


OSS_INSTRUCT = Way(
    name="oss_instruct",
    needs="snippets",
    asks=("instruction", "input", "output"),
    shows=shown_snippet,
    row=as_written,
)
