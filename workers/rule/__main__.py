"""`python -m workers.rule`: one rule worker."""

from workers.program import main
from workers.rule.verifier import RuleVerifier

if __name__ == "__main__":
    main("workers.rule", "Run one rule worker.", lambda config: RuleVerifier(config.rule, routes=config.route_rows))
