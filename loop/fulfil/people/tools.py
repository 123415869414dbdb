"""Label Studio and Argilla: tasks out, in the form that each imports, and their exports in.

Source: Label Studio's task format and its export as JSON; of Argilla 2, `Settings.from_json` and
`records.from_json` in, `records.to_json` out.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from loop.fulfil.people.slots import FIELDS, REQUIRED, Slot, texts_of
from loop.rundir import write_bytes

_XML = """<View>
  <Text name="brief" value="$brief"/>
{areas}
</View>
"""
_AREA = (
    '  <Header value="{name}"/>\n'
    '  <TextArea name="{name}" toName="brief" rows="4" maxSubmissions="1" editable="true"/>'
)


def write_tools(folder: Path, left: Sequence[Slot]) -> None:
    """Write the open slots as tasks of both tools.

    Args:
        folder: The source's folder.
        left: What is open.
    """
    tasks = [{"data": {"id": slot.id, "brief": _brief(slot)}} for slot in left]
    records = [
        {"id": slot.id, "fields": {"brief": _brief(slot)}, "metadata": _about(slot)}
        for slot in left
    ]
    files = {
        "label_studio.json": tasks,
        "argilla.json": records,
        "argilla_settings.json": _settings(),
    }
    for name, content in files.items():
        write_bytes(folder / name, json.dumps(content, indent=1).encode())
    areas = "\n".join(_AREA.format(name=name) for name in FIELDS)
    write_bytes(folder / "label_studio.xml", _XML.format(areas=areas).encode())


def _settings() -> dict[str, Any]:
    """Argilla's settings of the data set. Nothing is rendered as Markdown or HTML."""
    form = {"type": "text", "use_markdown": False}
    questions = [
        {"name": name, "title": name, "required": name in REQUIRED, "settings": form}
        for name in FIELDS
    ]
    return {
        "guidelines": "brief.md says what is wanted; checks are typed in as JSON",
        "questions": questions,
        "fields": [{"name": "brief", "title": "brief", "required": True, "settings": form}],
        "vectors": [],
        "metadata": [],
        "allow_extra_metadata": True,
        "distribution": {"strategy": "overlap", "min_submitted": 1},
        "mapping": None,
    }


def _about(slot: Slot) -> dict[str, str]:
    return {"category": slot.item.category, "tier": slot.item.tier}


def _brief(slot: Slot) -> str:
    item = slot.item
    parts = [
        f"{item.category}, {item.tier}: {item.description or item.category}",
        f"Form of the answer: {item.format}",
        f"Skills: {', '.join(item.tags)}" if item.tags else "",
        f"Mistakes to teach against: {', '.join(item.failures)}" if item.failures else "",
        slot.note,
    ]
    for number, exemplar in enumerate(item.exemplars, 1):
        parts.append(f"\nExample {number} of the task, not to be repeated:")
        parts += [f"{name}:\n{text}" for name, text in texts_of(exemplar)]
    return "\n".join(part for part in parts if part)


def row_of(given: Any) -> Any:  # noqa: ANN401 - JSON
    """Turn a row of a tool's export into a row of the sheet.

    Args:
        given: Anything.

    Returns:
        The sheet's row; what is no row of either tool as it is.

    Raises:
        ValueError: It is one, but without an answer.
    """
    if isinstance(given, Mapping) and "annotations" in given:
        return _of_label_studio(given)
    if isinstance(given, Mapping) and "responses" in given:
        return _of_argilla(given)
    return given


def _of_label_studio(given: Mapping[str, Any]) -> dict[str, Any]:
    data, annotations = given.get("data"), given["annotations"]
    row: dict[str, Any] = {"id": data.get("id") if isinstance(data, Mapping) else None}
    if not isinstance(annotations, list):
        raise ValueError("annotations is no list; export the project as JSON")
    said = [a for a in annotations if isinstance(a, Mapping) and not a.get("was_cancelled")]
    if not said:
        return row
    last = said[-1]
    parts = last.get("result")
    for part in parts if isinstance(parts, list) else ():
        value = part.get("value") if isinstance(part, Mapping) else None
        text = value.get("text") if isinstance(value, Mapping) else None
        if isinstance(text, list) and all(isinstance(line, str) for line in text):
            text = "\n".join(text)
        if text is not None and part.get("from_name") in FIELDS:
            row[part["from_name"]] = text
    by = last.get("completed_by")
    row["author"] = str(by.get("email") or by.get("id")) if isinstance(by, Mapping) else by
    if isinstance(row["author"], int):
        row["author"] = f"annotator {row['author']}"
    if isinstance(lead := last.get("lead_time"), int | float):
        row["minutes"] = lead / 60
    return _with_checks(row)


def _of_argilla(given: Mapping[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {"id": given.get("id")}
    responses = given["responses"]
    if not isinstance(responses, Mapping):
        raise ValueError("responses is no object; export with dataset.records.to_json(FILE)")
    if given.get("status") == "pending":
        return row  # A draft: nobody submitted it.
    for name in FIELDS:
        answers = responses.get(name)
        first = answers[0] if isinstance(answers, list) and answers else None
        if isinstance(first, Mapping):
            row[name] = first.get("value")
            row["author"] = str(first.get("user_id") or "")
    return _with_checks(row)


def _with_checks(row: dict[str, Any]) -> dict[str, Any]:
    """Checks are typed into a text field there, as JSON."""
    if isinstance(text := row.get("checks"), str):
        if not text.strip():
            row["checks"] = {}
        else:
            try:
                row["checks"] = json.loads(text)
            except ValueError as error:
                raise ValueError(f"checks is no JSON ({error}); correct it") from error
    return row
