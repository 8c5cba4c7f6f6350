"""The TinyV stage: `python -m tinyv_stream_workers.tinyv`."""
