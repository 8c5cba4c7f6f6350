"""The taxonomy under the name that the lab's files use; it is defined with the verifiers."""

from tinyv_stream.verifiers.taxonomy import KINDS, UNCLASSIFIED, Kind

__all__ = ["KINDS", "UNCLASSIFIED", "Kind"]
