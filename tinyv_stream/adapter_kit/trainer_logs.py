"""Loggers of this project in a trainer's process, whose own logging configuration may have silenced them.

`logging.config.dictConfig` disables each logger that exists, unless it is told not to (AReaL 1.0 does not tell it).
"""

import logging
from typing import Final

_OURS: Final = ("tinyv_stream", "trainer_adapters")


def enable_logs() -> None:
    """Undo the silencing; levels and handlers stay the trainer's."""
    for name, logger in list(logging.root.manager.loggerDict.items()):
        if isinstance(logger, logging.Logger) and name.partition(".")[0] in _OURS:
            logger.disabled = False
