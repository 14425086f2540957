"""Bank statements: each statement of a file is a message, known by its account and its number or its content."""

from __future__ import annotations

import hashlib
from typing import Final

import msgspec

from careloom.core.errors import FormatError
from careloom.formats.bank import BankFile, Statement
from careloom.formats.bank import parse as parse_file
from careloom.formats.inspection import Finding
from careloom.mapping.reading import Bytes, Unit, Units, Unread, whole
from careloom.mapping.reading.bank_cutting import WITHIN, cut
from careloom.mapping.source import Settings
from careloom.model import Identifier, subject_key

_MEDIA_TYPES: Final = {"camt": "application/xml", "ofx": "application/x-ofx"}
_PLAIN: Final = "text/plain"


def units(source: Bytes, settings: Settings) -> Units:  # noqa: ARG001
    """The statements of one account keep their order. A file that was cut off or whose control totals are wrong is not
    read at all: nobody could say which of its entries are missing."""
    data = whole(source)
    try:
        file = parse_file(data)
        if (wrong := _error_in(file)) is not None:
            raise FormatError(wrong.text, wrong.place)
        bodies = cut(data, file)
    except FormatError as error:
        yield Unread(error=error, body=data)
        return
    for statement, body in zip(file.statements, bodies, strict=True):
        yield _unit(statement, body)


def parse(body: bytes, settings: Settings) -> Statement:  # noqa: ARG001
    """The one statement of a message. Raises FormatError when it holds none."""
    index = 0
    if body.startswith(WITHIN):
        line, _, body = body.partition(b"\n")
        index = int(line.removeprefix(WITHIN))
    statements = parse_file(body).statements
    if index >= len(statements):
        raise FormatError("holds no statement", "file")
    return statements[index]


def _unit(statement: Statement, body: bytes) -> Unit | Unread:
    if not statement.account:
        missing = FormatError("the statement names no account; ask the bank to name it", statement.place)
        return Unread(error=missing, body=body, place=statement.place)
    return Unit(
        type=statement.format,
        key=_key(statement),
        subject=subject_key("BankAccount", Identifier(value=statement.account), by_number=True),
        body=body,
        media_type=_MEDIA_TYPES.get(statement.format.partition(".")[0], _PLAIN),
        place=statement.place,
    )


def _key(statement: Statement) -> str:
    """Keys are not sealed, so the account stands in them as a digest. Numbers begin again each year in MT940, so the
    last day stands beside them; without a number the content does: the same account may have two in one day."""
    account = hashlib.blake2b(statement.account.encode(), digest_size=8).hexdigest()
    day = statement.to_date or (statement.closing.day if statement.closing else None)
    number = statement.number or f"-{content_digest(statement)}"
    return f"{statement.format}/{account}/{number}/{day or '-'}"


def content_digest(statement: Statement) -> str:
    """Stands for what a statement says, wherever in a file it stood."""
    return hashlib.blake2b(msgspec.json.encode(placeless(statement)), digest_size=16).hexdigest()


def placeless(statement: Statement) -> Statement:
    """The statement without its places in a file."""
    entries = tuple([msgspec.structs.replace(entry, place="") for entry in statement.entries])
    return msgspec.structs.replace(statement, place="", entries=entries, findings=())


def _error_in(file: BankFile) -> Finding | None:
    return next((finding for finding in file.findings if finding.severity == "error"), None)
