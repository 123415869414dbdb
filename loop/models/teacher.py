"""A teacher in this process: a model as it comes, in the place of the one that is trained."""

from typing import Any

from loop.console import line
from loop.errors import ModelError
from loop.models.kept import Loaded, keep, keeps, release
from loop.models.load import from_pretrained
from loop.models.machine import resolve
from loop.recipe import ModelSection

KEY = "local.model"
_TEACHER = "teacher"


def load_teacher_tokenizer(section: ModelSection) -> Any:  # noqa: ANN401 - transformers
    """Load a teacher's tokenizer with its own chat template, system turn and all.

    Args:
        section: Names the model.

    Returns:
        The tokenizer; pads on the left.

    Raises:
        ModelError: It cannot be found, or its template renders no conversation.
    """
    from jinja2 import TemplateError
    from transformers import AutoTokenizer

    tokenizer = from_pretrained(AutoTokenizer, section.base, KEY)
    turns = [{"role": role, "content": "x"} for role in ("user", "assistant", "user")]
    try:
        tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
    except (ValueError, TemplateError) as error:
        raise ModelError(
            f"{KEY} {section.base} has no chat template that renders a conversation ({error}); "
            "use its instruct version"
        ) from error
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    if tokenizer.pad_token is None:
        raise ModelError(f"{KEY} {section.base}: its tokenizer knows no token that ends a text")
    tokenizer.padding_side = "left"
    return tokenizer


def load_teacher(section: ModelSection, tokenizer: Any) -> Loaded:  # noqa: ANN401 - transformers
    """Load a teacher in the place of the model kept in memory; it is the one kept from then on.

    Args:
        section: The model and where it runs.
        tokenizer: From `load_teacher_tokenizer`.

    Returns:
        The model, valid until the next one is loaded.

    Raises:
        ModelError: It cannot be found or used.
    """
    return keep(section, _TEACHER, lambda: _loaded(section, tokenizer))


def release_teacher(section: ModelSection) -> None:
    """Unload a teacher, if it is in memory.

    Args:
        section: The model.
    """
    if keeps(section, _TEACHER):
        release()


def _loaded(section: ModelSection, tokenizer: Any) -> Loaded:  # noqa: ANN401 - transformers
    from transformers import AutoModelForCausalLM, GenerationConfig

    machine = resolve(section, "local")
    line(f"teacher  | {section.base} is loaded: {machine.description}")
    model = from_pretrained(
        AutoModelForCausalLM, section.base, KEY, dtype=machine.torch_dtype, use_safetensors=True
    )
    # Of what the model says about generation only the tokens that end a turn are wanted: chat
    # models often have more of them than their tokenizer says.
    said = getattr(model.generation_config, "eos_token_id", None)
    ends = {*(said if isinstance(said, list) else [said]), tokenizer.eos_token_id} - {None}
    model.generation_config = GenerationConfig(
        eos_token_id=sorted(ends), pad_token_id=tokenizer.pad_token_id
    )
    model.requires_grad_(False)
    return Loaded(model.to(machine.device).eval(), tokenizer, machine)
