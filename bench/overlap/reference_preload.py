"""Imported by the fork server before it forks: loads and exercises the graders once for all processes.

The only module here that works at import: a fork server runs nothing else.
"""

from bench.overlap.reference_call import warm

warm()
