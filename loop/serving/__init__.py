"""Servers on loopback that this process starts, waits for and ends."""

from loop.serving.environment import narrowed
from loop.serving.server import PORT, Server, begin, check_program, filled, start

__all__ = ["PORT", "Server", "begin", "check_program", "filled", "narrowed", "start"]
