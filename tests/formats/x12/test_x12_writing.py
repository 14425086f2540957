"""Sets that we write: ordered, numbered, counted, checked; every kind of set, from parts in any order."""

from __future__ import annotations

import random
from datetime import datetime
from decimal import Decimal

import pytest
from x12_files import SAMPLES, sample

from careloom.core.errors import FormatError
from careloom.formats import x12
from careloom.formats.x12 import Delimiters, Draft, DraftLoop, Loop, Repeated, Segment

NOW = datetime(2026, 3, 1, 10, 15)
PARTIES = x12.Parties(
    sender="QUILLHOSP", receiver="NORTHPLAN", application_sender="QUILL", application_receiver="NORTH"
)
SETS = sorted(path.stem for path in SAMPLES.glob("*.edi") if not path.stem.startswith("ta1"))


def redrafted(part: Segment | Loop, order: random.Random) -> Draft | DraftLoop:
    """What was read as something to write, loops shuffled but for repetitions of the same thing."""
    if isinstance(part, Segment) and part.id == "BIN":
        return x12.segment("BIN", None, part[2])
    if isinstance(part, Segment):
        whole = range(1, len(part) + 1)
        return x12.segment(
            part.id,
            *(
                Repeated(tuple(part.components(n, r) for r in range(1, len(part.repetitions(n)) + 1)))
                if part[n]
                else None
                for n in whole
            ),
        )
    return DraftLoop(part.id, tuple(shuffled(part, order)))


def shuffled(loop: Loop, order: random.Random) -> list[Draft | DraftLoop]:
    """The parts of a loop by kind, the kinds in any order; what may repeat keeps its own order."""
    kinds: dict[str, list[Draft | DraftLoop]] = {}
    for part in loop.content:
        if part.id not in ("ST", "SE"):
            kinds.setdefault(part.id, []).append(redrafted(part, order))
    groups = list(kinds.values())
    order.shuffle(groups)
    return [part for group in groups for part in group]


@pytest.mark.parametrize("name", SETS)
def test_what_was_read_can_be_written_from_parts_in_any_order(name: str) -> None:
    [found] = x12.parse(sample(name))
    read = next(found.transactions)
    content = shuffled(read.root, random.Random(name))
    built = x12.build(read.set_id, read.version, content, purpose=read.purpose)
    data = x12.write([built], PARTIES, time=NOW, control=417, delimiters=found.delimiters, usage="T")
    again = next(x12.parse(data)[0].transactions)
    assert [one.parts for one in again.segments[1:-1]] == [one.parts for one in read.segments[1:-1]]
    assert [one for one in x12.validate(data).findings if one.severity == "error"] == []


def eligibility(*more: Draft | DraftLoop) -> list[Draft | DraftLoop]:
    who = x12.loop("2100C", x12.segment("NM1", "IL", 1, "VALE", "IMOGEN", None, None, None, "MI", "NS1"), *more)
    subscriber = x12.loop("2000C", who, x12.segment("HL", None, None, "22"))
    name = x12.segment("NM1", "1P", 2, "CLINIC", None, None, None, None, "XX", "1999999992")
    provider = x12.loop("2000B", subscriber, x12.loop("2100B", name), x12.segment("HL", None, None, "21"))
    payer = x12.segment("NM1", "PR", 2, "PLAN", None, None, None, None, "PI", "NHP")
    return [
        x12.loop("2000A", provider, x12.segment("HL", None, None, "20"), x12.loop("2100A", payer)),
        x12.segment("BHT", "0022", "13", "Q1", NOW.date(), NOW.time()),
    ]


def build(*more: Draft | DraftLoop) -> x12.BuiltSet:
    return x12.build("270", "005010X279A1", eligibility(*more))


def test_levels_are_numbered_and_joined() -> None:
    data = x12.write(
        [build(x12.loop("2110C", x12.segment("EQ", "30")))], PARTIES, time=NOW, control=1, line_breaks=True
    )
    assert [line for line in data.decode().split("~\n") if line.startswith("HL")] == [
        "HL*1**20*1",
        "HL*2*1*21*1",
        "HL*3*2*22*0",
    ]
    assert x12.validate(data, strict=True).findings == []


@pytest.mark.parametrize(
    ("more", "place"),
    [
        (x12.segment("PO1", 1), "2100C/PO1"),
        (x12.segment("DMG", "D8", "19841317"), "2100C/DMG02"),
        (x12.segment("DMG", "D8"), "2100C/DMG02"),
        (x12.segment("N4", "X" * 31), "2100C/N401"),
        (x12.loop("2110C", x12.segment("AMT", "R", Decimal("1.5"))), "2110C/EQ"),
        (x12.loop("2110D", x12.segment("EQ", "30")), "2100C/2110D"),
        (x12.segment("NM1", "IL", 1), "2100C/NM1[01=IL]"),
    ],
)
def test_what_is_missing_or_not_allowed_names_its_place(more: Draft | DraftLoop, place: str) -> None:
    with pytest.raises(FormatError) as caught:
        build(more)
    assert caught.value.location == place and "1317" not in str(caught.value)


def test_a_set_without_table_is_a_mistake_of_the_program() -> None:
    with pytest.raises(ValueError, match="no table"):
        x12.build("990", "004010", [])


@pytest.mark.parametrize(
    ("value", "place"), [("A*B", "REF02"), ("A:B", "REF02"), ("A~B", "REF02"), ("A^B", "REF02"), ("A\nB", "REF02")]
)
def test_a_value_with_a_delimiter_is_refused_with_its_place(value: str, place: str) -> None:
    with pytest.raises(FormatError) as caught:
        built = build(x12.segment("REF", "SY", value), x12.loop("2110C", x12.segment("EQ", "30")))
        x12.write([built], PARTIES, time=NOW, control=1)
    assert caught.value.location.endswith(place) and value not in str(caught.value)


def test_other_delimiters_take_the_same_value() -> None:
    built = build(x12.segment("REF", "SY", "A*B:C~D"), x12.loop("2110C", x12.segment("EQ", Repeated(("30", "88")))))
    marks = Delimiters(b"|", b">", b"\x1d", b"!")
    data = x12.write([built], PARTIES, time=NOW, control=1, delimiters=marks)
    [found] = x12.parse(data)
    assert found.delimiters == marks
    assert next(found.transactions).get("2100C/REF02") == "A*B:C~D" and x12.validate(data, strict=True).findings == []


def test_sets_share_a_group_by_kind_and_version() -> None:
    asked = build(x12.loop("2110C", x12.segment("EQ", "30")))
    order = x12.build("850", "005010", [
        x12.segment("BEG", "00", "SA", "PO1", None, NOW.date()), x12.loop("PO1", x12.segment("PO1", 1, 2, "EA", 3)),
    ])  # fmt: skip
    [found] = x12.parse(x12.write([asked, asked, order], PARTIES, time=NOW, control=41, group_control=7, set_control=5))
    assert [(group.functional, group.control_number, len(group.transactions)) for group in found.groups] == [
        ("HS", "7", 2), ("PO", "8", 1),
    ]  # fmt: skip
    assert [one.control_number for one in found.transactions] == ["0005", "0006", "0007"]
    assert found.control_number == "000000041" and found.header[14] == "0"
    assert [one.header[3] for one in found.transactions] == ["005010X279A1", "005010X279A1", ""]


@pytest.mark.parametrize(
    ("parties", "control", "place"),
    [(PARTIES, 0, "ISA13"), (PARTIES, 10**9, "ISA13"), (x12.Parties(sender="X" * 16, receiver="Y"), 1, "ISA06"),
     (x12.Parties(sender="X", receiver="Y*Z"), 1, "ISA08"), (x12.Parties(sender="X", receiver="Y",
      sender_qualifier="ZZZ"), 1, "ISA05")],
)  # fmt: skip
def test_an_envelope_that_does_not_fit_is_refused(parties: x12.Parties, control: int, place: str) -> None:
    with pytest.raises(FormatError) as caught:
        x12.write([], parties, time=NOW, control=control)
    assert caught.value.location == place
