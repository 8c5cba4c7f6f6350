"""Fixtures of the stream tests."""

from stream_fixtures import client, serve

__all__ = ["client", "serve"]
