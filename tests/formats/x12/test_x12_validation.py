"""What validation finds, each thing by itself in an otherwise valid file."""

from __future__ import annotations

import pytest
from x12_files import SAMPLES, changed, sample

from careloom.formats import x12
from careloom.formats.inspection import Finding
from careloom.formats.x12.findings import KINDS

VALID = sorted(path.stem for path in SAMPLES.glob("*.edi"))


def codes(data: bytes, *, strict: bool = True) -> list[tuple[str, str]]:
    """Code and place (without the number of the segment) of each finding."""
    return [(one.code, one.place.partition(", segment")[0]) for one in x12.validate(data, strict=strict).findings]


@pytest.mark.parametrize("name", VALID)
def test_samples_are_valid(name: str) -> None:
    assert [one for one in x12.validate(sample(name)).findings if one.severity == "error"] == []


ENVELOPE = [
    ("835_balanced", [("IEA*1*000000417", "IEA*1*000000418")], "interchange-control-differs", "IEA02"),
    ("835_balanced", [("IEA*1*", "IEA*2*")], "interchange-count-differs", "IEA01"),
    ("835_balanced", [("IEA*1*000000417~\n", "")], "interchange-end-missing", "IEA"),
    ("835_balanced", [("*00501*", "*5010X*")], "interchange-version", "ISA12"),
    ("835_balanced", [("*260301*1015*^", "*261301*1015*^")], "interchange-element", "ISA09"),
    ("835_balanced", [("*^*00501", "*U*00501")], "repetition-separator", "ISA11"),
    ("835_balanced", [("GE*1*417", "GE*1*418")], "group-control-differs", "GE02"),
    ("835_balanced", [("GE*1*417", "GE*2*417")], "group-count-differs", "GE01"),
    ("835_balanced", [("GE*1*417~\n", "")], "group-end-missing", "GE"),
    ("835_balanced", [("*20260301*1015*417*", "*20261301*1015*417*")], "group-element", "GS04"),
    ("835_balanced", [("GS*HP*", "GS*HC*")], "group-kind-differs", "GS01"),
    ("835_balanced", [("*0001~\nGE", "*0002~\nGE")], "set-control-differs", "SE02"),
    ("835_balanced", [("SE*", "SE*9")], "set-count-differs", "SE01"),
    ("837p_patient", [("ST*837*0001*005010X222A1", "ST*837*0001*005010X223A2")], "set-version-differs", "ST03"),
    ("835_balanced", [("GE*1*417~\n", "GE*1*417~\nREF*X*1~\n")], "segment-outside", ""),
    ("835_balanced", [("ST*835", "ST*999A")], "set-identifier", "ST01"),
]


@pytest.mark.parametrize(("name", "swaps", "code", "place"), ENVELOPE)
def test_the_envelope(name: str, swaps: list[tuple[str, str]], code: str, place: str) -> None:
    found = codes(changed(sample(name), *swaps))
    assert code in [one for one, _ in found]
    assert place in [where for one, where in found if one == code] or not place


INSIDE = [
    # structure
    ("837p_patient", [("N3*12 HARBOUR ROW~\n", "")], "segment-missing", "2010AA[1]/N3"),
    ("837p_patient", [("NM1*PR*2*NORTHERN HEALTH PLAN*****PI*NHP01~\n", "")], "loop-missing", "2010BB[1]/NM1"),
    ("837p_patient", [("N3*1 MILL LANE~\n", "N3*1 MILL LANE~\nN3*2~\n")], "segments-too-many", "2010BA[1]/N3"),
    ("837p_patient", [("PER*IC", "ZZZ*1~\nPER*IC")], "segment-unknown", "1000A[1]/ZZZ"),
    ("837p_patient", [("PER*IC", "PO1*1~\nPER*IC")], "segment-not-defined", "1000A[1]/PO1"),
    ("837p_patient", [("PER*IC", "SV1*HC:1*1~\nPER*IC")], "segment-unexpected", "1000A[1]/SV1"),
    ("837p_patient", [("PER*IC", "~\nPER*IC")], "segment-empty", "1000A[1]/"),
    ("835_balanced", [("DTM*405*20260301~\n", ""), ("LX*1~\n", "LX*1~\nDTM*405*20260301~\n")], "segment-out-of-order",
     "2000[1]/DTM"),
    ("837p_patient", [("HI*ABK:M1711*", "HI*ZZZ:M1711*")], "qualifier-unexpected", "2300[1]/HI01"),
    # elements
    ("837p_patient", [("CLM*C0000417*", "CLM**")], "element-missing", "2300[1]/CLM01"),
    ("837p_patient", [("SV1*HC:99213:25*", "SV1*HC*")], "element-missing", "2400[1]/SV101-2"),
    ("837p_patient", [("*****46*QUILL~", "*****46~")], "element-missing", "1000A[1]/NM109"),
    ("837p_patient", [("PER*IC*DESK*TE*5555550147", "PER*IC*DESK*TE*5555550147*FX")], "element-needed",
     "1000A[1]/PER06"),
    ("837p_patient", [("LX*1~", "LX*1*2*3~")], "elements-too-many", "2400[1]/LX02"),
    ("837p_patient", [("N4*PORT ELLERY*MN*55999~", "N4*PORT ELLERY*M*55999~")], "element-short", "2010BA[1]/N402"),
    ("837p_patient", [("*MN*55999~", "*MNN*55999~")], "element-long", "2010BA[1]/N402"),
    ("837p_patient", [("IMOGEN", "IMO\x07EN")], "character-invalid", "2010BA[1]/NM104"),
    ("837p_patient", [("IMOGEN", "IMOG\u00c9N")], "character-extended", "2010BA[1]/NM104"),
    ("837p_patient", [("*150.5***", "*1O5***")], "number-invalid", "2300[1]/CLM02"),
    ("837p_patient", [("DMG*D8*19840217", "DMG*D8*19840231")], "date-invalid", "2010BA[1]/DMG02"),
    ("837p_patient", [("*20260301*1015*CH", "*20261301*1015*CH")], "date-invalid", "BHT04"),
    ("837p_patient", [("*20260301*1015*CH", "*20260301*2515*CH")], "time-invalid", "BHT05"),
    ("837p_patient", [("RD8*20260202-20260203", "RD8*20260203-20260202")], "dates-reversed", "2400[2]/DTP03"),
    ("837p_patient", [("RD8*20260202-20260203", "RD8*20260202")], "date-invalid", "2400[2]/DTP03"),
    ("837p_patient", [("CLM*C0000417*150.5***11:B:1", "CLM*C0000417*150.5***11:B:1:9")], "components-too-many",
     "2300[1]/CLM05-4"),
    ("837p_patient", [("SV1*HC:99213:25*110.5*UN*1*", "SV1*HC:99213:25*110.5*UN*1^2*")], "repetitions-too-many",
     "2400[1]/SV104[2]"),
    ("837p_patient", [("SBR*P*18*G417******CI", "SBR*P*18*G417***Y***CI")], "element-unused", "2000B[1]/SBR06"),
    # rules
    ("837p_patient", [("*150.5***", "*150.4***")], "claim-total-differs", "2300[1]/CLM02"),
    ("837p_patient", [("NM1*82*1*LUND*SIGNE****XX*19999999", "NM1*82*1*LUND*SIGNE****XX*29999999")], "npi-check-digit",
     "2310B[1]/NM109"),
    ("837p_patient", [("HL*3*1*22*1", "HL*7*1*22*1"), ("HL*4*3*23", "HL*4*7*23")], "level-number", "2000B[2]/HL01"),
    ("837p_patient", [("HL*4*3*23", "HL*4*9*23")], "level-parent", "2000C[1]/HL02"),
    ("837p_patient", [("HL*3*1*22*1", "HL*3*1*22*0")], "level-children", "2000B[2]/HL04"),
    ("837p_patient", [("LX*2~", "LX*3~")], "line-number", "2400[2]/LX01"),
    ("837p_patient", [("SBR*P*18*", "SBR*P**")], "patient-misplaced", "2300[1]/CLM"),
    ("837p_patient", [("SBR*P**G418", "SBR*P*18*G418")], "patient-misplaced", "2300[3]/CLM"),
    ("837p_patient", [("REF*F8*NHP000400~\n", "")], "original-reference-missing", "2300[2]/CLM"),
    ("837i_inpatient", [("SV2*0120**2400*", "SV2*0120**2401*")], "claim-total-differs", "2300[1]/CLM02"),
    ("837d_cleaning", [("SV3*AD:D1110*90*", "SV3*AD:D1110*91*")], "claim-total-differs", "2300[1]/CLM02"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "swaps", "code", "place"), INSIDE)
def test_inside_of_a_set(name: str, swaps: list[tuple[str, str]], code: str, place: str) -> None:
    found = codes(changed(sample(name), *swaps))
    assert (code, place) in found
    allowed = {"set-count-differs", "segments-too-many", "level-parent", "level-children"}
    assert {one for one, _ in found} - allowed <= {code}


def test_the_same_faults_are_found_behind_many_good_segments() -> None:
    """A pattern judges a place once it has been seen often; it must judge as the long way does."""
    data = sample("837p_patient").decode().split("~\n")
    first, last = data.index("CLM*C0000418*75***11:B:7*Y*A*Y*Y"), data.index("HL*3*1*22*1")
    good = data[first:last] * 40
    for name, swaps, code, place in INSIDE:
        swap = {old.rstrip("~\n"): new for old, new in swaps}
        if name != "837p_patient" or not place.startswith(("2300[1]", "2400[1]")) or len(swap) > 1:
            continue
        old, new = swaps[0]
        bad = changed("~\n".join(data[:first]).encode() + b"~\n", (old, new)).decode().split("~\n")[:-1]
        claim = next(index for index, line in enumerate(bad) if line.startswith("CLM"))
        text = "~\n".join([*bad[:claim], *good, *bad[claim:], *data[last:]])
        assert code in [one for one, _ in codes(text.encode())], code


def test_control_numbers_that_repeat() -> None:
    data = sample("835_balanced")
    assert ("interchange-control-repeated", "ISA13") in codes(data + data)
    lines = data.decode().split("~\n")
    group = lines[1:-2]
    twice = "~\n".join([lines[0], *group, *group, "IEA*2*000000417", ""]).encode()
    assert ("group-control-repeated", "GS06") in codes(twice)
    sets = "~\n".join([*lines[:-3], *lines[2:-3], "GE*2*417", *lines[-2:]]).encode()
    assert codes(sets) == [("set-control-repeated", "ST02")]


def test_lenient_and_strict_differ_in_severity_alone() -> None:
    data = changed(sample("837p_patient"), ("SBR*P*18*G417******CI", "SBR*P*18*G417***Y***CI"))
    lenient, strict = x12.validate(data), x12.validate(data, strict=True)
    assert lenient.valid and not strict.valid
    assert [one.place for one in lenient.findings] == [one.place for one in strict.findings]


def test_another_guide_than_the_table_judges_leniently() -> None:
    data = sample("837p_patient").replace(b"005010X222A1", b"005010X999A1").replace(b"N3*12 HARBOUR ROW~\n", b"", 1)
    found = x12.validate(data).findings
    assert ("segment-missing", "warning") in [(one.code, one.severity) for one in found]
    assert "group-version" in [one.code for one in found]


def test_findings_name_places_and_no_values() -> None:
    data = changed(sample("837p_patient"), ("VALE*IMOGEN", "VALE" * 20 + "*IMOGEN\x07"), ("*19840217*", "*19840231*"))
    text = repr(x12.validate(data, strict=True).findings)
    assert "VALE" not in text and "IMOGEN" not in text and "1984" not in text


def test_a_place_leads_to_the_segment() -> None:
    [found] = x12.validate(changed(sample("837p_patient"), ("*75*UN", "*76*UN"))).findings
    assert isinstance(found, Finding) and found.place == "2300[2]/CLM02, segment 31"
    assert (found.loop, found.segment_id, found.segment, found.element) == ("2300", "CLM", 29, 2)
    assert (found.interchange, found.group, found.set) == (1, 1, 1)


def test_a_flood_of_findings_is_cut_and_counted() -> None:
    data = sample("835_balanced").replace(b"LX*1~", b"ZZZ*1~" * 5_000 + b"LX*1~")
    assessment = x12.validate(data, most=100)
    assert not assessment.valid and len(assessment.findings) == 101 and assessment.omitted > 4_000
    assert assessment.findings[-1].code == "findings-cut"


def test_every_code_has_its_acknowledgement_and_a_text_without_values() -> None:
    for code, kind in KINDS.items():
        assert code == code.lower() and kind.acknowledgement and kind.text and "{" not in kind.text


@pytest.mark.parametrize("data", [b"", b"\n", b"hello", b"ISA*", b"\x00" * 100, sample("835_balanced")[:200]])
def test_nothing_is_raised_for_what_the_bytes_hold(data: bytes) -> None:
    assessment = x12.validate(data)
    assert assessment.segments >= 0 and (not data.strip() or not assessment.valid or b"\x00" in data)
