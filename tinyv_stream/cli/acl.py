"""`tinyv-stream acl`: the rights that a trainer, a worker, an operator or an autoscaler needs on a shared server."""

from typing import Annotated, Final

import typer

from tinyv_stream.broker.acl import ROLES, Role, acl_rules, watcher_rules
from tinyv_stream.errors import InvalidInputError
from tinyv_stream.types import validate_name

EPILOG: Final = """
\b
Examples:
  tinyv-stream acl worker --pool main                 a line for the server's ACL file
  tinyv-stream acl trainer --pool main --run run-17   a trainer that sees the rewards of one run only
  tinyv-stream acl watcher --pool main                an autoscaler, which sees how long the queues are

\b
Put your password in the place of PASSWORD, the line into the file that `aclfile` names, and run ACL LOAD; or give the
words after `user` to ACL SETUSER.
"""


def acl(
    role: Annotated[str, typer.Argument(help="trainer, worker, operator or watcher.")],
    pool: Annotated[str, typer.Option(help="The pool whose keys the user may touch.")] = "main",
    run: Annotated[str, typer.Option(help="The one run of a trainer; without it, any.")] = "",
    user: Annotated[str, typer.Option(help="The user's name; without it, the role.")] = "",
) -> None:
    """Print the least rights of one user, as a line of an ACL file."""
    found: list[Role] = [known for known in ROLES if known == role]
    if not found and role != "watcher":
        raise InvalidInputError("ROLE", role, f"use one of {', '.join(ROLES)}, watcher")
    if run and role != "trainer":
        raise InvalidInputError("--run", run, "only a trainer belongs to a run")
    name = validate_name("--pool", pool)
    run_rule = validate_name("--run", run) if run else "*"
    rules = acl_rules(found[0], name, run=run_rule) if found else watcher_rules(name)
    typer.echo(f"user {validate_name('--user', user or role)} on >PASSWORD {' '.join(rules)}")
