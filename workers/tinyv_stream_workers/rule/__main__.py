"""`python -m tinyv_stream_workers.rule`: one rule worker."""

from tinyv_stream_workers.entrypoint import main
from tinyv_stream_workers.rule.verifier import RuleVerifier

if __name__ == "__main__":
    main(
        "rule",
        "Run one rule worker.",
        lambda config: RuleVerifier(config.rule, routes=config.route_rows),
    )
