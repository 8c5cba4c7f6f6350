"""Preload module of the fork server: the graders, loaded and exercised once for all processes.

The only module here that works at import: a fork server runs nothing else.
"""

from bench.overlap.reference_call import warm

warm()
