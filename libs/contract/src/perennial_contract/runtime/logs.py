"""Logs as lines of JSON, the same in all programs: a constant message, then fields."""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import Final

_SILENCE: Final = 60.0  # seconds
_REMEMBERED: Final = 100  # lines
_NUMBERS: Final = re.compile(r"\d+")
_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonFormatter(logging.Formatter):
    """One line of JSON for each record, with the fields given as `extra=` beside the message."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **{k: v for k, v in vars(record).items() if k not in _STANDARD},
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


class Unrepeated(logging.Filter):
    """Let a line through once a minute, whatever the numbers in it.

    A Kafka client that cannot connect logs it at each try, each time with another number.
    """

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        line = _NUMBERS.sub("", record.getMessage())
        if record.created - self._said.get(line, -_SILENCE) < _SILENCE:
            return False
        self._said.pop(line, None)  # moved to the end: the first is always the oldest
        self._said[line] = record.created
        if len(self._said) > _REMEMBERED:
            del self._said[next(iter(self._said))]
        return True


def configure(level: int = logging.INFO) -> None:
    """Send all logging to standard error as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("kafka").addFilter(Unrepeated())
