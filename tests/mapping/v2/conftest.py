"""Builders of small invented messages beyond registration."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import pytest

from careloom.formats import hl7v2
from careloom.mapping import Settings, Translation
from careloom.mapping.catalogue import mapping_for

Build: TypeAlias = Callable[..., bytes]
Mapped: TypeAlias = Callable[..., Translation]

PID = "PID|1||MRN1^^^LAKESIDE^MR||Okonjo^Maribel||19840611|F||||||||||ACC1^^^LAKESIDE^AN"


def build(type: str, *lines: str, pid: str = PID) -> bytes:
    """A message of that type with the usual PID (none for `pid=""`) and further segments."""
    head = rf"MSH|^~\&|SYS|LAKESIDE|HUB||20260302081502-0800||{type}|LS1|P|2.5.1"
    return ("\r".join([head, *([pid] if pid else []), *lines]) + "\r").encode()


@pytest.fixture
def v2() -> Build:
    return build


@pytest.fixture
def mapped() -> Mapped:
    def run(type: str, *lines: str, pid: str = PID, settings: Settings | None = None) -> Translation:
        data = build(type, *lines, pid=pid)
        found = mapping_for("hl7v2", hl7v2.peek(data).type)
        assert found is not None
        return found.translate(hl7v2.parse(data), settings or Settings())

    return run
