"""Log lines as JSON, one object a line: what programs collect, with the message that each is about.

No line holds personal data. Ours never do; of what libraries say only the words that they wrote into their code are
kept, not what they filled in, and of an exception its type and place, since its text may quote what it choked on.
"""

from __future__ import annotations

import json
import logging
import traceback
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from careloom.core.tracing import ACTIVE, CORRELATION

_OURS: Final = "careloom"
_LONGEST: Final = 4_000


class JsonLines(logging.Formatter):
    """`{"time": ..., "level": ..., "logger": ..., "message": ...}`, with `correlation`, `traceparent` and `error` where
    there are such."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record)[:_LONGEST],
        }
        if (correlation := CORRELATION.get()) is not None:
            line["correlation"] = str(correlation)
        if (active := ACTIVE.get()) is not None:
            line["traceparent"] = active.traceparent
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = _error(record.exc_info[0], record.exc_info[2])
        return json.dumps(line, ensure_ascii=False)


def log_as_json() -> None:
    """Have every handler of the root logger write JSON."""
    for handler in logging.getLogger().handlers:
        handler.setFormatter(JsonLines())


def _message(record: logging.LogRecord) -> str:
    if record.name == _OURS or record.name.startswith(f"{_OURS}."):
        return record.getMessage()
    return record.msg if isinstance(record.msg, str) and record.args else _unfilled(record)


def _unfilled(record: logging.LogRecord) -> str:
    """A library that fills its words in by itself says nothing that can be told apart from what it was about."""
    return f"{Path(record.pathname).name}:{record.lineno} {record.funcName}"


def _error(type_: type[BaseException], trace: TracebackType | None) -> str:
    places = [f"{Path(one.filename).name}:{one.lineno} {one.name}" for one in traceback.extract_tb(trace)[-3:]]
    return f"{type_.__name__} at {' < '.join(reversed(places))}" if places else type_.__name__
