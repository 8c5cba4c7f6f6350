"""Exit codes that programs and whoever starts them agree on."""

from typing import Final

RESTART: Final = 3
"""A worker whose pool's settings changed: it is to be started again, at once."""
DRAINED: Final = 4
"""A worker whose host is to be drained: it is to be started again once the host is to work. Earlier it waits."""
REFUSED: Final = 2
"""A worker whose settings no restart fixes."""
NO_PROGRAM: Final = 127
"""What was to be started is not there (`die_with_parent`)."""
