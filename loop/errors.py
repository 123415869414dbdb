"""Every error the loop raises on purpose, and what each means for the run.

An answer of the model that is wrong, malformed or hostile is data: it becomes a graded sample or
a rejected row with a reason code, never an exception. An exception below means that a person must
act; its message names the file, the key, the value and the way out, and only a command turns it
into text on the terminal. Anything else that is raised is a defect and keeps its traceback.
"""


class LoopError(Exception):
    """A person must act before the run can go on."""

    exit_code = 2


class RecipeError(LoopError):
    """The recipe is wrong. Carries every problem of the file, not only the first."""

    def __init__(self, problems: list[str]) -> None:
        """Keep the problems.

        Args:
            problems: One line each: file, key, value and remedy.
        """
        self.problems = problems
        super().__init__("\n".join(problems))


class DataError(LoopError):
    """A data file is missing, unreadable, or holds too little to start from."""


class RunDirectoryError(LoopError):
    """The run directory belongs to another recipe, another process, or is damaged."""


class SandboxUnavailable(LoopError):
    """No sandbox works on this machine and the recipe did not say `sandbox.kind: unsafe`."""


class ModelError(LoopError):
    """A model, tokenizer or adapter cannot be found or used."""


class TeacherError(LoopError):
    """A teacher or plug-in named in the recipe cannot be loaded or broke its contract."""


class HoldoutError(LoopError):
    """The holdout cannot be drawn, was changed, or cannot prove a target."""


class Waiting(LoopError):
    """People have not delivered everything yet; the same command goes on when they have."""

    exit_code = 4
