"""Exit codes that programs and whoever starts them agree on."""

from typing import Final

RESTART: Final = 3
"""A worker whose pool's settings changed: it is to be started again, at once."""
