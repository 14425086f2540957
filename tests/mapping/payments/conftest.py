"""Events of an invented gateway, and the rows of its report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from careloom.formats.csv import Layout, Row
from careloom.mapping import Settings
from careloom.mapping.reading import Unit, reader
from careloom.systems.registry import kinds

Told = Callable[..., dict[str, Any]]
FOLDER = kinds()["payments"].folder


def event(type: str = "payment.succeeded", **parts: Any) -> dict[str, Any]:
    """An event whose object has the usual parts, changed; a part that is None is left out."""
    usual = {"id": "pay_1", "amount": 4000, "currency": "usd", "created": 1774206131}
    body = {name: value for name, value in (usual | parts).items() if value is not None}
    return {"id": "evt_1", "type": type, "created": 1774206131, "data": {"object": body}}


@pytest.fixture
def told() -> Told:
    return event


@pytest.fixture
def layout() -> Layout:
    return Layout.load((FOLDER / "settlement.toml").read_text())


@pytest.fixture
def report() -> bytes:
    return (FOLDER / "fixtures" / "settlement.csv").read_bytes()


@pytest.fixture
def payouts(layout: Layout) -> Callable[[bytes], list[Sequence[Row]]]:
    """The rows of each payout of a report."""
    settings, read = Settings(layout=layout), reader("csv")

    def rows(data: bytes) -> list[Sequence[Row]]:
        units = [one for one in read.units(data, settings) if isinstance(one, Unit)]
        return [read.parse(one.body, settings) for one in units]

    return rows
