"""Curation: rows in, kept and rejected rows out, each with its reason."""

from loop.curate.alone import faults_alone
from loop.curate.curate import Curator, curate
from loop.curate.embedding import Embed, sentence_encoder
from loop.curate.overruled import overruled
from loop.curate.reports import report_on_deliveries, report_on_seed
from loop.curate.scorer import Scorer, scorer_of

__all__ = [
    "Curator",
    "Embed",
    "Scorer",
    "curate",
    "faults_alone",
    "overruled",
    "report_on_deliveries",
    "report_on_seed",
    "scorer_of",
    "sentence_encoder",
]
