"""Replies of an OpenAI-compatible server, as far as they are read here. Unknown fields are passed over."""

import msgspec


class Token(msgspec.Struct, frozen=True):
    """A token that could have stood at a place, and its natural log-probability."""

    token: str
    logprob: float


class Place(msgspec.Struct, frozen=True):
    """One place of a reply: the likeliest tokens."""

    top_logprobs: list[Token] = []


class Logprobs(msgspec.Struct, frozen=True):
    """The places of a reply, in order: `content` of a chat, `top_logprobs` of a plain completion."""

    content: list[Place] | None = None
    top_logprobs: list[dict[str, float] | None] | None = None

    @property
    def first(self) -> list[Token]:
        """The likeliest tokens at the first place."""
        if self.content:
            return self.content[0].top_logprobs
        shown = self.top_logprobs[0] if self.top_logprobs else None
        return [Token(token, logprob) for token, logprob in (shown or {}).items()]


class Message(msgspec.Struct, frozen=True):
    """What the model wrote: hostile text."""

    content: str | None = None


class Choice(msgspec.Struct, frozen=True):
    """One reply of the model: a message of a chat, or the text of a plain completion."""

    message: Message = Message()
    text: str | None = None
    finish_reason: str | None = None
    logprobs: Logprobs | None = None


class Details(msgspec.Struct, frozen=True):
    """Where the prompt's tokens came from."""

    cached_tokens: int | None = None


class Usage(msgspec.Struct, frozen=True):
    """What a reply cost."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    prompt_tokens_details: Details | None = None


class Reply(msgspec.Struct, frozen=True):
    """The answer of `/chat/completions`."""

    choices: list[Choice]
    usage: Usage | None = None


class Model(msgspec.Struct, frozen=True):
    """A model that the server serves."""

    id: str
    max_model_len: int | None = None


class Models(msgspec.Struct, frozen=True):
    """The answer of `/models`."""

    data: list[Model]
