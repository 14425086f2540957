"""A thousand damaged messages: each is translated, filtered, or refused by a typed error that quotes nothing."""

from __future__ import annotations

import random
from pathlib import Path

from careloom import model
from careloom.core.errors import FormatError, MappingError
from careloom.formats import hl7v2
from careloom.mapping import flatten, subject_of, subjects_of, translate, translate_bytes

SAMPLES = sorted((Path(__file__).resolve().parents[1] / "samples" / "hl7v2").glob("a[0-9]*.hl7"))
BYTES = b'|^~\\&\r\n""\x0b\x1c\x00 \xff09AZ/%@'
ROUNDS = 1000


def mutated(data: bytes, chance: random.Random) -> bytes:
    body = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        place = chance.randrange(len(body))
        match chance.randrange(4):
            case 0:
                body[place] = chance.choice(BYTES)
            case 1:
                body[place:place] = bytes(chance.choices(BYTES, k=chance.randint(1, 4)))
            case 2:
                del body[place : place + chance.randint(1, 12)]
            case _:
                stop = place + chance.randint(1, 40)
                body[place:place] = body[place:stop]
        if not body:
            body = bytearray(b"M")
    return bytes(body)


def cases() -> list[bytes]:
    chance = random.Random(20260302)
    originals = [path.read_bytes() for path in SAMPLES]
    return [mutated(chance.choice(originals), chance) for _ in range(ROUNDS)]


def test_nothing_but_typed_errors_is_raised() -> None:
    outcomes = {"events": 0, "filtered": 0, "refused": 0}
    for data in cases():
        try:
            result = translate(hl7v2.parse(data))
        except (FormatError, MappingError):
            outcomes["refused"] += 1
            continue
        outcomes["filtered" if result.filtered else "events"] += 1
        for event in result.events:
            assert model.decode(event.type, model.encode(event)) == event
    assert min(outcomes.values()) > 10, outcomes


def test_intake_and_translation_agree_on_damaged_messages_too() -> None:
    agreed = 0
    for data in cases():
        try:
            header = hl7v2.peek(data)
        except FormatError:
            continue
        subject, others = subject_of(data, header)
        try:
            events = translate(hl7v2.parse(data)).events
        except (FormatError, MappingError):
            continue
        if events:
            keys = [subjects_of(event) for event in events]
            assert subject == keys[0][0]
            assert {subject, *others} >= {key for first, rest in keys for key in (first, *rest)}
            agreed += 1
    assert agreed > ROUNDS / 4


def test_translating_files_never_raises() -> None:
    for data in cases():
        for shown in translate_bytes(data, "damaged"):
            assert shown["outcome"] in ("translated", "filtered", "case", "refused")
            assert list(flatten(shown))
