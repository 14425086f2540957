"""Change messages of Odoo: what they are known by, and what is wrong with those that are none."""

from __future__ import annotations

import json
from typing import Any

import pytest

from careloom.core.errors import FormatError
from careloom.mapping.reading import Unit, Unread, reader
from careloom.mapping.reading.odoo import decoded, unit
from careloom.mapping.source import Settings

GOOD: dict[str, Any] = {
    "v": 1,
    "model": "res.partner",
    "id": 5,
    "operation": "write",
    "at": "2026-11-21T09:00:00.123456Z",
    "company": {"id": 1, "name": "Lakeside"},
    "user": {"id": 5, "login": "svc"},
    "before": {"name": "Ada"},
    "after": {"name": "Eve"},
    "record": {"id": 5, "name": "Eve"},
    "series": "19.0",
}


def units(change: dict[str, Any]) -> Unit | Unread:
    (made,) = reader("odoo").units(json.dumps(change).encode(), Settings())
    return made


def test_a_change_is_about_its_record() -> None:
    made = units(GOOD)
    assert isinstance(made, Unit)
    assert (made.type, made.subject, made.media_type) == ("res.partner", "Odoo/res.partner/5", "application/json")
    assert made.key.startswith("res.partner/5/")
    assert units(GOOD) == made


def test_a_feed_knows_a_change_by_its_own_key() -> None:
    body = json.dumps(GOOD).encode()
    assert unit(decoded(body), body, "uuid/1/77").key == "uuid/1/77"


def test_what_nobody_asked_for_is_left_alone() -> None:
    made = units({**GOOD, "seq": 9, "more": {}})
    assert isinstance(made, Unit)


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"v": 2}, "v"),
        ({"model": "Res Partner"}, "model"),
        ({"model": 7}, "model"),
        ({"id": 0}, "id"),
        ({"id": "SECRET"}, "id"),
        ({"operation": "SECRET"}, "operation"),
        ({"at": "yesterday"}, "at"),
        ({"at": "2026-11-21T09:00:00"}, "at"),
        ({"company": {"name": "SECRET"}}, "company.id"),
        ({"user": "SECRET"}, "user"),
        ({"before": ["SECRET"]}, "before"),
        ({"after": None}, "after"),
        ({"record": None}, "record"),
        ({"operation": "unlink"}, "after"),
    ],
)
def test_what_is_wrong_is_told_by_its_member_and_never_by_its_value(wrong: dict[str, Any], place: str) -> None:
    made = units(GOOD | wrong)
    assert isinstance(made, Unread)
    assert made.error.location == place
    assert "SECRET" not in str(made.error)


@pytest.mark.parametrize("member", ["model", "id", "operation", "at"])
def test_what_is_missing_is_named(member: str) -> None:
    made = units({name: value for name, value in GOOD.items() if name != member})
    assert isinstance(made, Unread)
    assert made.error.location == member


@pytest.mark.parametrize("data", [b"", b"SECRET", b"\xff\xfe", b"[" * 100_000, b"{}", b"[]", b'"x"', b"7"])
def test_what_is_no_change_is_refused(data: bytes) -> None:
    with pytest.raises(FormatError) as caught:
        reader("odoo").parse(data, Settings())
    assert caught.value.location
    assert "SECRET" not in str(caught.value)
