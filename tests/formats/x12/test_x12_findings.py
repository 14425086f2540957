"""The rarer findings, each from a sample that was spoilt for it; and that no code of the table is one nothing finds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from x12_files import changed, sample

from careloom.formats import x12
from careloom.formats.x12.findings import KINDS

SPOILT = [
    ("835_balanced", [("IEA*1*000000417~\n", "IEA*1*000000417~\nnothing of note\n")], "not-x12", "byte"),
    ("835_balanced", [("ST*835*0001", "ST*199*0001")], "set-unsupported", "ST01"),
    ("835_balanced", [("SE*28*0001~\n", "")], "set-end-missing", "SE"),
    ("837p_patient", [("NM1*40*2*NORTHERN HEALTH PLAN*****46*NORTH~\n", "NM1*40*2*NORTHERN HEALTH PLAN*****46*NORTH~\n"
      "NM1*40*2*NORTHERN HEALTH PLAN*****46*NORTH~\n")], "loops-too-many", "NM1"),
    ("837p_patient", [("N4*PORT ELLERY*MN*55999~", "N4*PORT ELLERY*MN*55999****ON~")], "element-excluded",
     "2010BA[1]/N407"),
    ("837i_inpatient", [("DTP*435*DT*202602020815", "DTP*435*DT*202602022515")], "date-invalid", "2300[1]/DTP03"),
    ("837i_inpatient", [("DTP*096*TM*1130", "DTP*096*TM*2530")], "date-invalid", "2300[1]/DTP03"),
    ("837i_inpatient", [("RD8*20260202-20260205", "RD8*20260205-20260202")], "dates-reversed", "2300[1]/DTP03"),
    ("835_balanced", [("SVC*HC:73560*40*30", "SVC*HC:73560*40*31")], "line-out-of-balance", "2110[2]/SVC03"),
    ("835_balanced", [("CLP*C0000418*1*200*120", "CLP*C0000418*1*200*121")], "claim-out-of-balance", "2100[2]/CLP04"),
    ("835_balanced", [("BPR*I*205.25", "BPR*I*205.26")], "payment-out-of-balance", "BPR02"),
    ("835_balanced", [("CAS*PR*3*10.25", "CAS*PR*3*1O.25")], "amount-invalid", "2110[1]/CAS03"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "swaps", "code", "place"), SPOILT)
def test_a_spoilt_sample_is_found_out(name: str, swaps: list[tuple[str, str]], code: str, place: str) -> None:
    found = x12.validate(changed(sample(name), *swaps), strict=True).findings
    assert [one.place for one in found if one.code == code and one.place.startswith(place)], [
        (one.code, one.place) for one in found
    ]


def test_every_code_of_the_table_is_found_somewhere() -> None:
    sources = [path for path in Path(x12.__file__).parent.glob("*.py") if path.name != "findings.py"]
    written = {code for path in sources for code in re.findall(r'"([a-z0-9]+(?:-[a-z0-9]+)+)"', path.read_text())}
    assert sorted(set(KINDS) - written) == []


def test_an_interchange_of_nothing() -> None:
    lines = sample("835_balanced").split(b"~\n")
    found = x12.validate(b"~\n".join([lines[0], b"IEA*0*000000417", b""])).findings
    assert [(one.code, one.severity) for one in found] == [("interchange-empty", "warning")]


def test_findings_name_their_place_in_the_file_and_in_the_set() -> None:
    [found] = x12.validate(changed(sample("837p_patient"), ("DMG*D8*19840217", "DMG*D8*19840231"))).findings
    assert (found.interchange, found.group, found.set, found.segment, found.element) == (1, 1, 1, 16, 2)
    assert (found.loop, found.segment_id) == ("2010BA", "DMG") and found.place.endswith("segment 18")
