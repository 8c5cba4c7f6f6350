"""The TinyV stage: `python -m workers.tinyv`."""
