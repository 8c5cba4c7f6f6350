"""Timeline of a step: recorded by a trainer or by the overlap benchmark, drawn here.

`spans` holds and reads a record, `trace` turns it into a Chrome/Perfetto trace, `picture` into an SVG. Model output
never gets in: a record has ids, times and outcomes.
"""

from tinyv_stream.timeline.spans import Span, SpanWriter, read

__all__ = ["Span", "SpanWriter", "read"]
