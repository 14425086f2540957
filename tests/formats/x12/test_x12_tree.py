"""Loops, paths, hierarchies and slices."""

from __future__ import annotations

from io import BytesIO

import pytest
from x12_files import changed, enclose, sample

from careloom.core.errors import FormatError
from careloom.formats import x12


def transaction(name: str) -> x12.Transaction:
    return next(x12.parse(sample(name))[0].transactions)


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("BHT03", ["B417"]),
        ("2010AA/NM109", ["1999999992"]),
        ("2300/CLM01", ["C0000417", "C0000418", "C0000419"]),
        ("2300[2]/CLM02", ["75"]),
        ("2300/CLM05-3", ["1", "7", "1"]),
        ("2300[2]/REF[01=F8]/02", ["NHP000400"]),
        ("2300/REF[2]/02", ["NHP000400"]),
        ("2000B[2]/2000C/2010CA/NM104", ["ADA"]),
        ("2300[CLM]/CLM02", None),
        ("2300/HI02-2", ["I10", "", ""]),
        ("2400/SV101-2", ["99213", "73560", "99212", "99212"]),
        ("NM1[01=40]/03", ["NORTHERN HEALTH PLAN"]),
        ("837:2000B/SBR03", ["G417", "G418"]),
        ("835:2000B/SBR03", []),
        ("2310B[01=82]/NM103", ["LUND"]),
        ("2300/NM109", []),
        ("9999/NM109", []),
        ("ISA13", ["000000417"]),
        ("GS08", ["005010X222A1"]),
    ],
)
def test_paths(path: str, values: list[str] | None) -> None:
    found = transaction("837p_patient")
    if values is None:
        with pytest.raises(ValueError, match="no X12 path"):
            found.values(path)
    else:
        assert found.values(path) == values
        assert found.get(path) == next(filter(None, values), "")


@pytest.mark.parametrize(
    "path", ["", "/", "CLM", "CLM1", "2300/", "/CLM01", "2300[0]/CLM01", "a/b", "2300//CLM01", "x" * 5_000]
)
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="no X12 path"):
        x12.compile_path(path)


def test_a_loop_knows_what_is_around_and_inside() -> None:
    claim = transaction("837p_patient").loops("2300")[2]
    assert claim.get("CLM01") == "C0000419" and claim.get("2400/SV102") == "60"
    subscriber = claim.around("2000B")
    assert subscriber is not None and subscriber.get("2010BA/NM103") == "OKAFOR" and subscriber.ordinal == 2
    assert [loop.id for loop in claim.loops()] == ["2400"]
    assert claim.segment("REF", "F8") is None and [one.id for one in claim.segments()] == ["CLM", "HI"]
    assert claim.parent is not None and claim.parent.id == "2000C" and claim.around("1000A") is None


def test_every_segment_has_one_place_in_order() -> None:
    for name in ("837p_patient", "271_active", "835_balanced", "856_shipment", "278_request", "834_family"):
        found = transaction(name)
        assert list(found.root.everything()) == found.segments


def test_levels_follow_hl02() -> None:
    [top] = transaction("837p_patient").levels
    assert (top.code, [level.code for level in top.children]) == ("20", ["22", "22"])
    assert [level.number for level in top.children[1].children] == ["4"]
    assert top.children[1].children[0].parent is top.children[1]
    assert [one.id for one in top.children[1].segments] == ["HL", "SBR", "NM1", "NM1"]


def test_a_set_without_table_is_read_flat() -> None:
    data = enclose("B1*X*1*20260301*A\nREF*A*1\nREF*B*2", "990", "004010", "GF")
    found = next(x12.parse(data)[0].transactions)
    assert found.definition is None and found.values("REF02") == ["1", "2"] and found.loops() == []


def test_a_file_with_odd_structure_keeps_every_segment() -> None:
    lines = sample("835_balanced").decode().split("~\n")
    stray = "~\n".join(
        [lines[0], "REF*X*1", *lines[1:3], "ST*835*0002", "GE*1*1", "SE*1*1", "GE*1*1", "AMT*1", "IEA*1*1", ""]
    )
    [found] = x12.parse(stray.encode())
    assert found.encode() == stray.encode()
    assert [one.id for one in found.strays] == ["REF", "SE", "GE", "AMT"]
    assert [len(one.segments) for one in found.transactions] == [1, 1]


def test_pieces_are_whole_sets_that_can_be_read_alone() -> None:
    data = sample("270_dependent") + sample("850_pipes_and_bells") + sample("ta1_accepted")
    found = list(x12.pieces(BytesIO(data)))
    assert [(piece.set_id, piece.version, piece.control, piece.functional) for piece in found] == [
        ("270", "005010X279A1", "0001", "HS"), ("850", "004010", "0001", "PO"), ("TA1", "", "", ""),
    ]  # fmt: skip
    first = found[0]
    assert (first.sender, first.receiver, first.application_sender) == ("QUILLHOSP", "NORTHPLAN", "QUILL")
    assert (first.interchange_control, first.group_control) == ("000000417", "417")
    assert data[first.offset :].startswith(b"ST*270") and first.ordinal == 3
    again = next(x12.parse(first.data)[0].transactions)
    whole = next(x12.parse(sample("270_dependent"))[0].transactions)
    assert again.encode() == whole.encode() and again.get("ISA13") == "000000417"
    assert x12.validate(first.data, extent="set", strict=True).findings == []


@pytest.mark.parametrize(
    "name", ["837p_patient", "835_balanced", "837p_office_visit", "835_two_claims", "837i_inpatient"]
)
def test_slices_of_claims_lose_nothing_and_stand_alone(name: str) -> None:
    data = sample(name)
    whole = next(x12.parse(data)[0].transactions)
    claim = "2100" if whole.set_id == "835" else "2300"
    slices = [next(x12.parse(piece.data)[0].transactions) for piece in x12.pieces(data, claims=1)]
    seen = {segment.raw.strip() for one in slices for segment in one.segments}
    assert seen == {segment.raw.strip() for segment in whole.segments}
    loops = [loop for one in slices for loop in one.loops(claim)]
    assert [list(map(str, loop.segments())) for loop in loops] == [
        list(map(str, loop.segments())) for loop in whole.loops(claim)
    ] or [loop.segments()[0].raw for loop in loops] == [loop.segments()[0].raw for loop in whole.loops(claim)]
    assert all(len(one.loops(claim)) <= 1 for one in slices)
    for piece in x12.pieces(data, claims=1):
        assert x12.validate(piece.data, extent="claims").valid


def test_slices_know_their_number_and_which_is_the_last() -> None:
    found = list(x12.pieces(sample("837p_patient"), claims=2))
    assert [(piece.part, piece.last) for piece in found] == [(1, False), (2, True)]
    assert [(piece.part, piece.last) for piece in x12.pieces(sample("837p_patient"), claims=9)] == [(0, True)]
    patient = next(x12.parse(found[1].data)[0].transactions)
    assert patient.get("2010AA/NM103") == "NORTHSHORE CLINIC" and patient.get("2010BA/NM103") == "OKAFOR"


def test_claims_come_one_by_one() -> None:
    assert [loop.get("CLM01") for loop in x12.each_claim(sample("837p_patient"))] == [
        "C0000417",
        "C0000418",
        "C0000419",
    ]
    assert [loop.get("CLP04") for loop in x12.each_claim(sample("835_balanced"))] == ["110.25", "120"]


@pytest.mark.parametrize(
    ("swap", "text"),
    [(("SE*27*0001~\n", ""), "no SE"), (("GE*1*417~\n", "GE*1*417~\nREF*X*1~\n"), "stand in no transaction set")],
)  # fmt: skip
def test_what_cannot_be_a_message_is_a_located_error(swap: tuple[str, str], text: str) -> None:
    data = sample("835_balanced")
    count = len(next(x12.parse(data)[0].transactions).segments)
    found = list(x12.pieces(changed(data, (swap[0].replace("27", str(count)), swap[1]))))
    errors = [piece.error for piece in found if piece.error is not None]
    assert len(errors) == 1 and text in str(errors[0]) and errors[0].location.startswith("segment ")


def test_a_hostile_header_is_not_repeated_for_each_claim() -> None:
    header = "\n".join(f"REF*EV*{number}" for number in range(3_000))
    claims = "\n".join(f"CLP*{number}*1*1*1**12*1" for number in range(3_000))
    data = enclose(f"BPR*I*3000*C*NON************20260301\nTRN*1*1*1\n{header}\nLX*1\n{claims}")
    assert sum(len(piece.data) for piece in x12.pieces(data, claims=1)) < 4 * len(data)


def test_parse_refuses_what_holds_no_interchange() -> None:
    for data in (b"", b"\n \r\n", b"\xef\xbb\xbf"):
        with pytest.raises(FormatError):
            x12.parse(data)
