"""YAML and --set in, a Recipe or every problem at once out."""

import difflib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError

from loop.errors import RecipeError
from loop.recipe.recipe import Recipe


class _Loader(yaml.SafeLoader):
    """SafeLoader that notes duplicate keys instead of keeping the last one silently."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.duplicates: list[str] = []

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key_node, _ in node.value:
            key = str(key_node.value)
            if key in seen:
                line = key_node.start_mark.line + 1
                self.duplicates.append(f"{key} stands twice, again in line {line}; keep one")
            seen.add(key)
        return super().construct_mapping(node, deep)


def _parse(text: str, file: str) -> tuple[dict[str, Any], list[str]]:
    loader = _Loader(text)
    try:
        data = loader.get_single_data()
    except yaml.YAMLError as error:
        raise RecipeError([f"{file}: not valid YAML: {' '.join(str(error).split())}"]) from error
    finally:
        loader.dispose()
    if not isinstance(data, dict):
        raise RecipeError([f"{file}: a recipe is a mapping of sections, got {data!r:.80}"])
    return data, [f"{file}: {problem}" for problem in loader.duplicates]


def _name(entry: Any) -> object:  # noqa: ANN401 - whatever stands in the YAML
    """What an entry of a list is called; a source without a name goes by its kind."""
    return entry.get("name") or entry.get("kind") if isinstance(entry, dict) else None


def _set(data: dict[str, Any], assignment: str) -> str | None:
    """Apply one `a.b[0].c=value`; the problem, or None."""
    path, equals, text = assignment.partition("=")
    keys = [key for key in re.split(r"[.\[\]]+", path.strip()) if key]
    if not equals or not keys:
        return f"--set {assignment}: write section.key=value"
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        return f"--set {assignment}: {text!r} is not a YAML value"
    here: Any = data
    for index, key in enumerate(keys):
        last = index == len(keys) - 1
        if isinstance(here, list):
            # An entry may be named instead of counted: taxonomy.refactoring.target
            names = [_name(entry) for entry in here]
            position = names.index(key) if key in names else int(key) if key.isdigit() else -1
            if not 0 <= position < len(here):
                return f"--set {assignment}: no entry {key!r} in {'.'.join(keys[:index])}"
            if last:
                here[position] = value
            else:
                here = here[position]
        elif isinstance(here, dict):
            if last:
                here[key] = value
            else:
                here = here.setdefault(key, {})
        else:
            return f"--set {assignment}: {'.'.join(keys[:index])} is a value, not a section"
    return None


def _models_of(annotation: Any) -> list[type[BaseModel]]:  # noqa: ANN401 - any annotation
    """Sections that a field may hold, whatever they are wrapped in."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in get_args(annotation) for model in _models_of(inner)]


def _kind(model: type[BaseModel]) -> Any:  # noqa: ANN401 - any default
    """What tells one section of a list from another."""
    field = model.model_fields.get("kind")
    return field.default if field else None


def _walk(location: tuple[int | str, ...]) -> tuple[list[type[BaseModel]], list[int | str]]:
    """Follow a place in a recipe: the sections that may stand there, and its keys as written.

    Where a list holds sections of several kinds, pydantic puts the kind between, as a key.
    """
    models: list[type[BaseModel]] = [Recipe]
    keys: list[int | str] = []
    for key in location:
        if len(models) > 1 and key in [_kind(model) for model in models]:
            models = [model for model in models if _kind(model) == key]
            continue
        keys.append(key)
        if not isinstance(key, int):
            fields = [model.model_fields[key] for model in models if key in model.model_fields]
            models = [inner for field in fields for inner in _models_of(field.annotation)]
    return models, keys


def _known_keys(location: tuple[int | str, ...]) -> list[str]:
    """Keys of the section that an unknown key was written into."""
    return list(dict.fromkeys(key for model in _walk(location)[0] for key in model.model_fields))


def _key(location: Sequence[int | str]) -> str:
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def _explain(file: str, problem: Any) -> str:  # noqa: ANN401 - pydantic's ErrorDetails
    location, kind = problem["loc"], problem["type"]
    key = _key(_walk(location)[1]) or "recipe"
    if kind == "extra_forbidden":
        known = _known_keys(location[:-1])
        near = difflib.get_close_matches(str(location[-1]), known, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]}?" if near else f"known keys: {', '.join(known)}"
        return f"{file}: {key} is not a known key; {hint}"
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        section, _ = _walk(location)
        kinds = [str(_kind(model)) for model in section]
        given = str(problem["input"].get("kind", ""))
        near = difflib.get_close_matches(given, kinds, n=1)
        hint = f"did you mean {near[0]}?" if near else f"kinds: {', '.join(kinds)}"
        return f"{file}: {key}.kind is {given!r:.80}; {hint}"
    if kind == "missing":
        return f"{file}: {key} is missing; add it"
    value = problem["input"]
    message = str(problem["msg"]).removeprefix("Value error, ")
    if location and location[-1] == "target" and isinstance(value, int | float) and value > 1:
        message = f"a target is a score in (0, 1], so {value:g} % is {value / 100:.2f}"
    if isinstance(value, dict | BaseModel):
        return f"{file}: {key}: {message}"
    return f"{file}: {key} is {value!r:.80}; {message[0].lower()}{message[1:]}"


def load_recipe(path: Path, assignments: tuple[str, ...] = ()) -> Recipe:
    """Read a recipe file.

    Args:
        path: The YAML file.
        assignments: `section.key=value` overrides, applied in order.

    Returns:
        The recipe, every default filled in.

    Raises:
        RecipeError: The file is missing or wrong; carries all of its problems.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError([f"{path}: cannot be read: {error}"]) from error
    data, problems = _parse(text, str(path))
    problems += [problem for problem in (_set(data, each) for each in assignments) if problem]
    try:
        recipe = Recipe.model_validate(data)
    except ValidationError as error:
        problems += [_explain(str(path), detail) for detail in error.errors()]
        raise RecipeError(problems) from None
    if problems:
        raise RecipeError(problems)
    return recipe


def dump_recipe(recipe: Recipe) -> str:
    """Write a resolved recipe.

    Args:
        recipe: The recipe.

    Returns:
        YAML with every key, defaults included.
    """
    return yaml.safe_dump(recipe.model_dump(mode="json"), sort_keys=False, allow_unicode=True)


def differing_keys(old: Recipe, new: Recipe) -> dict[str, tuple[Any, Any]]:
    """Compare two recipes key by key.

    Args:
        old: The recipe a run was started with.
        new: The recipe it is resumed with.

    Returns:
        Dotted key → (old value, new value), for keys that differ.
    """

    def flat(value: Any, prefix: str) -> dict[str, Any]:  # noqa: ANN401 - JSON
        if isinstance(value, dict) and value:
            merged: dict[str, Any] = {}
            for key, inner in value.items():
                merged |= flat(inner, f"{prefix}.{key}" if prefix else key)
            return merged
        if isinstance(value, list) and value:
            merged = {}
            for index, inner in enumerate(value):
                merged |= flat(inner, f"{prefix}[{index}]")
            return merged
        return {prefix: value}

    before, after = flat(old.model_dump(mode="json"), ""), flat(new.model_dump(mode="json"), "")
    return {
        key: (before.get(key), after.get(key))
        for key in [*before, *(key for key in after if key not in before)]
        if before.get(key) != after.get(key)
    }
