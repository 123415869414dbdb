"""Curation: rows in, kept and rejected rows out, each with its reason."""

from loop.curate.curate import curate

__all__ = ["curate"]
