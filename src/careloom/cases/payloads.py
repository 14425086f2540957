"""The payload that a case is about: masked, opened for a look that is on record, edited beside the original."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from careloom.cases.states import NoSuchCase
from careloom.core.envelope import Event, Kind
from careloom.core.errors import FormatError
from careloom.log.keyring import Keyring
from careloom.log.ports import Connection
from careloom.mapping.subject import subjects_of
from careloom.model import CONTRACTS, decode
from careloom.security.masking import mask
from careloom.store.sql import queries

_SQL = queries("cases")
EDITED: Final = "payload.edited.v1"
LARGEST: Final = 16 * 1024 * 1024
_ENDS: Final = re.compile(r"\r\n|\r|\n")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Payload:
    """What a case is about, as it would be handled now, or was. `entry` is the entry of the log that has it, `edited`
    whether that is an edit: then `original` is what came, which stays where it was."""

    entry: UUID
    type: str
    contenttype: str
    edited: bool
    data: bytes
    original: bytes = b""

    @property
    def text(self) -> str:
        """For people."""
        return _lines(self.data)

    @property
    def original_text(self) -> str:
        """What came, before it was edited, for people."""
        return _lines(self.original or self.data)

    @property
    def masked(self) -> str:
        """Its shape alone."""
        return mask(self.text)

    def corrected(self, text: str) -> bytes:
        """What people made of `text`, with the ends of lines that it came with: HL7 v2 ends segments by a carriage
        return alone (2.5.1 chapter 2.4), which forms of pages do not keep. Raises FormatError for a payload that is no
        plain text in UTF-8, since that would not come back as it was."""
        end = _end_of_lines(self.data)
        if end is None:
            raise FormatError("this is no plain text in UTF-8; edit it as a file: `careloom case retry --edited`", "$")
        plain = "\n".join(text.replace("\r\n", "\n").split("\r")).rstrip("\n")
        last = end if self.data.endswith(end.encode()) else ""
        return (plain.replace("\n", end) + last).encode()

    @property
    def is_text(self) -> bool:
        """Whether people may edit it on a page."""
        return _end_of_lines(self.data) is not None


def _lines(data: bytes) -> str:
    return data.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")


def _end_of_lines(data: bytes) -> str | None:
    """The one by which all lines end; None where they end differently, or where it is no text."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    ends = set(_ENDS.findall(text))
    return None if len(ends) > 1 or _CONTROL.search(text) else next(iter(ends), "\n")


async def payload_of(connection: Connection, keyring: Keyring, case: Mapping[str, Any]) -> Payload:
    """Raises NoSuchCase for a case that is about no entry, or whose subject was erased."""
    row = await _entry(connection, case)
    keys = await keyring.open(connection, {row["key"]})
    if row["key"] not in keys:
        raise NoSuchCase("the subject was erased: its payload can be read by nobody")
    entry = row["edited"] or row["id"]
    _, data = keys[row["key"]].open(row["body"], entry)
    if row["edited"] is None:
        return Payload(entry, row["type"], row["contenttype"], False, data)
    first = await keyring.open(connection, {row["first_key"]})
    _, original = first[row["first_key"]].open(row["first_body"], row["id"])
    return Payload(entry, row["type"], row["contenttype"], True, data, original)


async def edit_of(
    connection: Connection, keyring: Keyring, case: Mapping[str, Any], payload: bytes, id_: UUID, now: datetime
) -> Event:
    """The entry that holds an edited payload: caused by the original, sealed for the same subject.

    Raises FormatError for one that is empty, too large, does not follow its contract, or is about somebody else: what
    waits behind it would lose its order.
    """
    row = await _entry(connection, case)
    keys = await keyring.open(connection, {row["first_key"]})
    if row["first_key"] not in keys:
        raise NoSuchCase("the subject was erased: there is nothing left to edit")
    subject, original = keys[row["first_key"]].open(row["first_body"], row["id"])
    if not 0 < len(payload) <= LARGEST:
        raise FormatError(f"an edited payload has 1 to {LARGEST} octets", "$")
    if row["kind"] == Kind.EVENT.value:
        _must_fit(row["type"], original, payload)
    return Event(
        id=id_,
        kind=Kind.AUDIT,
        type=EDITED,
        source=row["source"],
        subject=subject,
        time=now,
        data=payload,
        datacontenttype=row["contenttype"],
        correlation=row["correlation"],
        causation=row["id"],
    )


def _must_fit(type_: str, original: bytes, payload: bytes) -> None:
    if type_ not in CONTRACTS:
        return
    subject, others = subjects_of(decode(type_, payload))
    before, others_before = subjects_of(decode(type_, original))
    if (subject, set(others)) != (before, set(others_before)):
        raise FormatError("an edit may not change whom the event is about; discard it and have it sent anew", "$")


async def _entry(connection: Connection, case: Mapping[str, Any]) -> Any:
    about = case["event"] or case["message"]
    row = await connection.fetchrow(_SQL.parked_body, about, case["subscription"], case["id"])
    if row is None:
        raise NoSuchCase("this case is about no message or event, so there is no payload")
    return row
