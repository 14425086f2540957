"""Builders of small invented messages."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from careloom.formats import hl7v2
from careloom.mapping import Settings, Translation, translate

Build = Callable[..., bytes]
Mapped = Callable[..., Translation]

MSH = r"MSH|^~\&|REGI|LAKESIDE|HUB||20260302081502-0800||ADT^{event}|LS1|P|2.5.1"
PID = {1: "1", 3: "MRN1^^^LAKESIDE^MR", 5: "Okonjo^Maribel"}


def segment(name: str, fields: dict[int, str]) -> str:
    return "|".join([name, *(fields.get(number, "") for number in range(1, max(fields) + 1))])


def build(event: str = "A04", pid: dict[int, str] | None = None, *more: tuple[str, dict[int, str]]) -> bytes:
    """An ADT with the usual PID, its fields overridden by `pid`, and further segments."""
    lines = [MSH.format(event=event), segment("PID", PID | (pid or {}))]
    return ("\r".join([*lines, *(segment(*one) for one in more)]) + "\r").encode()


@pytest.fixture
def adt() -> Build:
    return build


@pytest.fixture
def mapped() -> Mapped:
    def run(*arguments: object, settings: Settings | None = None) -> Translation:
        message = hl7v2.parse(build(*arguments))  # type: ignore[arg-type]
        return translate(message, settings or Settings())

    return run
