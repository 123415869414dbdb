"""The command that serves a model on loopback while it is asked."""

from pydantic import Field, field_validator

from loop.recipe.section import Section

PORT = "{port}"
"""Stands for the port in commands and addresses."""


class ManagedSection(Section):
    """A server of the run's own.

    It is started when something is first asked of it, restarted once if it dies, and stopped with
    whoever asks, at the latest with the run.
    """

    command: tuple[str, ...] = Field(min_length=1)
    """Program and arguments, run without a shell; {port} stands for a free port on loopback. For
    example [vllm, serve, Qwen/Qwen3-8B, --port, "{port}"]."""
    env: tuple[str, ...] = ()
    """Environment variables that it is given beside those of any program (PATH, HOME, CUDA_… and
    the like), for example HF_TOKEN. Names only."""
    health: str = Field("", pattern=r"^(http://(127\.0\.0\.1|localhost)[:/]\S*)?$")
    """Address that answers once the server is ready, may hold {port}; base_url/models where it is
    not said."""
    start_timeout: float = Field(600.0, gt=0)
    """Seconds that it may take to come up."""

    @field_validator("command")
    @classmethod
    def _has_a_program(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value[0].strip():
            raise ValueError("the first word of a command is a program")
        return value

    @field_validator("env")
    @classmethod
    def _names_only(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if not name.isidentifier():
                raise ValueError(
                    "env takes names of environment variables, never their values; set them where "
                    "the loop is started"
                )
        return value
