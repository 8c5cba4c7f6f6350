"""The rule stage: `python -m tinyv_stream_workers.rule`."""
