"""Files of codes, one a line: what users have of a publisher's list, or make of a spreadsheet."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from careloom.core.errors import ConfigurationError

ReadFile: TypeAlias = Callable[[str], str]
"""The text of a file by the name that a declaration gives it. Raises OSError, or ValueError where it is no text."""
_END: Final = re.compile(r"[,;\t]")
_COMMENT: Final = "#"


def codes_in(name: str, read: ReadFile | None) -> Sequence[str]:
    """The codes of a file, in order: what stands before the first comma, semicolon or tab of each line, so that a table
    with more columns will do. Empty lines and those that begin with # are passed over. ConfigurationError, which names
    the file, when it cannot be read or holds none."""
    found = [code for line in _text(name, read).splitlines() if (code := _code_of(line))]
    if not found:
        raise ConfigurationError(f"the file {name} holds no code; write one a line")
    return found


def _text(name: str, read: ReadFile | None) -> str:
    if read is None:
        raise ConfigurationError(f"the file {name} cannot be read: there is no folder that it is in")
    try:
        return read(name).removeprefix("\ufeff")
    except OSError as error:
        reason = error.strerror or type(error).__name__
    except ValueError:
        reason = "it is no UTF-8 text"
    raise ConfigurationError(f"the file {name} cannot be read: {reason}")


def _code_of(line: str) -> str:
    first = _END.split(line.strip(), maxsplit=1)[0].strip().strip('"').strip()
    return "" if first.startswith(_COMMENT) else first
