"""Ways of asking a model for one example: a small file each, its prompt template beside it."""

from loop.fulfil.ways.back_translate import BACK_TRANSLATE
from loop.fulfil.ways.checks import Checks, checks_of
from loop.fulfil.ways.evolve import EVOLVE
from loop.fulfil.ways.oss_instruct import OSS_INSTRUCT
from loop.fulfil.ways.prompt import Exemplified, prompt_of
from loop.fulfil.ways.re_answer import RE_ANSWER
from loop.fulfil.ways.reply import row_of, schema_of
from loop.fulfil.ways.self_instruct import SELF_INSTRUCT
from loop.fulfil.ways.snippets import Snippet, snippets_of
from loop.fulfil.ways.way import Task, Way

WAYS = {way.name: way for way in (SELF_INSTRUCT, EVOLVE, OSS_INSTRUCT, BACK_TRANSLATE, RE_ANSWER)}
"""By name."""

__all__ = [
    "WAYS",
    "Checks",
    "Exemplified",
    "Snippet",
    "Task",
    "Way",
    "checks_of",
    "prompt_of",
    "row_of",
    "schema_of",
    "snippets_of",
]
