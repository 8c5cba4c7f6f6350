"""The broker: Redis streams, one Lua script per state change, and an embedded server."""
