"""The private Valkey: its process, its data directory, and the discovery of a running pool."""
