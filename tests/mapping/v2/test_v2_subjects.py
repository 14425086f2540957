"""What messages beyond registration are about, as intake tells it without parsing most of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from careloom.formats import hl7v2
from careloom.mapping import subject_of
from careloom.mapping.reading import Unit, reader
from careloom.mapping.source import Settings

Build = Callable[..., bytes]


def subject(data: bytes) -> tuple[str, tuple[str, ...]]:
    return subject_of(data, hl7v2.peek(data))


@pytest.mark.parametrize(
    "kind",
    ["SIU^S12", "ORM^O01", "ORU^R01", "DFT^P03", "BAR^P01", "RDS^O13", "MDM^T02", "VXU^V04", "REF^I12", "QBP^Q22"],
)
def test_the_patient_where_there_is_one(v2: Build, kind: str) -> None:
    assert subject(v2(kind, "PV1|1|O")) == ("Patient/LAKESIDE/MRN1", ())


@pytest.mark.parametrize("kind", ["MFN^M02", "ACK^A04", "SIU^S23", "QBP^Q22"])
def test_type_and_sender_where_there_is_none(v2: Build, kind: str) -> None:
    assert subject(v2(kind, "MSA|AA|1", pid="")) == (f"Message/{kind}/SYS", ())


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n"])
def test_results_of_several_patients_wait_for_each(v2: Build, end: bytes) -> None:
    data = v2("ORU^R01", "OBR|1|A", "PID|2||MRN2^^^LAKESIDE^MR", "OBR|1|B").replace(b"\r", end)
    assert subject(data) == ("Patient/LAKESIDE/MRN1", ("Patient/LAKESIDE/MRN2",))


def test_an_order_with_an_earlier_result_is_about_its_patient_alone(v2: Build) -> None:
    data = v2("OML^O21", "ORC|NW|A", "OBR|1|A", "PID|1||MRN2^^^LAKESIDE^MR", "OBR|1|OLD")
    assert subject(data) == ("Patient/LAKESIDE/MRN1", ())


def test_the_reader_of_messages_says_the_same(v2: Build) -> None:
    data = v2("SIU^S12", "SCH||F1") + v2("MFN^M02", "MFE|MAD", pid="")
    units = list(reader("hl7v2").units(data, Settings()))
    assert [(one.type, one.subject) for one in units if isinstance(one, Unit)] == [
        ("SIU^S12", "Patient/LAKESIDE/MRN1"), ("MFN^M02", "Message/MFN^M02/SYS"),
    ]  # fmt: skip


def test_a_change_of_numbers_waits_for_those_that_end(v2: Build) -> None:
    data = v2("ADT^A47", "MRG|MRN0^^^LAKESIDE^MR~MRN1^^^LAKESIDE^MR")
    assert subject(data) == ("Patient/LAKESIDE/MRN1", ("Patient/LAKESIDE/MRN0",))
    assert subject(v2("ADT^A47", "MRG|MRN1^^^LAKESIDE^MR")) == ("Patient/LAKESIDE/MRN1", ())
