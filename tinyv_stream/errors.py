"""Error tree of the library; every class carries the fields that its handler needs.

TinyVError
 ├─ InvalidInputError    a field that the user gave: also a ValueError
 ├─ BrokerError
 │   ├─ BrokerUnavailableError   nothing answers at the URL
 │   └─ UnsupportedServerError   it answers, but must not carry rewards
 ├─ EngineError
 │   ├─ EngineStartError     names the setting to change
 │   └─ EngineDiedError      in-flight requests have no verdict; the engine can be restarted
 ├─ OutputFileError      a file that we write takes no more
 ├─ ClientClosedError        the client was left before this reward arrived
 └─ UndecidedError          no verifier decided, and the trainer asked to be told by an error
"""


class TinyVError(Exception):
    """Base of every error that this project raises on purpose. It can be pickled: trainers raise in other processes."""

    def __reduce__(self) -> tuple[object, ...]:
        """Rebuild it from its message and fields: constructors take other arguments than these."""
        return _rebuilt, (type(self), self.args, self.__dict__.copy())


def _rebuilt(kind: type[TinyVError], args: tuple[object, ...], fields: dict[str, object]) -> TinyVError:
    made = kind.__new__(kind, *args)
    made.__dict__.update(fields)
    return made


class InvalidInputError(TinyVError, ValueError):
    """A value from outside that cannot be used; names the field, the value and the remedy."""

    def __init__(self, field: str, value: object, remedy: str) -> None:
        shown = repr(value)
        shown = shown if len(shown) <= 80 else shown[:77] + "..."
        super().__init__(f"{field}: {shown} cannot be used; {remedy}")
        self.field = field
        self.value = value
        self.remedy = remedy


class BrokerError(TinyVError):
    """The broker cannot be used; `url` is redacted."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"broker {url}: {reason}")
        self.url = url
        self.reason = reason


class BrokerUnavailableError(BrokerError):
    """Nothing usable answers at the URL."""


class UnsupportedServerError(BrokerError):
    """A server answers, but it is too old or would throw rewards away."""


class EngineError(TinyVError):
    """The verifier engine cannot answer."""


class EngineStartError(EngineError):
    """The engine did not start; `remedy` names the setting to change."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(f"the engine did not start: {reason}; {remedy}")
        self.reason = reason
        self.remedy = remedy


class EngineDiedError(EngineError):
    """The engine died or froze under a request: there is no verdict, and none is made up."""


class OutputFileError(TinyVError):
    """A file cannot be written: what was being done, what the system said, and the remedy."""

    def __init__(self, doing: str, exc: OSError, remedy: str) -> None:
        super().__init__(f"{doing} ({exc.strerror or exc}); {remedy}")
        self.errno = exc.errno
        self.remedy = remedy


class ClientClosedError(TinyVError):
    """The client was closed before the reward of `rollout_id` arrived."""

    def __init__(self, rollout_id: str) -> None:
        super().__init__(f"client closed before rollout {rollout_id!r} was rewarded")
        self.rollout_id = rollout_id


class UndecidedError(TinyVError):
    """No verifier decided about `rollout_id`; `status` and `reason` are its reward's. Never a score."""

    def __init__(self, rollout_id: str, status: str, reason: str) -> None:
        super().__init__(f"rollout {rollout_id!r} is undecided ({status}: {reason or 'no reason given'})")
        self.rollout_id = rollout_id
        self.status = status
        self.reason = reason
