"""A thousand damaged messages of every family: nothing but typed errors, contracts kept, and no value in an error."""

from __future__ import annotations

import random
from pathlib import Path

from careloom import model
from careloom.core.errors import FormatError, MappingError
from careloom.formats import hl7v2
from careloom.mapping import Settings, subject_of, subjects_of
from careloom.mapping.catalogue import mapping_for
from careloom.mapping.v2.writing import FORMS, Outgoing, to_message

FOLDER = Path(__file__).resolve().parents[2] / "samples" / "hl7v2"
ORIGINALS = [path.read_bytes() for path in sorted(FOLDER.glob("*.hl7")) if not path.stem[1].isdigit()]
BYTES = b'|^~\\&\r\n""\x00 \xff09AZ/%@.-'
ROUNDS = 1500


def mutated(data: bytes, chance: random.Random) -> bytes:
    body = bytearray(data)
    for _ in range(chance.randint(1, 10)):
        place = chance.randrange(80, len(body)) if chance.random() < 0.9 else chance.randrange(len(body))
        match chance.randrange(4):
            case 0:
                body[place] = chance.choice(BYTES)
            case 1:
                body[place:place] = bytes(chance.choices(BYTES, k=chance.randint(1, 4)))
            case 2:
                del body[place : place + chance.randint(1, 12)]
            case _:
                body[place:place] = body[place : place + chance.randint(1, 120)]
        if len(body) <= 81:
            break
    return bytes(body)


def test_damaged_messages_raise_typed_errors_alone() -> None:
    chance = random.Random(20260412)
    outcomes = {"events": 0, "filtered": 0, "refused": 0}
    for _ in range(ROUNDS):
        data = mutated(chance.choice(ORIGINALS), chance)
        try:
            header = hl7v2.peek(data)
            found = mapping_for("hl7v2", header.type)
            if found is None:
                continue
            result = found.translate(hl7v2.parse(data), Settings())
        except (FormatError, MappingError) as error:
            outcomes["refused"] += 1
            assert "Okafor" not in str(error)
            continue
        outcomes["filtered" if result.filtered else "events"] += 1
        subject, others = subject_of(data, header)
        for event in result.events:
            assert model.decode(event.type, model.encode(event)) == event
            keys = {key for key in (subjects_of(event)[0], *subjects_of(event)[1]) if key.startswith("Patient/")}
            assert keys <= {subject, *others}
    assert min(outcomes.values()) > 50, outcomes


def test_events_of_damaged_messages_can_be_written_or_are_refused_with_a_place() -> None:
    chance = random.Random(7)
    written = 0
    for _ in range(ROUNDS // 3):
        data = mutated(chance.choice(ORIGINALS), chance)
        try:
            found = mapping_for("hl7v2", hl7v2.peek(data).type)
            events = found.translate(hl7v2.parse(data), Settings()).events if found is not None else ()
        except (FormatError, MappingError):
            continue
        for event in events:
            if event.type in FORMS and event.occurred is not None:
                try:
                    message = to_message(event, Outgoing(control_id="1", time=event.occurred))
                except FormatError as error:
                    assert error.location
                    continue
                written += 1
                again = mapping_for("hl7v2", hl7v2.peek(message).type)
                assert again is not None
                assert again.translate(hl7v2.parse(message), Settings()).events
    assert written > 50
