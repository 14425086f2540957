"""Messages by their structure, and fields by name, in types."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from careloom.core.errors import FormatError
from careloom.formats import hl7v2
from careloom.formats.hl7v2 import Authority, Coded, Fields, Identifier, PersonName, StructuredNumber, View

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "hl7v2"
HEAD = "MSH|^~\\&|A|B|C|D|20260412||{}|1|P|{}"


def viewed(*lines: str, kind: str = "ORU^R01", version: str = "2.5.1") -> View:
    return hl7v2.view(hl7v2.parse("\r".join([HEAD.format(kind, version), *lines, ""]).encode()))


def first(seen: View, name: str) -> Fields:
    return next(seen.every(name))


def shape(group: hl7v2.Group) -> list[object]:
    """Segments by name and index, groups as lists that begin with their name."""
    return [
        [one.name, *shape(one)] if isinstance(one, hl7v2.Group) else f"{one.segment.name}{one.segment.index}"
        for one in group.children
    ]


def test_results_stay_with_their_order_and_notes_with_their_result() -> None:
    seen = viewed("PID|1", "NTE|1", "OBR|1", "NTE|2", "OBX|1", "NTE|3", "OBX|2", "SPM|1", "OBX|3", "OBR|2", "OBX|4")
    assert shape(seen) == [
        "MSH1",
        ["PATIENT_RESULT",
         ["PATIENT", "PID1", "NTE1"],
         ["ORDER_OBSERVATION", "OBR1", "NTE2", ["OBSERVATION", "OBX1", "NTE3"], ["OBSERVATION", "OBX2"],
          ["SPECIMEN", "SPM1", "OBX3"]],
         ["ORDER_OBSERVATION", "OBR2", ["OBSERVATION", "OBX4"]]],
    ]  # fmt: skip
    assert not seen.strays


def test_a_second_order_is_an_order_and_no_prior_result() -> None:
    seen = viewed("PID|1", "ORC|NW", "OBR|1", "SPM|1", "ORC|NW", "OBR|2", kind="OML^O21")
    assert [shape(order)[0] for order in seen.groups("ORDER")] == ["ORC1", "ORC2"]
    assert not seen.groups("PRIOR_RESULT")


def test_prior_results_begin_with_their_patient() -> None:
    seen = viewed("ORC|NW", "OBR|1", "PID|1", "OBR|2", "OBX|1", kind="OML^O21")
    prior = seen.group("PRIOR_RESULT")
    assert prior is not None
    assert [one.segment.index for one in prior.every("OBR")] == [2]


def test_groups_are_found_by_the_end_of_their_path() -> None:
    seen = viewed("PID|1", "OBR|1", "OBX|1", "OBX|2")
    for name in (
        "OBSERVATION",
        "ORDER_OBSERVATION.OBSERVATION",
        "ORU_R01.PATIENT_RESULT.ORDER_OBSERVATION.OBSERVATION",
    ):
        assert len(seen.groups(name)) == 2
    assert seen.group("SPECIMEN") is None
    assert seen.groups("SERVATION") == []


def test_an_order_without_its_orc_is_an_order_still() -> None:
    seen = viewed("PID|1", "ORC|NW", "OBR|1", "OBR|2", kind="ORM^O01")
    assert [shape(one) for one in seen.groups("ORDER")] == [
        ["ORC1", ["ORDER_DETAIL", "OBR1"]],
        [["ORDER_DETAIL", "OBR2"]],
    ]


def test_segments_out_of_place_stay_reachable() -> None:
    seen = viewed("PV1|1", "PID|1", "EVN|A01", "ZPD|x", "FT1|1", "PID|2", kind="ADT^A01")
    assert [(stray.fields.segment.name, stray.reason) for stray in seen.strays] == [
        ("PID", "late"), ("EVN", "late"), ("ZPD", "local"), ("FT1", "unknown"), ("PID", "misplaced"),
    ]  # fmt: skip
    assert [one.segment.name for one in seen.segments()] == ["MSH", "PV1", "PID", "EVN", "ZPD", "FT1", "PID"]
    zpd = seen.segment("ZPD")
    assert zpd is not None
    assert zpd.value(1).text == "x"


def test_a_note_that_belongs_nowhere_opens_no_order() -> None:
    seen = viewed("PID|1", "ORC|NW", "RXE|||||", "RXR|PO", "RXD|1", "RXR|PO", "NTE|1|L|x", kind="RDS^O13")
    assert len(seen.groups("ORDER")) == 1
    assert [stray.reason for stray in seen.strays] == ["misplaced"]


def test_an_unknown_event_is_read_flat() -> None:
    seen = viewed("PID|1||7", "OBX|1", kind="XYZ^Q99")
    assert seen.structure is None
    assert first(seen, "PID").patient_identifiers.text == "7"


def test_the_event_rules_over_a_structure_wrongly_named() -> None:
    assert viewed("EVN|A04", kind="ADT^A04^ADT_A04").name == "ADT_A01"
    assert viewed("PID|1", kind="ZZZ^Z01^ADT_A01").name == "ADT_A01"
    assert hl7v2.view(viewed("PID|1").message, structure="ADT_A05", version="2.4").name == "ADT_A05"


def test_structs_of_a_patient() -> None:
    pid = first(viewed(
        "PID|1||M1^^^LAKE&1.2&ISO^MR~S2^^^^SS||O\\T\\Hara&van^Ines^M^^Ms^^L||19790423|F|||1 Mill&Mill^^Town^WA^9^USA^H"
        "||^PRN^PH^a@example.org^1^360^5550131|||M||A9||||||Y"
    ), "PID")  # fmt: skip
    assert pid.patient_identifiers.identifier == Identifier("M1", authority=Authority("LAKE", "1.2", "ISO"), type="MR")
    assert [one.identifier.id for one in pid.patient_identifiers] == ["M1", "S2"]
    assert pid.patient_name.person_name == PersonName("O&Hara", "Ines", "M", "", "Ms", "", "L")
    assert pid.patient_name["family"].text == "O&Hara"
    assert pid.patient_name["family"]["own_surname"].text == ""
    assert pid.birth_date.date == date(1979, 4, 23)
    assert (pid.patient_address.address.street, pid.patient_address.address.type) == ("1 Mill", "H")
    assert (pid.home_phone.telecom.email, pid.home_phone.telecom.local_number) == ("a@example.org", "5550131")
    assert pid.patient_identifiers[4]["universal_id"].text == "1.2"
    assert pid.account_number.identifier.id == "A9"
    assert pid.multiple_birth_indicator.flag is True
    assert not pid.race
    assert pid.race.coded == Coded()


def test_observations_are_what_obx_2_says() -> None:
    lines = ["NM|x||-12.50", "SN|x||>^60", "CE|x||A^Alpha^L", "DT|x||202604", "TS|x||20260412101500-0700",
             "ST|x||a\\F\\b~c", "CX|x||7^^^H", "|x||plain", "ED|x||L^text^x^Base64^aGk="]  # fmt: skip
    seen = viewed("PID|1", "OBR|1", *(f"OBX|1|{line}" for line in lines))
    values = [one.observation_value for one in seen.every("OBX")]
    assert [one.type for one in values] == ["NM", "SN", "CE", "DT", "TS", "ST", "CX", "ST", "ED"]
    assert values[0].typed == Decimal("-12.50")
    assert values[1].typed == StructuredNumber(">", "60")
    assert values[2].typed == Coded("A", "Alpha", "L")
    assert values[3].typed == date(2026, 4, 1)
    assert values[4].time is not None
    assert values[4].time.offset is not None
    assert [one.text for one in values[5]] == ["a|b", "c"]
    assert values[6].typed == Identifier("7", authority=Authority("H"))
    assert values[7].typed == "plain"
    assert values[8].encapsulated.decoded() == b"hi"


@pytest.mark.parametrize(
    ("field", "read", "place"),
    [
        ("birth_date", "date", "PID[1]-7"),
        ("birth_order", "number", "PID[1]-25"),
        ("death_indicator", "flag", "PID[1]-30"),
    ],
)
def test_a_value_that_is_not_what_it_is_read_as_is_refused_at_its_place(field: str, read: str, place: str) -> None:
    values = ["", "1", *[""] * 28]
    for number in (7, 25, 30):
        values[number - 1] = "SECRET"
    pid = first(viewed("PID|" + "|".join(values)), "PID")
    with pytest.raises(FormatError) as refused:
        getattr(pid.value(field), read)
    assert refused.value.location == place
    assert "SECRET" not in str(refused.value)


def test_absent_and_null_values() -> None:
    pid = first(viewed('PID|1||""||""'), "PID")
    assert pid.patient_identifiers.is_null
    assert pid.patient_identifiers.identifier == Identifier()
    assert pid.patient_name.text == ""
    assert bool(pid.patient_name)
    assert pid.birth_date.time is None
    assert pid.birth_order.number is None
    assert pid.death_indicator.flag is None
    assert list(pid.race) == []


def test_names_that_are_none_are_mistakes_of_the_program() -> None:
    pid = first(viewed("PID|1||7", "ZPD|a"), "PID")
    with pytest.raises(AttributeError, match="did you mean 'birth_date'"):
        _ = pid.birth_dat
    with pytest.raises(KeyError, match="no part 'surname'"):
        _ = pid.patient_identifiers["surname"]
    with pytest.raises(KeyError, match="no field 'nothing'"):
        pid.value("nothing")
    with pytest.raises(AttributeError, match="read its fields by number"):
        _ = first(viewed("PID|1", "ZPD|a"), "ZPD").anything


def test_fields_of_later_versions_are_absent_in_older_messages() -> None:
    obx = first(viewed("PID|1", "OBR|1", "OBX|1|ST|x||y", version="2.3"), "OBX")
    assert not obx.performing_organization
    assert obx.performing_organization.organization.name == ""


def test_present_fields_in_order() -> None:
    pid = first(viewed("PID|1||7||Roe||||||||||||||||||||||||||||||||||||||||||||||||||x"), "PID")
    found = [(one.definition.name if one.definition else None, one.value.text) for one in pid.present()]
    assert found[:3] == [("set_id", "1"), ("patient_identifiers", "7"), ("patient_name", "Roe")]
    assert found[-1] == (None, "x")


def test_other_structs_read_from_samples() -> None:
    seen = hl7v2.view(hl7v2.parse((SAMPLES / "siu_s12_new.hl7").read_bytes()))
    sch, ail, aip = (first(seen, name) for name in ("SCH", "AIL", "AIP"))
    assert sch.filler_appointment_id.entity.id == "FA8801"
    assert ail.location_resource_id.location.facility == Authority("LAKESIDE")
    assert aip.personnel_resource_id.person.family == "Brandt"
    assert sch.appointment_duration.number == 30
    assert [group.name for group in seen.groups("LOCATION_RESOURCE")] == ["LOCATION_RESOURCE"]
    charges = hl7v2.view(hl7v2.parse((SAMPLES / "dft_p03_two_charges.hl7").read_bytes()))
    assert [group.segments("FT1")[0].transaction_amount_extended.number for group in charges.groups("FINANCIAL")] == [
        Decimal("150.00"), Decimal("240.00"),
    ]  # fmt: skip


def test_structs_have_the_parts_of_their_data_types() -> None:
    known = hl7v2.view(viewed("PID|1").message, version="2.6").dictionary
    structs = {"CWE": hl7v2.Coded, "CX": hl7v2.Identifier, "EI": hl7v2.Entity, "HD": hl7v2.Authority,
               "XPN": hl7v2.PersonName, "XCN": hl7v2.Person, "XAD": hl7v2.Address, "XTN": hl7v2.Telecom,
               "PL": hl7v2.Location, "XON": hl7v2.Organization, "SN": StructuredNumber,
               "ED": hl7v2.Encapsulated}  # fmt: skip
    for kind, struct in structs.items():
        definition = known.datatype(kind)
        assert definition is not None
        names = [one.name for one in definition.components]
        assert names[: len(struct._fields)] == list(struct._fields), kind
