"""Messages that cross the broker: msgpack maps with a version tag, encoders and decoders built once.

Fields are only ever appended, with defaults, because two versions share a stream during an upgrade.
Model text may hold lone surrogates, which UTF-8 refuses: they are replaced when work is made.
"""

import hashlib
import math
import zlib
from typing import Final

import msgspec

from tinyv_stream.types import Reward, Rollout, Status, Timings, Verdict

_TOPIC_CHARS: Final = 4
"""How many characters of a uid's digest, its first, are of question and ground truth alone."""


class Work(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag_field="t", tag="w1"):
    """A rollout on its way: written by the client, rewritten by the rule worker for TinyV, read by both."""

    run_id: str
    client_id: str
    """Whose reward stream gets the answer."""
    rollout_id: str
    question: str
    ground_truth: str
    completion: str = ""
    """Empty after the rule stage: TinyV reads `model_answer` only."""
    data_source: str = ""
    group_id: str = ""
    model_answer: str | None = None
    """The answer cut out of the completion; None before the rule stage."""
    rule: Verdict | None = None
    timings: Timings = Timings()
    digest: str = ""
    """Of question and ground truth, then of these and the completion, as submitted; see `shard_of`."""
    forwarded_ms: int = 0
    """When the rules passed it on, by that worker's wall clock; 0 before."""

    @property
    def uid(self) -> str:
        """The rollout's name within a pool: unique over runs, and over texts that a restarted trainer gave one id."""
        return f"{self.run_id}/{self.rollout_id}#{self.digest}" if self.digest else f"{self.run_id}/{self.rollout_id}"


_encoder: Final = msgspec.msgpack.Encoder()
_work_decoder: Final = msgspec.msgpack.Decoder(Work)
_reward_decoder: Final = msgspec.msgpack.Decoder(Reward)
_verdict_decoder: Final = msgspec.msgpack.Decoder(Verdict)


def shard_of(uid: str, shards: int, *, is_server: bool = False) -> int:
    """Return the shard of a rollout in a pool of that many; with `is_server` each is a server of its own.

    Among servers it is by rendezvous (highest random weight: Thaler and Ravishankar, 1998): one more server would take
    its share of every other, and nothing would move between those.
    """
    if shards == 1:
        return 0
    _, mark, digest = uid.rpartition("#")
    topic = (digest[:_TOPIC_CHARS] if mark else uid).encode()
    if not is_server:
        return zlib.crc32(topic) % shards
    return max(range(shards), key=lambda shard: hashlib.blake2b(b"%d %s" % (shard, topic), digest_size=8).digest())


def work_of(rollout: Rollout, *, run_id: str, client_id: str) -> Work:
    """Return the work that a validated rollout with an id asks for."""
    texts = (rollout.question or rollout.prompt, rollout.ground_truth, rollout.completion, rollout.data_source)
    question, ground_truth, completion, data_source = (clean(text) for text in texts)
    return Work(
        run_id=run_id,
        client_id=client_id,
        rollout_id=rollout.rollout_id,
        question=question,
        ground_truth=ground_truth,
        completion=completion,
        data_source=data_source,
        group_id=rollout.group_id,
        digest=_digest(question, ground_truth, completion),
    )


def pair_of(question: str, ground_truth: str, model_answer: str | None) -> str:
    """Name all rollouts that ask TinyV the same: equal question, ground truth and answer."""
    parts = (question, ground_truth, (model_answer or "").strip())
    text = "\x1f".join(f"{len(p)}:{p}" for p in parts)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def encode(value: Work | Reward | Verdict) -> bytes:
    """Return the wire form of a work, a reward or a verdict."""
    return _encoder.encode(value)


def decode_work(data: bytes) -> Work:
    """Return the work in `data`; raise msgspec.DecodeError if it is not ours or of an unknown version."""
    return _work_decoder.decode(data)


def decode_reward(data: bytes) -> Reward:
    """Return the reward in `data`; raise msgspec.DecodeError if it is not one.

    Whoever wrote it, a failure is never a score: `ok` has a finite number, and nothing else has one. A status of a
    newer release is not `ok`, and so has none.
    """
    reward = _reward_decoder.decode(data)
    if reward.status is not Status.OK:
        return reward if reward.value is None else msgspec.structs.replace(reward, value=None)
    if reward.value is None or not math.isfinite(reward.value):
        raise msgspec.ValidationError("status `ok` without a finite number")
    return reward


def rollout_id_of(uid: str) -> str:
    """Return the rollout's id within its run."""
    name = uid.partition("/")[2]
    return name.rpartition("#")[0] or name


def decode_verdict(data: bytes) -> Verdict:
    """Return the verdict in `data`; raise msgspec.DecodeError if it is not one."""
    return _verdict_decoder.decode(data)


def _digest(question: str, ground_truth: str, completion: str) -> str:
    topic = hashlib.blake2b(f"{len(question)}:{question}\x1f{len(ground_truth)}:{ground_truth}".encode(), digest_size=6)
    head = topic.hexdigest()[:_TOPIC_CHARS]
    topic.update(f"\x1f{len(completion)}:{completion}".encode())
    return head + topic.hexdigest()


def clean(text: str) -> str:
    """Return text as it travels: a lone surrogate, which UTF-8 refuses, becomes a question mark."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
