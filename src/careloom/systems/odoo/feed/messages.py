"""A change as the bytes that the log keeps, however it was found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from careloom.core.errors import FormatError
from careloom.mapping.reading import Unit, Unread
from careloom.mapping.reading.odoo import decoded, unit

_MEMBERS: Final = (
    "v", "model", "id", "operation", "at", "company", "user", "before", "after", "record", "series",
)  # fmt: skip
_ENCODER: Final = msgspec.json.Encoder()


def body_of(change: Mapping[str, Any]) -> bytes:
    """The bytes of a change."""
    return _ENCODER.encode({name: change[name] for name in _MEMBERS if name in change})


def message(body: bytes, key: str) -> Unit | Unread:
    """The change in these bytes as a message known by `key`; Unread where it is none, with the member that is wrong."""
    try:
        return unit(decoded(body), body, key)
    except FormatError as error:
        return Unread(error=error, body=body, place=key)


def plain(value: Any) -> Any:
    """A value as `read` and `web_read` both mean it: a many2one as its bare id, x2many as the ids."""
    if isinstance(value, dict):
        return value.get("id")
    if isinstance(value, list):
        if len(value) == 2 and isinstance(value[1], str):
            return value[0]
        return [plain(each) for each in value]
    return value


def state_of(row: Mapping[str, Any], fields: tuple[str, ...]) -> dict[str, Any]:
    """The state fields of a row."""
    return {field: plain(row.get(field)) for field in fields}


def instant(moment: Any) -> str:
    """Odoo's `2026-11-21 09:00:00[.123456]`, which is UTC, as RFC 3339."""
    return f"{str(moment).replace(' ', 'T', 1)}Z"


def who(value: Any) -> dict[str, Any] | None:
    """The user of a change, from `{"id": 5, "login": ...}` as `web_read` gives it."""
    if not isinstance(value, dict):
        return {"id": value, "login": ""} if isinstance(value, int) and value else None
    return {"id": value["id"], "login": value.get("login") or ""}


def whose(value: Any) -> dict[str, Any] | None:
    """The company of a record, from `{"id": 1, "name": ...}`."""
    return {"id": value["id"], "name": value.get("name") or ""} if isinstance(value, dict) else None
