"""Damaged sets: each becomes events that keep their contract, or a typed error that quotes nothing."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from pathlib import Path

import pytest

from careloom.core.errors import FormatError, MappingError
from careloom.formats import x12
from careloom.mapping.catalogue import mapping_for
from careloom.mapping.reading import Unread, reader
from careloom.mapping.source import Settings
from careloom.mapping.subject import subjects_of
from careloom.mapping.x12.sending import Envelope, to_270, to_276, to_278, to_837, to_850
from careloom.model import (
    AuthorizationRequested,
    CanonicalEvent,
    ClaimStatusRequested,
    ClaimSubmitted,
    EligibilityRequested,
    PurchaseOrderEvent,
    decode,
    encode,
)

SAMPLES = sorted((Path(__file__).resolve().parents[2] / "samples" / "x12").glob("*.edi"))
SETTINGS = Settings()
MARKS = b"*:~^\n \x00\xffA9-.EN"
WORDS = [
    b"1E9",
    b"-0",
    b"99999999999999999999",
    b"0.00000000000000000001",
    b"20261399",
    b"NaN",
    b"D8",
    b"",
    b"IL",
    b"22",
]


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Elements, segments and octets changed, moved and lost; the ISA stays, or nothing would be read."""
    head, body = data[:106], data[106:]
    segments = body.split(b"~")
    for _ in range(chance.randint(1, 6)):
        place = chance.randrange(len(segments))
        parts = segments[place].split(b"*")
        match chance.randrange(6):
            case 0:
                parts[chance.randrange(len(parts))] = chance.choice(WORDS)
            case 1:
                parts.insert(chance.randrange(len(parts) + 1), chance.choice(WORDS))
            case 2 if len(segments) > 8:
                del segments[place]
                continue
            case 3:
                segments.insert(chance.randrange(len(segments)), segments[place])
                continue
            case 4:
                parts[-1:] = []
            case _:
                octets = bytearray(segments[place])
                octets[chance.randrange(len(octets) + 1) : 0] = bytes([chance.choice(MARKS)])
                parts = [bytes(octets)]
        segments[place] = b"*".join(parts)
    return head + b"~".join(segments)


def translated(data: bytes) -> list[CanonicalEvent]:
    """The events of what can be read; typed errors are counted as none."""
    found: list[CanonicalEvent] = []
    for unit in reader("x12").units(data, SETTINGS):
        mapping = None if isinstance(unit, Unread) else mapping_for("x12", unit.type)
        if mapping is None or isinstance(unit, Unread):
            continue
        try:
            found += mapping.translate(reader("x12").parse(unit.body, SETTINGS), SETTINGS).events
        except (FormatError, MappingError) as error:
            assert len(str(error)) < 300
    return found


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_nothing_but_typed_errors_and_sound_events(path: Path) -> None:
    chance = random.Random(path.name)
    data = path.read_bytes()
    for _ in range(60):
        for event in translated(mutated(data, chance)):
            assert decode(event.type, encode(event)) == event
            assert subjects_of(event)[0]


@pytest.mark.parametrize(
    "path", [one for one in SAMPLES if one.name[:3] in ("270", "276", "278", "837", "850")], ids=lambda p: p.stem
)
def test_what_came_damaged_goes_out_valid_or_not_at_all(path: Path) -> None:
    chance = random.Random(path.name + "out")
    data = path.read_bytes()
    for _ in range(25):
        for event in translated(mutated(data, chance)):
            written = written_from(event)
            if written is not None:
                wrong = {one.code for one in x12.validate(written).findings if one.severity == "error"}
                assert wrong <= {"npi-check-digit"}


def written_from(event: CanonicalEvent) -> bytes | None:
    envelope = Envelope(
        sender="A", receiver="B", control=1, time=datetime(2026, 3, 1, tzinfo=UTC), company="9EXAMPLEHO"
    )
    try:
        match event:
            case EligibilityRequested():
                return to_270(event, envelope)
            case ClaimStatusRequested():
                return to_276(event, envelope)
            case AuthorizationRequested():
                return to_278(event, envelope)
            case ClaimSubmitted():
                return to_837([event], envelope)
            case PurchaseOrderEvent():
                return to_850(event, envelope)
            case _:
                return None
    except (FormatError, MappingError):
        return None
