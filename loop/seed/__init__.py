"""The seed: files of examples in, examples and rejected rows out."""

from loop.seed.read import read_seed

__all__ = ["read_seed"]
