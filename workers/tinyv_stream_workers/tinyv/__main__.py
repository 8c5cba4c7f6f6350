"""`python -m tinyv_stream_workers.tinyv`: one TinyV worker, with an engine of its own."""

from tinyv_stream_workers.entrypoint import main
from tinyv_stream_workers.tinyv.checked import CheckedVerifier

if __name__ == "__main__":
    main("tinyv", "Run one TinyV worker and its engine.", lambda config: CheckedVerifier(config.tinyv))
