"""A mixture in, a LoRA adapter out; survives being killed, and refuses to cut an example."""

from loop.train.train import train

__all__ = ["train"]
