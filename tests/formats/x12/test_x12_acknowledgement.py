"""999 and TA1: made from what validation found, and read when they come back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from x12_files import changed, sample

from careloom.core.errors import FormatError
from careloom.formats import x12

NOW = datetime(2026, 3, 1, 10, 20)


def answered(data: bytes, **options: Any) -> tuple[x12.Reply, x12.GroupAnswer]:
    """The one 999 for a file, and what it says; it must itself be valid."""
    [reply] = x12.acknowledge(x12.validate(data), time=NOW, control=900, **options)
    assert [one for one in x12.validate(reply.data, strict=True).findings if one.severity == "error"] == []
    return reply, x12.read_acknowledgement(next(x12.parse(reply.data)[0].transactions))


def test_a_good_file_is_accepted() -> None:
    reply, answer = answered(sample("837p_patient"))
    assert (reply.kind, reply.verdict, answer.verdict) == ("999", "accepted", "accepted")
    assert (answer.functional, answer.control, answer.version) == ("HC", "417", "005010X222A1")
    assert (answer.received, answer.accepted) == (1, 1)
    assert [(one.set_id, one.control, one.verdict) for one in answer.sets] == [("837", "0001", "accepted")]


def test_it_goes_back_to_the_sender() -> None:
    [found] = x12.parse(answered(sample("837p_patient"))[0].data)
    assert (found.sender, found.receiver, found.control_number) == ("NORTHPLAN", "QUILLHOSP", "000000900")
    assert (found.groups[0].header[2], found.groups[0].header[3]) == ("NORTH", "QUILL")


@pytest.mark.parametrize(
    ("swap", "complaint"),
    [
        (("*150.5***", "*1O5***"), ("CLM", 18, "2300", "6", 2, 0)),
        (("SV1*HC:99213:25*", "SV1*HC*"), ("SV1", 23, "2400", "1", 1, 2)),
        (("LX*2~", "ZZZ*1~\nLX*2~"), ("ZZZ", 26, "2400", "1", 0, 0)),
        (("N3*12 HARBOUR ROW~\n", ""), ("N3", 10, "2010", "3", 0, 0)),
        (("DMG*D8*19840217", "DMG*D8*19840231"), ("DMG", 16, "2010", "8", 2, 0)),
    ],
)
def test_an_error_is_reported_where_it_is(swap: tuple[str, str], complaint: tuple[object, ...]) -> None:
    _, answer = answered(changed(sample("837p_patient"), swap))
    [one] = answer.sets
    assert one.verdict == "rejected" and "5" in one.codes and answer.verdict == "rejected" and answer.accepted == 0
    found = [(c.segment_id, c.segment, c.loop, c.code, c.element, c.component) for c in one.complaints]
    assert complaint in found


def test_what_another_segment_asks_for_has_its_context() -> None:
    data = changed(sample("837p_patient"), ("REF*F8*NHP000400", "NTE*ADD*REPLACED"))
    lenient, _ = answered(data)
    assert lenient.verdict == "accepted"
    [strict] = x12.acknowledge(x12.validate(data, strict=True), time=NOW, control=900)
    assert b"IK3*REF*29*2300*I6~CTX*SITUATIONAL TRIGGER*CLM*29*2300*5:3~" in strict.data


def test_no_value_is_repeated() -> None:
    data = changed(sample("837p_patient"), ("VALE*IMOGEN", "V\x07ALE*IMOGEN" + "N" * 60), ("*19840217*", "*19840231*"))
    reply, _ = answered(data)
    assert not any(word in reply.data for word in (b"ALE", b"IMOGEN", b"1984"))


def test_sets_are_judged_one_by_one() -> None:
    lines = sample("835_balanced").decode().split("~\n")
    good, count = lines[2:-3], len(lines[2:-3])
    bad = [line.replace("SVC*HC:99213:25*110.5", "SVC*HC:99213:25*110.6") for line in good]
    bad[0], bad[-1] = "ST*835*0002", f"SE*{count}*0002"
    data = "~\n".join([*lines[:2], *good, *bad, "GE*2*417", *lines[-2:]]).encode()
    reply, answer = answered(data)
    assert reply.verdict == answer.verdict == "partly-accepted"
    assert [one.verdict for one in answer.sets] == ["accepted", "rejected"] and answer.accepted == 1
    tolerated = ("line-out-of-balance", "claim-out-of-balance")
    assert answered(data, tolerated=tolerated)[1].verdict == "accepted-with-errors"


def test_a_wrong_count_of_sets_rejects_the_group() -> None:
    _, answer = answered(changed(sample("835_balanced"), ("GE*1*", "GE*3*")))
    assert (answer.verdict, answer.codes, answer.accepted) == ("rejected", ("5",), 0)


def test_a_set_without_end_says_so() -> None:
    data = sample("835_balanced")
    cut = data[: data.index(b"SE*")]
    _, answer = answered(cut)
    assert "2" in answer.sets[0].codes and "3" in answer.codes


def test_acknowledgements_are_not_acknowledged() -> None:
    for name in ("999_rejected", "997_accepted", "ta1_accepted"):
        assert x12.acknowledge(x12.validate(sample(name)), time=NOW, control=1) == []


@pytest.mark.parametrize(
    ("swaps", "verdict", "note"),
    [
        ([], "accepted", "000"),
        ([("IEA*1*000000417", "IEA*1*000000418")], "rejected", "001"),
        ([("IEA*1*", "IEA*5*")], "rejected", "021"),
        ([("IEA*1*000000417~\n", "")], "rejected", "023"),
        ([("GE*1*417", "GE*9*417")], "accepted", "000"),
    ],
)
def test_ta1(swaps: list[tuple[str, str]], verdict: str, note: str) -> None:
    assessment = x12.validate(changed(sample("835_balanced"), *swaps))
    [reply] = x12.acknowledge_interchange(assessment, time=NOW, control=900)
    assert reply.verdict == verdict and x12.validate(reply.data, strict=True).findings == []
    [found] = x12.parse(reply.data)
    answer = x12.read_interchange_acknowledgement(found.acknowledgements[0])
    assert (answer.control, answer.date, answer.time) == ("000000417", "260301", "1015")
    assert (answer.verdict, answer.note) == (verdict, note)


def test_foreign_acknowledgements_are_read() -> None:
    answer = x12.read_acknowledgement(next(x12.parse(sample("999_rejected"))[0].transactions))
    assert answer.verdict == "partly-accepted" and [one.verdict for one in answer.sets] == ["rejected", "accepted"]
    [complaint] = answer.sets[0].complaints
    assert (complaint.segment_id, complaint.element, complaint.code) == ("CLM", 2, "1")
    old = x12.read_acknowledgement(next(x12.parse(sample("997_rejected"))[0].transactions))
    assert old.verdict == "rejected"


@pytest.mark.parametrize(
    ("swap", "place"), [(("AK9*P*2*2*1~\n", ""), "AK9"), (("IK5*A~\n", ""), "AK2"), (("IK5*A", "IK5*Q"), "IK501")]
)
def test_an_acknowledgement_that_says_too_little_is_refused(swap: tuple[str, str], place: str) -> None:
    data = changed(sample("999_rejected"), swap)
    with pytest.raises(FormatError) as caught:
        x12.read_acknowledgement(next(x12.parse(data)[0].transactions))
    assert caught.value.location.startswith(place)


def test_other_sets_are_no_acknowledgements() -> None:
    with pytest.raises(FormatError, match="no 999"):
        x12.read_acknowledgement(next(x12.parse(sample("835_balanced"))[0].transactions))
