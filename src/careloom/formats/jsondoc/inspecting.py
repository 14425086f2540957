"""JSON of any kind, looked at: well formed or where not, its shape, the values at JSON Pointers.

Pointers are as `/items/0/name`, or `/items/*/id` for those of every item.

In a file of JSON lines a pointer begins with the line, counted from 0 as items of a list are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from pathlib import PurePath
from typing import Final

from careloom.core.errors import FormatError
from careloom.formats.inspection import Finding, Inspection
from careloom.formats.jsondoc.pointers import values_at
from careloom.formats.jsondoc.reading import Json, read, read_lines, write

_NAMES: Final = frozenset({".json", ".ndjson", ".jsonl"})
_OPENING: Final = re.compile(rb'(?:\xef\xbb\xbf)?\s{0,1000}(?:\{\s{0,1000}["}]|\[\s{0,1000}["{\[\]tfn0-9-])')
_MOST_FINDINGS: Final = 200


def recognises(data: bytes, name: str) -> bool:
    """Whether the bytes open an object or a list, or the file is named as JSON."""
    return PurePath(name).suffix.lower() in _NAMES or _OPENING.match(data[:4096]) is not None


def inspect(data: bytes, *, strict: bool = False, paths: Sequence[str] = ()) -> Inspection:  # noqa: ARG001 - see below
    """Parses one document, or JSON lines when it is several. JSON leaves nothing to be lenient about, so `strict`
    changes nothing. `identical` tells whether writing it back gives the same content, to the digit of each number."""
    findings: list[Finding] = []
    lines = _is_lines(data)
    documents = _documents(data, lines, findings)
    values: dict[str, Sequence[str]] = {}
    whole: Json = documents if len(documents) != 1 or lines else documents[0]
    for path in paths:
        try:
            values[path] = tuple(map(_text, values_at(whole, path)))
        except ValueError:
            values[path] = ()
            findings.append(Finding(code="path-unknown", place=path, text="no JSON Pointer; write /name/0/name"))
    return Inspection(
        format="json",
        type=_type(documents, lines),
        counts={"documents": len(documents), "members": sum(map(_members, documents))},
        findings=tuple(findings),
        identical=None if not documents else all(read(write(document)) == document for document in documents),
        values=values,
    )


def _documents(data: bytes, lines: bool, findings: list[Finding]) -> list[Json]:
    try:
        if not lines:
            return [read(data)]
        found: list[Json] = []
        for line in read_lines(data):
            if line.error is None:
                found.append(line.value)
            elif len(findings) < _MOST_FINDINGS:
                findings.append(Finding(code="unreadable", place=line.error.location, text=line.error.reason))
        return found
    except FormatError as error:
        findings.append(Finding(code="unreadable", place=error.location, text=error.reason))
        return []


def _is_lines(data: bytes) -> bool:
    """Whether the first line is a document, and something follows it: a document ends where it ends."""
    first, _, rest = data.lstrip().partition(b"\n")
    if not rest.strip():
        return False
    try:
        read(first)
    except FormatError:
        return False
    return True


def _type(documents: Sequence[Json], lines: bool) -> str:
    if lines:
        return "lines"
    if not documents:
        return ""
    return "object" if isinstance(documents[0], dict) else "list" if isinstance(documents[0], list) else "value"


def _members(document: Json) -> int:
    return len(document) if isinstance(document, dict | list) else 1


def _text(value: Json) -> str:
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, Decimal) else write(value).decode()
