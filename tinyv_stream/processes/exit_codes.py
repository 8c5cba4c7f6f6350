"""Exit codes that programs and whoever starts them agree on."""

from typing import Final

RESTART: Final = 3
"""A worker whose pool's settings changed: it is to be started again, at once."""
DRAINED: Final = 4
"""A worker whose host is to be drained: it is to be started again once the host is to work. Earlier it waits."""
