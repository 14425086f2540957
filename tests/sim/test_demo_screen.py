"""The live screen: readable in 80 columns, and plain lines where there is no terminal."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from careloom.sim.screen import EVENTS_SHOWN, Events, Scene, line, picture, screen

TIME = datetime(2026, 3, 2, 7, 42, tzinfo=UTC)


def _subscription(name: str) -> dict[str, Any]:
    return {
        "name": name, "state": "running", "behind": 12_345, "oldest_seconds": 123.456, "parked": 1_234, "retrying": 987,
    }  # fmt: skip


@pytest.fixture
def scene() -> Scene:
    numbers = {"received": 4_999, "delivered": 3_888, "filtered": 777, "parked": 33, "in_flight": 301}
    return Scene(
        time=TIME,
        seconds=12.4,
        sent=99_999,
        acknowledged=99_998,
        refused=1,
        total=99_999,
        status={
            "messages": numbers,
            "subscriptions": [_subscription("translate"), _subscription("registration.keep_account")],
            "systems": {"erp": {"state": "half-open", "retry_after": 1.0}},
        },
        odoo_up=False,
        accounts=5_000,
        events=tuple(f"07:4{number} something happened [odd] " + "x" * 90 for number in range(EVENTS_SHOWN)),
    )


def _printed(scene: Scene) -> str:
    console = Console(file=StringIO(), width=80, highlight=False)
    console.print(picture(scene))
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_everything_fits_into_80_columns_and_24_lines(scene: Scene) -> None:
    lines = _printed(scene).splitlines()
    assert max(map(len, lines)) <= 80
    assert len(lines) <= 24


def test_all_numbers_are_shown_whole(scene: Scene) -> None:
    text = _printed(scene)
    assert "received 4999 = delivered 3888 + filtered 777 + parked 33 + in flight 301" in text
    for shown in ("sent 99999 of 99999", "acknowledged 99998", "refused 1", "12345", "123.5 s", "1234", "987"):
        assert shown in text
    assert "down, 5000 patient accounts; the hub's breaker is half-open" in text
    assert "[odd]" in text


def test_before_the_first_reading_there_are_only_zeros(scene: Scene) -> None:
    early = replace(scene, status={}, odoo_up=True, events=())
    assert "received 0 = delivered 0" in _printed(early)
    assert early.breaker == "closed"
    assert line(early).endswith("Odoo up, breaker closed")


def test_a_terminal_gets_a_live_picture(scene: Scene) -> None:
    console = Console(file=StringIO(), width=80, force_terminal=True)
    with screen(console) as display:
        display(replace(scene, sent=1))
        display(scene)
    assert isinstance(console.file, StringIO)
    assert "sent 1 of" in console.file.getvalue() and "sent 99999 of" in console.file.getvalue()


def test_elsewhere_a_line_now_and_then_and_each_event_once(scene: Scene) -> None:
    console = Console(file=StringIO(), width=80)
    with screen(console) as display:
        for number in range(41):
            events = ("07:40 first",) if number < 10 else ("07:40 first", "07:41 [second]")
            display(replace(scene, seconds=number / 10, sent=number, events=events))
    assert isinstance(console.file, StringIO)
    printed = console.file.getvalue().splitlines()
    assert [one.strip() for one in printed if not one.startswith("07:42")] == ["07:40 first", "07:41 [second]"]
    assert [one.split()[2] for one in printed if one.startswith("07:42")] == ["0,", "20,", "40,"]
    assert all("\x1b" not in one for one in printed)


def test_the_newest_events_stay() -> None:
    events = Events(lambda: TIME)
    for number in range(EVENTS_SHOWN + 3):
        events.tell(f"event {number}")
    assert list(events.last) == [f"07:42 event {number}" for number in range(3, EVENTS_SHOWN + 3)]
