"""The dictionary: facts of each version, the nearest where a version has none, all entries readable."""

from __future__ import annotations

import subprocess
import sys

import pytest

from careloom.formats.hl7v2.dictionary import VERSIONS, dictionary_of, known_version, read_structure
from careloom.formats.hl7v2.dictionary.tables import all_segments, codes_by_table, structures_by_code
from careloom.formats.hl7v2.dictionary.versions import is_version, nearest, within
from careloom.formats.hl7v2.fields import Fields

EVENTS = {
    "2.1": "ADT^A01 ORM^O01 ORU^R01 BAR^P01 DFT^P03 ACK^",
    "2.3.1": "ADT^A04 SIU^S12 MDM^T02 MFN^M02 RDE^O01 RAS^O01 VXU^V04 ORR^O02 SRM^S01",
    "2.5.1": "ADT^A40 SIU^S26 SRR^S01 OML^O21 ORL^O22 OUL^R22 DFT^P11 BAR^P12 RDE^O11 RDS^O13 RAS^O17 RGV^O15 MDM^T11 "
    "MFN^M05 MFN^M15 QBP^Q22 RSP^K22 RSP^K11 QBP^Q11 OMP^O09 VXU^V04 ORM^O01 ADT^A62 ACK^A04",
    "2.8.2": "ADT^A01 OML^O21 MFN^M16 RSP^K21 SIU^S12",
}


@pytest.mark.parametrize(("version", "event"), [(v, e) for v, events in EVENTS.items() for e in events.split()])
def test_events_have_a_structure_that_opens_with_msh(version: str, event: str) -> None:
    known = dictionary_of(version)
    code, _, trigger = event.partition("^")
    structure = known.structure(known.structure_of(code, trigger))
    assert structure is not None
    assert structure.slots[0].names == ("MSH",)


def test_every_entry_of_every_version_is_read() -> None:
    structures = [name for names in structures_by_code().values() for name in names]
    for version in VERSIONS:
        known = dictionary_of(version)
        for name in structures:
            structure = known.structure(name)
            assert structure is not None
            assert structure.groups[0].last == len(structure.slots) - 1
        for name in all_segments():
            segment = known.segment(name)
            assert segment is not None
            assert len(segment.numbers) == len(segment.fields)
            assert list(segment.fields) == sorted(segment.fields)
            for field in segment.fields.values():
                assert field.usage in "ROCBWXF"
                known.datatype(field.type)


def test_names_of_fields_do_not_hide_what_a_segment_offers() -> None:
    offered = set(dir(Fields))
    known = dictionary_of("2.8.2")
    for name in all_segments():
        segment = known.segment(name)
        assert segment is not None
        assert not offered & set(segment.numbers), name
        assert all(field.isidentifier() for field in segment.numbers)


def test_facts_differ_by_version() -> None:
    def field(version: str, segment: str, number: int) -> tuple[str, str, bool, int, str]:
        found = dictionary_of(version).segment(segment)
        assert found is not None
        one = found.fields[number]
        return one.type, one.usage, one.repeats, one.length, one.table

    assert field("2.5.1", "PID", 8) == ("IS", "O", False, 1, "0001")
    assert field("2.5.1", "PID", 3) == ("CX", "R", True, 0, "")
    assert field("2.5.1", "OBX", 3)[0] == "CE"
    assert field("2.8", "OBX", 3)[0] == "CWE"
    assert field("2.8", "PID", 19)[1] == "W"
    assert field("2.3", "OBX", 25)[1] == "F"
    assert field("2.3", "MSH", 7)[0] == "TS"


def test_components_of_a_data_type() -> None:
    cx = dictionary_of("2.5.1").datatype("CX")
    assert cx is not None
    assert [one.name for one in cx.components[:6]] == [
        "id", "check_digit", "check_digit_scheme", "authority", "type", "facility",
    ]  # fmt: skip
    assert cx.components[4].table == "0203"
    assert dictionary_of("2.5.1").datatype("ST") is None


def test_a_type_or_segment_of_another_version_is_that_of_the_nearest() -> None:
    known = dictionary_of("2.3")
    cwe, spm = known.datatype("CWE"), known.segment("SPM")
    assert cwe is not None
    assert len(cwe.components) == 9
    assert spm is not None
    assert spm.fields[4].type == "CWE"


@pytest.mark.parametrize(
    ("declared", "read_as"),
    [
        ("2.5.1", "2.5.1"),
        ("", "2.5.1"),
        (" 2.3 ", "2.3"),
        ("2.3.2", "2.3.1"),
        ("2.9", "2.8.2"),
        ("1.0", "2.1"),
        ("x", "2.5.1"),
    ],
)
def test_versions_that_are_not_known(declared: str, read_as: str) -> None:
    assert known_version(declared) == read_as


def test_spans_of_versions() -> None:
    assert within("2.3.1", "2.1,2.3-2.5.1")
    assert not within("2.2", "2.1,2.3-2.5.1")
    assert nearest("2.7", ["2.1-2.3", "2.8", "2.5-2.6"]) == "2.5-2.6"
    assert nearest("2.1", ["2.8", "2.5-2.6"]) == "2.5-2.6"
    assert is_version("2.9")
    assert not is_version("3.0")
    assert not is_version("2")


def test_codes_of_tables() -> None:
    codes = codes_by_table()
    assert {"M", "F"} <= codes["0001"].values
    assert not codes["0001"].closed
    assert codes["0136"] == (frozenset("YN"), True)
    assert "AL" in codes["0155"].values
    assert all(codes[table].values for table in codes)


def test_the_form_of_a_structure() -> None:
    parts = read_structure("MSH SFT* P(PID PD1?)? O(ORC <OBR|RXO> NTE*)+")
    assert [(p.name, p.required, p.repeats, len(p.parts)) for p in parts] == [
        ("MSH", True, False, 0), ("SFT", False, True, 0), ("P", False, False, 2), ("O", True, True, 3),
    ]  # fmt: skip
    assert parts[3].parts[1].names == ("OBR", "RXO")


@pytest.mark.parametrize("text", ["MSH (", "P(PID", "MSH)", "?MSH", "msh", "A(" * 30 + "PID" + ")" * 30])
def test_a_structure_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"group|bracket|mark|structure|close"):
        read_structure(text)


def test_what_a_message_needs_loads_quickly() -> None:
    program = """
import time
from careloom.formats import hl7v2
from careloom.formats.hl7v2.dictionary import dictionary_of
started = time.process_time()
known = dictionary_of("2.5.1")
known.structure(known.structure_of("ADT", "A01"))
for name in "MSH EVN PID PV1 NK1 IN1 GT1 DG1".split():
    for field in known.segment(name).fields.values():
        known.datatype(field.type)
print((time.process_time() - started) * 1000)
"""
    best = min(float(subprocess.check_output([sys.executable, "-c", program])) for _ in range(3))
    assert best < 60, "ms of processor time; 20 are the goal, on a machine that does nothing else"
