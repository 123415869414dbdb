"""Models behind OpenAI-compatible servers: a stream of calls in, a stream of paid replies out."""

from loop.api.call import ApiError, Asks, Call, Message, Reply
from loop.api.client import Client
from loop.budget import Usage

__all__ = ["ApiError", "Asks", "Call", "Client", "Message", "Reply", "Usage"]
