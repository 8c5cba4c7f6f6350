"""Kinds of rescues, found in a process of low priority: `python -m tinyv_stream.board.kinds`.

A kind costs 35 ms and at worst 200 ms of computing, so no event loop waits for it. One JSON line in, one out:
`{"pair", "ground_truth", "answer"}` gives `{"pair", "kind"}`; `unclassified` where no form explains the difference.
"""

import os
import sys
from typing import Final

import msgspec

UNCLASSIFIED: Final = "unclassified"


class KindRequest(msgspec.Struct, frozen=True):
    """A pair whose kind is wanted."""

    pair: str
    ground_truth: str
    answer: str


class KindReply(msgspec.Struct, frozen=True):
    """What it is."""

    pair: str
    kind: str


def main() -> None:
    """Answer each line until there are no more."""
    from tinyv_stream.lab.classify import classify

    os.nice(19)
    decoder, encoder = msgspec.json.Decoder(KindRequest), msgspec.json.Encoder()
    for line in sys.stdin.buffer:
        ask = decoder.decode(line)
        found = classify(ask.ground_truth, ask.answer)
        sys.stdout.buffer.write(encoder.encode(KindReply(ask.pair, found.group if found else UNCLASSIFIED)) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
