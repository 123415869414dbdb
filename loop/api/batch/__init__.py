"""Offline batches: the same calls and replies, handed over as files and collected later."""

from loop.api.batch.batches import Batches

__all__ = ["Batches"]
