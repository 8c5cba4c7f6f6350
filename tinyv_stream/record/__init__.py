"""Durable record of a run: what its clients submitted and what rewards came back, as JSON lines on disk.

`lines` are the kinds of lines, `segments` the files, `writer` appends to them, `recorder` is the client's side of it,
and `reading` reads them back. Off by default: texts on disk are a decision.
"""

from tinyv_stream.record.recorder import Recorder

__all__ = ["Recorder"]
