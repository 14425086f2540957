"""Files on records of Odoo (`ir.attachment`): once for each key, and proven by their checksum."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from careloom.core.errors import MappingError
from careloom.systems.odoo.documents.access import Access
from careloom.systems.odoo.documents.outcome import HeldOtherwise, compared
from careloom.systems.odoo.documents.steps import load_rows

MODEL: Final = "ir.attachment"
LARGEST: Final = 20 * 1024 * 1024  # octets; Odoo takes a call of 128 MB, and base64 adds a third

FIELDS: Final[Mapping[str, str]] = {
    "model": "ir.attachment.res_model",
    "record": "ir.attachment.res_id",
    "name": "ir.attachment.name",
    "content": "ir.attachment.datas",
    "media_type": "ir.attachment.mimetype",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Attachment:
    """A file for a record. `name` is what people see; Odoo may find another media type in the content."""

    key: str
    model: str
    record: int
    name: str
    content: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class HeldAttachment:
    """`checksum` is the SHA-1 of what Odoo stores, `size` its octets."""

    record_id: int
    checksum: str
    size: int
    created: bool


class Attachments:
    """Brings files in."""

    def __init__(self, access: Access) -> None:
        self._access = access

    async def attach(self, file: Attachment, company: int | None = None) -> HeldAttachment:
        """Have the file on the record. One that is there stays, and must be the same: else HeldOtherwise."""
        if not file.content:
            raise MappingError("an empty file is not attached", "content")
        if len(file.content) > LARGEST:
            raise MappingError(f"the file has {len(file.content)} octets; {LARGEST} are taken", "content")
        record = await self._access.record(file.key, MODEL)
        created = record is None
        if record is None:
            record = (await load_rows(self._access, MODEL, {file.key: _values(file)}, company))[file.key]
        return await self._held(file, record, created=created)

    async def _held(self, file: Attachment, record: int, *, created: bool) -> HeldAttachment:
        rows = await self._access.records.read(MODEL, [record], ["checksum", "file_size", "res_model", "res_id"])
        held: dict[str, Any] = rows[0] if rows else {"checksum": "", "file_size": 0, "res_model": "", "res_id": 0}
        # SHA-1 is what Odoo keeps; it proves no origin, only that the same octets are there.
        checksum = hashlib.sha1(file.content, usedforsecurity=False).hexdigest()
        differences = [
            *compared("content", "checksum", checksum, held["checksum"], "another file has this key"),
            *compared("record", "res_model", file.model, held["res_model"]),
            *compared("record", "res_id", file.record, held["res_id"]),
        ]
        if differences:
            raise HeldOtherwise(MODEL, record, differences)
        return HeldAttachment(record, str(held["checksum"]), int(held["file_size"]), created)


def _values(file: Attachment) -> dict[str, str | bytes | int]:
    return {
        "name": file.name,
        "res_model": file.model,
        "res_id": file.record,
        "datas": file.content,
        "mimetype": file.media_type,
    }
