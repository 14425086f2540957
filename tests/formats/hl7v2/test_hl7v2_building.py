"""Messages of our own: every family is built, strictly valid, and accepted by readers that are not ours."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import hl7kit
import hl7types
import pytest

from careloom.core.errors import FormatError
from careloom.formats import hl7v2
from careloom.formats.hl7v2 import (
    Authority,
    Builder,
    Coded,
    Entity,
    HL7Time,
    Identifier,
    Location,
    Person,
    PersonName,
    Precision,
    Separators,
)

NOW = datetime(2026, 4, 12, 9, 30, tzinfo=timezone(timedelta(hours=-7)))
LAKE = Authority("LAKE")
GLUCOSE = Coded("2345-7", "Glucose", "LN")
DOCTOR = Person("4471", "Brandt", "Ivo", authority=LAKE)
CAPSULE = Coded("6045", "Amoxicillin", "L")


def started(type: str, version: str = "2.5.1") -> Builder:
    return hl7v2.build(
        type, time=NOW, control_id="C1", version=version, sender=("HUB", "CARE"), receiver=("EHR", "LAKE")
    )


def with_patient(type: str) -> Builder:
    return started(type).add(
        "PID",
        set_id=1,
        patient_identifiers=[Identifier("M1", authority=LAKE, type="MR"), Identifier("S2", type="SS")],
        patient_name=[PersonName("Roe", "Ann", type="L")],
        birth_date=date(1979, 4, 23),
        sex="F",
    )


def with_visit(type: str) -> Builder:
    return with_patient(type).add(
        "PV1", set_id=1, patient_class="I", assigned_location=Location("W", "1", facility=LAKE)
    )


def adt() -> Builder:
    return with_visit("ADT^A01").add("EVN", event_reason="01").add("NK1", set_id=1, name=("Roe", "Bo"))


def siu() -> Builder:
    made = started("SIU^S12")
    made.add("SCH", filler_appointment_id=Entity("F1", "S"), event_reason=Coded("NEW"), filler_contact_person=DOCTOR,
             entered_by_person=DOCTOR, filler_status="Booked")  # fmt: skip
    return made.add("RGS", set_id=1).add("AIS", set_id=1, universal_service_identifier=GLUCOSE, start_time=NOW)


def order(type: str) -> Builder:
    made = with_patient(type)
    for number in (1, 2) if type == "ORM^O01" else (1,):
        made.add("ORC", order_control="NW", placer_order_number=Entity(f"O{number}", "HUB"))
        made.add("OBR", set_id=number, placer_order_number=Entity(f"O{number}", "HUB"), service=GLUCOSE)
    return made


def oru() -> Builder:
    made = with_patient("ORU^R01").add("OBR", set_id=1, service=GLUCOSE, observation_time=NOW)
    made.add("OBX", set_id=1, value_type="NM", observation_identifier=GLUCOSE, observation_value=Decimal("104.50"),
             units=Coded("mg/dL", system="UCUM"), result_status="F")  # fmt: skip
    made.add("NTE", set_id=1, comment=["a|b", "c"])
    return made.add("OBX", set_id=2, value_type="CE", observation_identifier=Coded("883-9"),
                    observation_value=Coded("A", "Group A", "L"), result_status="F")  # fmt: skip


def dft() -> Builder:
    made = with_patient("DFT^P03")
    for number in (1, 2):
        made.add("FT1", set_id=number, transaction_date=NOW, transaction_type="CG", transaction_code=Coded("99213"),
                 transaction_quantity=number, transaction_amount_extended=((Decimal("150.00"), "USD"),))  # fmt: skip
    return made


def pharmacy(type: str) -> Builder:
    made = with_patient(type).add("ORC", order_control="NW", placer_order_number=("O1", "HUB"))
    made.add("RXE", quantity_timing="1", give_code=CAPSULE, give_amount_minimum=500, give_units=Coded("mg"))
    made.add("TQ1", set_id=1)
    made.add("RXR", route=Coded("PO"))
    if type == "RDS^O13":
        made.add(
            "RXD",
            dispense_sub_id_counter=1,
            dispensed_code=CAPSULE,
            dispensed_time=NOW,
            actual_dispense_amount=21,
            prescription_number="RX1",
            substance_lot_number="LOT1",
        ).add("RXR", route=Coded("PO"))
    return made


def mdm() -> Builder:
    made = with_visit("MDM^T02")
    made.add("TXA", set_id=1, document_type="DS", document_number=Entity("D1", "HUB"), completion_status="AU")
    return made.add("OBX", set_id=1, value_type="TX", observation_identifier=GLUCOSE, observation_value="ok",
                    result_status="F")  # fmt: skip


def mfn() -> Builder:
    made = started("MFN^M02").add("MFI", master_file_identifier=Coded("PRA"), file_level_event_code="UPD",
                                  response_level_code="AL")  # fmt: skip
    made.add("MFE", record_level_event_code="MAD", primary_keys="4471", primary_key_value_type="ST")
    return made.add("STF", primary_key_value=Coded("4471"), staff_name=PersonName("Brandt", "Ivo"))


def bar() -> Builder:
    made = with_patient("BAR^P01").add("PV1", patient_class="O")
    return made.add("DG1", set_id=1, diagnosis=Coded("I10"), diagnosis_coding_method="I9", diagnosis_type="F")


def qbp() -> Builder:
    made = started("QBP^Q22").add("QPD", message_query_name=Coded("Q22"), query_tag="T1", field_3=("@PID.5.1", "Roe"))
    return made.add("RCP", query_priority="I")


def rsp() -> Builder:
    made = started("RSP^K22").add("MSA", acknowledgment_code="AA", control_id="Q1")
    made.add("QAK", query_tag="T1", query_response_status="OK").add(
        "QPD", message_query_name=Coded("Q22"), query_tag="T1"
    )
    return made.add("PID", patient_identifiers=Identifier("M1"), patient_name=("Roe",)).add(
        "QRI", candidate_confidence=98
    )


FAMILIES: dict[str, Callable[[], Builder]] = {
    "adt": adt, "siu": siu, "orm": lambda: order("ORM^O01"), "oml": lambda: order("OML^O21"), "oru": oru, "dft": dft,
    "rde": lambda: pharmacy("RDE^O11"), "rds": lambda: pharmacy("RDS^O13"), "mdm": mdm, "mfn": mfn, "bar": bar,
    "qbp": qbp, "rsp": rsp,
}  # fmt: skip


@pytest.mark.parametrize("family", FAMILIES)
def test_a_built_message_is_strictly_valid_and_read_by_others(family: str) -> None:
    message = FAMILIES[family]().message()
    assert [one for one in hl7v2.validate(message, strict=True) if one.severity == "error"] == []
    assert not hl7v2.view(message).strays
    text = message.encode().decode()
    hl7kit.parse(text)
    hl7types.decode_er7(text)
    assert hl7v2.peek(message.encode()).control_id == "C1"


def test_what_is_written_is_read_back() -> None:
    seen = hl7v2.view(oru().message())
    pid = next(seen.every("PID"))
    assert [one.identifier for one in pid.patient_identifiers] == [
        Identifier("M1", authority=LAKE, type="MR"), Identifier("S2", type="SS"),
    ]  # fmt: skip
    assert pid.birth_date.date == date(1979, 4, 23)
    first, second = seen.groups("OBSERVATION")
    assert next(first.every("OBX")).observation_value.number == Decimal("104.50")
    assert [one.text for one in next(first.every("NTE")).comment] == ["a|b", "c"]
    assert next(second.every("OBX")).observation_value.coded == Coded("A", "Group A", "L")


def test_header_and_event() -> None:
    message = adt().message()
    assert message.encode().split(b"\r")[:2] == [
        b"MSH|^~\\&|HUB|CARE|EHR|LAKE|20260412093000-0700||ADT^A01^ADT_A01|C1|P|2.5.1",
        b"EVN|A01|20260412093000-0700||01",
    ]
    old = hl7v2.build("ADT^A08", time=NOW, control_id="1", version="2.3", accept_acknowledgement="AL").message()
    assert (old.get("MSH-9.2"), old.get("MSH-9.3"), old.get("MSH-15")) == ("A08", "", "AL")


def test_segments_stand_where_the_structure_has_them() -> None:
    made = started("ADT^A01")
    for name in ("PV1", "ZPV", "AL1", "PID", "NK1"):
        made.add(name, field_1=1)
    assert [one.name for one in made.message().segments()] == ["MSH", "EVN", "PID", "NK1", "PV1", "ZPV", "AL1"]


def test_groups_begin_anew() -> None:
    seen = hl7v2.view(order("ORM^O01").message())
    assert [one.segments("ORC")[0].placer_order_number.text for one in seen.groups("ORDER")] == ["O1", "O2"]


@pytest.mark.parametrize(
    ("call", "place"),
    [
        (lambda: started("ADT^A01").add("OBR"), "OBR[1]"),
        (lambda: adt().add("PID"), "PID[2]"),
        (lambda: started("ADT^A01").add("PID", patient_nmae="x"), "PID[1]"),
        (lambda: started("ADT^A01").add("PID", sex=["F", "M"]), "PID[1]-8"),
        (lambda: started("ADT^A01").add("PID", patient_identifiers={"idd": "x"}), "PID[1]-3"),
        (lambda: started("ADT^A01").add("PID", patient_identifiers=[("a",) * 11]), "PID[1]-3[1]"),
        (lambda: started("ADT^A01").add("PID", patient_identifiers=((("a", "b"),),)), "PID[1]-3.1.1"),
        (lambda: started("ADT^A01").add("PID", field_0="x"), "PID[1]"),
        (lambda: started("QQQ^Q01"), "MSH-9"),
    ],
)
def test_what_is_no_part_of_the_message_is_refused_at_its_place(call: Callable[[], object], place: str) -> None:
    with pytest.raises(FormatError) as refused:
        call()
    assert refused.value.location == place


def test_a_refused_segment_leaves_no_trace() -> None:
    made = adt()
    before = made.message().encode()
    with pytest.raises(FormatError):
        made.add("NK1", set_id=2, no_such_field="x")
    assert made.message().encode() == before


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, ""), (True, "Y"), (False, "N"), (7, "7"), (Decimal("1E+2"), "100"), ('""', '""'), ("a^b", "a\\S\\b"),
        (date(2026, 4, 1), "20260401"), (NOW, "20260412093000-0700"), (NOW.astimezone(UTC), "20260412163000+0000"),
        (HL7Time(NOW, Precision.MONTH), "202604"), (HL7Time(NOW, Precision.MINUTE), "202604120930-0700"),
        (("a", "", ("b", "c&d"), ""), "a^^b&c\\T\\d"), (["x", "y"], "x~y"),
    ],
)  # fmt: skip
def test_values_as_they_are_written(value: object, written: str) -> None:
    made = started("ADT^A01").add("ZZZ", field_1=value)  # type: ignore[arg-type]
    assert made.message().segments("ZZZ")[0].raw_field(1) == written


def test_a_day_has_no_hour_and_a_mapping_names_components() -> None:
    made = adt().add("IN1", plan_effective_date=NOW, plan={"code": "P", "system": "L"}, company_ids=Identifier("7"))
    segment = made.message().segments("IN1")[0]
    assert (segment.raw_field(12), segment.raw_field(2)) == ("20260412", "P^^L")


def test_other_separators_and_character_sets() -> None:
    made = hl7v2.build(
        "ADT^A01", time=NOW, control_id="1", separators=Separators("*", "!", "%", "$", "?"), charset="8859/1"
    )
    data = made.add("PID", patient_name=("Müller!", "Zoë")).message().encode()
    assert "*M\xfcller$S$!Zo\xeb" in data.decode("iso8859-1")
    assert hl7v2.parse(data).get("PID-5.1") == "Müller!"
    with pytest.raises(FormatError) as refused:
        made.add("NK1", name=("Ωμέγα",))
    assert refused.value.location == "NK1[1]-2.1"
