"""Fixtures of the fault tests: those of the stream tests."""

from stream_fixtures import client, serve

__all__ = ["client", "serve"]
