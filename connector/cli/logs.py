"""Where the program's log goes: a file beside the workspace, and stderr under `--debug`. Every line is redacted."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final

FOLDER: Final = "logs"
_FILE: Final = "connector.log"
_BYTES: Final = 5 * 1024 * 1024
_KEPT: Final = 5
_FORM: Final = "%(asctime)s %(levelname)s %(name)s %(message)s"


def log_to_stderr(*, everything: bool) -> None:
    """Under `--debug` everything; else nothing, for a person is told by sentences and not by log lines."""
    logging.raiseExceptions = everything
    logger = logging.getLogger()
    for handler in list(logger.handlers):
        if getattr(handler, "of_connector", False):
            logger.removeHandler(handler)
            handler.close()
    _add(logging.StreamHandler() if everything else logging.NullHandler())
    logger.setLevel(logging.DEBUG if everything else logging.INFO)


def keep_log(workspace: Path) -> None:
    """What happens from now on is written to `logs/connector.log` of the workspace, in files of bounded size."""
    from logging.handlers import RotatingFileHandler

    folder = workspace / FOLDER
    try:
        folder.mkdir(exist_ok=True)
        handler = RotatingFileHandler(folder / _FILE, maxBytes=_BYTES, backupCount=_KEPT, encoding="utf-8", delay=True)
    except OSError:
        return  # a workspace that may only be read works without a log
    _add(handler)


def _add(handler: logging.Handler) -> None:
    from connector.transport.redaction import RedactingFilter

    handler.addFilter(RedactingFilter())
    handler.setFormatter(logging.Formatter(_FORM))
    handler.of_connector = True  # type: ignore[attr-defined]
    logging.getLogger().addHandler(handler)
