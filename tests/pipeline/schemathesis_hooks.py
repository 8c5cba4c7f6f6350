"""For schemathesis against a gateway (docs/gateway.md): a stream that follows does not end, so it is asked not to."""

from typing import Any

import schemathesis


@schemathesis.hook
def before_call(_context: object, case: Any, _kwargs: object) -> None:  # noqa: ANN401 schemathesis has no public type
    query = dict(case.query or {})
    if case.operation.path == "/v1/rewards" and str(query.get("follow", "true")).lower() in {"true", "1"}:
        case.query = query | {"follow": "false"}
