"""`python -m workers.tinyv`: one TinyV worker, with an engine of its own."""

from workers.program import main
from workers.tinyv.verifier import TinyVVerifier

if __name__ == "__main__":
    main("workers.tinyv", "Run one TinyV worker and its engine.", lambda config: TinyVVerifier(config.tinyv))
