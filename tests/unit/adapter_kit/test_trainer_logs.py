"""A trainer's logging configuration does not silence this project for good."""

import logging
import logging.config

import pytest

from tinyv_stream.adapter_kit.trainer_logs import enable_logs


def test_what_a_configuration_silenced_is_heard_again_and_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    ours, other = (logging.getLogger(name) for name in ("tinyv_stream.test_logs", "elsewhere.test_logs"))
    silenced = [logger for logger in logging.root.manager.loggerDict.values() if isinstance(logger, logging.Logger)]
    before = {logger: logger.disabled for logger in silenced}
    try:
        logging.config.dictConfig({"version": 1})  # as trainers do: every logger that exists is disabled
        ours.warning("lost")
        enable_logs()
        ours.warning("heard")
        other.warning("not ours")
    finally:
        for logger, disabled in before.items():
            logger.disabled = disabled
    assert [record.getMessage() for record in caplog.records] == ["heard"]
