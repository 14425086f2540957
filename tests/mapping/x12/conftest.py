"""Samples as what they become."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from careloom.mapping.catalogue import mapping_for
from careloom.mapping.reading import Unread, reader
from careloom.mapping.result import Translation
from careloom.mapping.source import Settings
from careloom.model import decode, encode

_FOLDERS = [Path(__file__).resolve().parents[2] / "samples" / name for name in ("x12_mapping", "x12")]
ISA = "ISA*00*          *00*          *ZZ*{sender:15}*ZZ*EXAMPLEHOSP    *260310*0915*^*00501*000000901*0*T*:~"
GS = "GS*{functional}*{sender}*EXAMPLEHOSP*20260310*0915*901*X*{version}~"

Translated = Callable[..., list[Translation]]
Events = Callable[..., list[Any]]


def sample(name: str) -> bytes:
    """A sample written for the mapping, else one of the format's."""
    return next(folder / name for folder in _FOLDERS if (folder / name).is_file()).read_bytes()


def translate_all(data: bytes, settings: Settings) -> Iterator[Translation]:
    """What each message of the bytes becomes. Events are written and read back: none breaks its contract."""
    for unit in reader("x12").units(data, settings):
        assert not isinstance(unit, Unread), unit.error
        mapping = mapping_for("x12", unit.type)
        assert mapping is not None, unit.type
        translation = mapping.translate(reader("x12").parse(unit.body, settings), settings)
        for event in translation.events:
            assert decode(event.type, encode(event)) == event
        yield translation


@pytest.fixture
def translated() -> Translated:
    """What the messages of a sample, or of bytes, become."""

    def run(source: str | bytes, settings: Settings | None = None) -> list[Translation]:
        data = source if isinstance(source, bytes) else sample(source)
        return list(translate_all(data, settings or Settings()))

    return run


@pytest.fixture
def events(translated: Translated) -> Events:
    """The events alone, of all messages."""

    def run(source: str | bytes, settings: Settings | None = None) -> list[Any]:
        return [event for one in translated(source, settings) for event in one.events]

    return run


@pytest.fixture
def changed() -> Callable[..., bytes]:
    """A sample with texts replaced; each must be in it."""

    def run(name: str, *replacements: tuple[str, str]) -> bytes:
        text = sample(name).decode()
        for old, new in replacements:
            assert old in text, old
            text = text.replace(old, new)
        return text.encode()

    return run


@pytest.fixture
def enclosed() -> Callable[..., bytes]:
    """A set of these segments, in its envelope."""

    def run(set_id: str, version: str, functional: str, body: str, sender: str = "EXAMPLEPAYER") -> bytes:
        segments = [line.strip() for line in body.strip().splitlines()]
        head = [ISA.format(sender=sender), GS.format(functional=functional, sender=sender, version=version)]
        tail = [f"SE*{len(segments) + 2}*0001~", "GE*1*901~", "IEA*1*000000901~"]
        return "\n".join([*head, f"ST*{set_id}*0001*{version}~", *segments, *tail]).encode()

    return run
