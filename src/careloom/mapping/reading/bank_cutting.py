"""Cuts the statements of a bank's file apart, so that each message holds the bytes of its own statement.

A piece is one that the parser reads as exactly that statement. Where no such piece can be cut out, the message holds
the whole file behind a line that says which statement of it is meant.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import msgspec

from careloom.core.errors import FormatError
from careloom.formats.bank import BankFile, Statement, parse

WITHIN: Final = b"careloom-statement: "
LARGEST: Final = 256 * 1024 * 1024
"""Octets that the pieces of one file may come to where they repeat parts of it."""
_ELEMENT: Final = rb"<(?P<name>(?:\w{1,16}:)?(?:%b))(?=[\s>])"
_NAMES: Final = {"camt": rb"Stmt|Rpt|Ntfctn", "ofx": rb"(?i:CC)?(?i:STMTRS)"}
_LINE: Final = re.compile(rb"\r\n|\n|\r")
_NUMBER: Final = re.compile(r"line (\d{1,12})")


def cut(data: bytes, file: BankFile) -> Sequence[bytes]:
    """The bytes of each statement, in order; of a file with one, all of them.

    Raises FormatError for a file of so many statements, and so little order, that each would need all of it.
    """
    if len(file.statements) == 1:
        return (data,)
    pieces = _pieces(data, file)
    sound = [pieces is not None and _is(pieces[at], one) for at, one in enumerate(file.statements)]
    if sound.count(False) * len(data) > LARGEST:
        raise FormatError("its statements cannot be told apart; ask the bank for a file each", "file")
    assert pieces is not None or not any(sound), "only pieces are sound"
    return [pieces[at] if pieces and good else _within(data, at) for at, good in enumerate(sound)]


def _pieces(data: bytes, file: BankFile) -> list[bytes] | None:
    family = file.format.partition(".")[0]
    if family in _NAMES:
        found = _elements(data, _NAMES[family])
    else:
        found = _accounts(data) if family == "bai2" else _messages(data, file)
    return found if len(found) == len(file.statements) else None


def _elements(data: bytes, names: bytes) -> list[bytes]:
    """Each element of these names, with what stands before the first and behind the last."""
    spans: list[tuple[int, int]] = []
    opening = re.compile(_ELEMENT % names)
    position = 0
    while (found := opening.search(data, position)) is not None:
        closing = b"</" + found["name"]
        start = data.find(closing, found.end())
        end = data.find(b">", start) + 1 if start >= 0 else 0
        if not end:
            return []
        spans.append((found.start(), end))
        position = end
    if not spans:
        return []
    head, tail = data[: spans[0][0]], data[spans[-1][1] :]
    if len(spans) * (len(head) + len(tail)) > LARGEST:
        return []
    return [head + data[start:end] + tail for start, end in spans]


def _messages(data: bytes, file: BankFile) -> list[bytes]:
    """From the line where each message of MT940 begins to the next."""
    starts = _line_starts(data)
    numbers = [_NUMBER.match(statement.place) for statement in file.statements]
    begins = [starts[int(found[1]) - 1] for found in numbers if found is not None and int(found[1]) <= len(starts)]
    return [data[begin:end] for begin, end in pairwise([*begins, len(data)])]


def _accounts(data: bytes) -> list[bytes]:
    """Each account of BAI2 (03 to 49) below the 01 of its file and the 02 of its group."""
    found: list[bytes] = []
    file_end = group = below = account = -1
    size = 0
    for start in [*_line_starts(data), len(data)]:
        code = data[start : start + 3]
        if account >= 0 and code in (b"02,", b"03,", b"98,", b"99,", b""):
            found.append(data[:file_end] + data[group:below] + data[account:start])
            size += len(found[-1])
            account = -1
        if code == b"02,":
            file_end, group, below = (start if file_end < 0 else file_end), start, -1
        elif code == b"03,":
            account, below = start, start if below < 0 else below
        if group < 0 <= account or size > LARGEST:
            return []
    return found


def _line_starts(data: bytes) -> list[int]:
    return [0, *(found.end() for found in _LINE.finditer(data))]


def _is(piece: bytes, statement: Statement) -> bool:
    """Whether the piece alone reads as this statement."""
    try:
        found = parse(piece).statements
    except FormatError:
        return False
    return len(found) == 1 and _said(found[0]) == _said(statement)


def _said(statement: Statement) -> tuple[object, ...]:
    entries = [msgspec.structs.replace(entry, place="") for entry in statement.entries]
    return (
        statement.account, statement.number, statement.currency, statement.opening, statement.closing,
        statement.from_date, statement.to_date, entries, [finding.code for finding in statement.findings],
    )  # fmt: skip


def _within(data: bytes, index: int) -> bytes:
    return WITHIN + b"%d\n" % index + data
