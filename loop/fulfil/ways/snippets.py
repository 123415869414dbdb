"""Real texts that a way starts from: files, folders, or a function that the recipe names."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from loop.errors import DataError, TeacherError
from loop.plugins import load
from loop.recipe.section import PLUGIN

LONGEST = 2_000
"""Characters of one snippet; a longer text is cut between paragraphs, and a longer paragraph is
passed over."""
SHORTEST = 80
"""Characters below which a text inspires nothing."""
_MOST = 20_000
_MOST_BYTES = 5_000_000


@dataclass(frozen=True)
class Snippet:
    """A text somebody wrote."""

    name: str
    """Where it is from."""
    text: str


def snippets_of(names: Sequence[str], folder: Path) -> tuple[Snippet, ...]:
    """Read the texts that a recipe names.

    Args:
        names: Files and folders, or `module:attribute`.
        folder: The recipe file's folder.

    Returns:
        Snippets in the order of the names, then of files and of places in them; none twice.

    Raises:
        DataError: A file or folder is missing, or gives no text.
        TeacherError: A function cannot be found, or gives something else.
    """
    found: dict[str, Snippet] = {}
    for name in names:
        made = _provided(name, folder) if PLUGIN.match(name) else _read(name, folder)
        before = len(found)
        for snippet in made:
            found.setdefault(snippet.text, snippet)
            if len(found) >= _MOST:
                return tuple(found.values())
        if len(found) == before:
            raise DataError(
                f"sources: snippets names {name}, which gives no text of {SHORTEST} to {LONGEST} "
                "characters; name text files, or leave it out"
            )
    return tuple(found.values())


def _provided(name: str, folder: Path) -> Iterator[Snippet]:
    provide = load(name, folder)
    if not callable(provide):
        raise TeacherError(f"sources: snippets: {name} is no function () → pairs of name and text")
    given: Iterable[tuple[str, str]] = provide()
    for pair in given:
        if not (isinstance(pair, tuple) and len(pair) == 2 and all(map(_is_text, pair))):
            raise TeacherError(
                f"sources: snippets: {name} gave a {type(pair).__name__} where a pair of a name "
                "and a text is due"
            )
        if SHORTEST <= len(pair[1]) <= LONGEST:
            yield Snippet(*pair)


def _is_text(part: object) -> bool:
    return isinstance(part, str)


def _read(name: str, folder: Path) -> Iterator[Snippet]:
    path = folder / name
    if not path.exists():
        raise DataError(f"sources: snippets names {name}, which is not in {folder}")
    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if not file.is_file() or file.stat().st_size > _MOST_BYTES:
            continue
        try:
            text = file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # A picture among the documents is no document.
        where = file.relative_to(folder).as_posix() if file.is_relative_to(folder) else file.name
        for place, cut in enumerate(pieces(text), 1):
            yield Snippet(f"{where}#{place}", cut)


def pieces(text: str) -> list[str]:
    """Cut a text between paragraphs.

    Args:
        text: Of any length.

    Returns:
        Runs of whole paragraphs, each as long as fits.
    """
    found, run = [], ""
    for paragraph in text.replace("\r\n", "\n").split("\n\n"):
        part = paragraph.strip("\n").rstrip()
        joined = f"{run}\n\n{part}" if run else part
        if len(joined) > LONGEST:
            found.append(run)
            run = part
        else:
            run = joined
    return [each for each in (*found, run) if SHORTEST <= len(each) <= LONGEST]
