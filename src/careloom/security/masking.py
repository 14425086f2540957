"""Masking: the shape of a body without its content."""

from __future__ import annotations

import re

_LETTER = re.compile(r"[^\W\d_]")
_DIGIT = re.compile(r"\d")


def mask(text: str) -> str:
    """Letters become x and digits 9; punctuation stays, so the structure can still be read.

    The name of an HL7 v2 segment (three characters and a separator at the start of a line) and the keys of JSON
    are structure, not content: they stay.
    """
    return "\n".join(_mask_line(line) for line in text.splitlines())


def _mask_line(line: str) -> str:
    segment = re.match(r"[A-Z][A-Z0-9]{2}(?=[^\w\s])", line)
    kept = segment.group() if segment else ""
    parts = re.split(r'("[A-Za-z]+"\s*:)', line[len(kept) :])
    masked = [part if index % 2 else _DIGIT.sub("9", _LETTER.sub("x", part)) for index, part in enumerate(parts)]
    return kept + "".join(masked)
