"""An interface's own profile, and strictness, at the door: what is refused, and which places the sender is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from careloom.formats.hl7v2 import Profile
from careloom.mapping.source import Settings as Source
from careloom.systems.mllp.connector import Settings, connect
from careloom.systems.mllp.fake import FakeSender
from careloom.systems.mllp.framing import frame
from careloom.systems.mllp.listener import MllpListener
from careloom.systems.mllp.recognise import Recogniser, Refused
from careloom.testing.surroundings import World

PROFILE = """
name = "Northside"
required = ["PID-11"]
[lengths]
"PID-5.1" = 5
[tables]
"PV1-2" = ["I", "E"]
[cardinality]
NK1 = [1, 3]
"""


def source(text: str = PROFILE, strict: bool | None = None) -> Source:
    return Source(profile=Profile.from_toml(text) if text else None, strict=strict)


async def answered(world: World, own: Source, message: bytes) -> str:
    """What a listener of these settings answers over a socket."""
    listener = connect(Settings(port=0), world.around("ehr", source=own))
    assert isinstance(listener, MllpListener)
    await listener.start()
    try:
        async with FakeSender(listener.port) as ehr:
            await ehr.write(frame(message))
            raw = await ehr.read_raw()
    finally:
        await listener.close(0.2)
    assert raw is not None
    return raw.decode()


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


async def test_a_message_that_breaks_its_profile_gets_each_fault_with_its_place_and_is_not_stored(
    world: World, message
) -> None:
    answer = await answered(world, source(), message("MSG7"))
    lines = answer.split("\r")
    errors = [line.split("|") for line in lines if line.startswith("ERR")]
    assert "MSA|AE|MSG7" in lines
    assert [(one[2], one[3].partition("^")[0]) for one in errors] == [
        ("NK1^1", "100"), ("PID^1^11^1", "101"), ("PID^1^5^1^1", "102"), ("PV1^1^2^1", "103"),
    ]  # fmt: skip
    assert world.intake.messages == []
    [refusal] = world.intake.refusals
    assert (refusal.location, refusal.reason) == (
        "NK1", "comes 0 times; 1 to 3 are agreed on (profile Northside); and 3 more",
    )  # fmt: skip
    assert "QUILLFEATHER" not in answer + refusal.reason


async def test_a_message_that_keeps_to_its_profile_is_taken(world: World, message) -> None:
    good = message("MSG8", tail="NK1|1|QUILL^ORLA\r").replace(b"QUILLFEATHER", b"QUILL").replace(b"|O|CL", b"|E|CL")
    good = good.replace(b"|19810203|F", b"|19810203|F|||1 MILL LANE^^PORT ELLERY")
    assert "MSA|AA|MSG8" in await answered(world, source(), good)
    assert [one.key for one in world.intake.messages] == ["MSG8"]


@pytest.mark.parametrize(
    ("strict", "tail", "expected"),
    [
        (None, "QQQ|1\r", "MSA|AA"),
        (False, "QQQ|1\r", "MSA|AA"),
        (True, "QQQ|1\r", "MSA|AE"),
        (True, "", "MSA|AA"),
    ],
)
async def test_strictness_is_a_choice_of_each_system(
    world: World, message, strict: bool | None, tail: str, expected: str
) -> None:
    answer = await answered(world, source("", strict), message("MSG9", tail=tail))
    assert f"{expected}|MSG9" in answer
    assert ("QQQ^1" in answer) == (expected == "MSA|AE")


@pytest.mark.parametrize(("strict", "taken"), [(None, True), (False, False), (True, False)])
def test_what_no_reader_can_rely_on_is_refused_where_anything_is_checked(
    message, strict: bool | None, taken: bool
) -> None:
    body = message().partition(b"PID")[0] + b"PID|1||MRN7001^^^NORTHSIDE^MR\r\x01\r"
    found = Recogniser("ehr", source=source("", strict)).recognise(body)
    assert isinstance(found, Refused) != taken


def test_a_type_that_is_none_is_rejected_as_the_header_alone_rules_it_out(message) -> None:
    found = Recogniser("ehr", source=source("", True)).recognise(message(kind="ADT^A99"))
    assert isinstance(found, Refused)
    assert b"MSA|AR|MSG1" in found.answer and b"|200^" in found.answer


async def test_before_v25_the_places_stand_in_one_segment(world: World, message) -> None:
    answer = await answered(world, source(), message("MSG2", version="2.3"))
    assert "ERR|NK1^1^^100&" in answer and "~PV1^1^2^103&" in answer
