"""Masking: the shape of a body without its content."""

from __future__ import annotations

import json
import re

# Beyond ASCII everything counts as content: a combining mark says something about the name it stands in.
_LETTER = re.compile(r"[^\W\d_]|[^\x00-\x7f]")
_DIGIT = re.compile(r"\d")
_SEGMENTS = re.compile(r"(?:MSH|FHS|BHS|ISA)([^\w\s])")
_JSON_KEY = re.compile(r'("[A-Za-z]+"\s*:)')


def mask(text: str) -> str:
    """Letters become x and digits 9; punctuation stays, so the structure can still be read.

    In a message that opens as HL7 v2 (2.5.1 chapter 2.5) or X12 does, the segments keep their names; in JSON the keys
    stay. Anywhere else nothing is known to be structure, and nothing is kept.
    """
    opening = _SEGMENTS.match(text)
    if opening:
        name = re.compile(rf"[A-Z][A-Z0-9]{{1,2}}(?={re.escape(opening[1])})")
        return "\n".join(_mask_segment(line, name) for line in text.splitlines())
    if _is_json(text):
        return "\n".join(_mask_json(line) for line in text.splitlines())
    return "\n".join(_mask(line) for line in text.splitlines())


def mask_value(text: str) -> str:
    """One value out of a body, all of it content: nothing in it is taken for structure."""
    return _mask(text)


def _mask(text: str) -> str:
    return _LETTER.sub("x", _DIGIT.sub("9", text))


def _mask_segment(line: str, name: re.Pattern[str]) -> str:
    found = name.match(line)
    kept = found.group() if found else ""
    return kept + _mask(line[len(kept) :])


def _mask_json(line: str) -> str:
    parts = _JSON_KEY.split(line)
    return "".join(part if index % 2 else _mask(part) for index, part in enumerate(parts))


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict | list)
    except (ValueError, RecursionError):
        return False
