"""Which message becomes which event, what is filtered and why, what is a case; merges and deletions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import msgspec
import pytest

from careloom import model
from careloom.core.errors import MappingError
from careloom.formats import hl7v2
from careloom.mapping import Translation, translate

Build = Callable[..., bytes]
Mapped = Callable[..., Translation]
PRIOR = ("MRG", {1: "MRN2^^^LAKESIDE^MR"})


@pytest.mark.parametrize(
    ("trigger", "expected"),
    [
        *[(event, model.RegistrationCreated) for event in ("A01", "A04", "A05", "A28")],
        *[(event, model.PatientUpdated) for event in ("A06", "A07", "A08", "A31", "A49")],
        ("A03", model.PatientDischarged),
        *[(event, model.RegistrationCancelled) for event in ("A11", "A38")],
        ("A13", model.DischargeCancelled),
        *[(event, model.PatientMerged) for event in ("A18", "A34", "A36", "A39", "A40", "A46", "A47", "A48")],
    ],
)
def test_trigger_becomes_event(mapped: Mapped, trigger: str, expected: type) -> None:
    (event,) = mapped(trigger, {}, *([PRIOR] if expected is model.PatientMerged else [])).events
    assert type(event) is expected
    assert event.trigger == f"ADT^{trigger}"
    assert event.facility == "LAKESIDE"


@pytest.mark.parametrize("trigger", ["A46", "A47", "A48"])
def test_a_change_of_numbers_retires_only_those_that_do_not_stay(mapped: Mapped, trigger: str) -> None:
    stays = {3: "MRN1^^^LAKESIDE^MR~77^^^STATE^PI"}
    (event,) = mapped(trigger, stays, ("MRG", {1: "MRN0^^^LAKESIDE^MR~77^^^STATE^PI"})).events
    assert isinstance(event, model.PatientMerged)
    assert [one.value for one in event.retired] == ["MRN0"]
    for prior in ({1: "77^^^STATE^PI"}, {2: "ALT1"}):
        (event,) = mapped(trigger, stays, ("MRG", prior)).events
        assert type(event) is model.PatientUpdated


def test_a_change_of_class_tells_it(mapped: Mapped) -> None:
    (event,) = mapped("A06", {}, ("PV1", {2: "I", 3: "W^1"})).events
    assert isinstance(event, model.PatientUpdated)
    assert event.encounter is not None
    assert (event.encounter.class_, event.encounter.status) == ("IMP", "in-progress")


@pytest.mark.parametrize("trigger", ["A02", "A24", "A29", "A35", "A37", "A41", "A42", "A50", "A60"])
def test_what_odoo_does_not_need_is_filtered_with_its_reason(mapped: Mapped, trigger: str) -> None:
    result = mapped(trigger, {})
    assert result.events == ()
    assert result.filtered is not None
    assert result.filtered.startswith(f"ADT^{trigger} carries nothing that Odoo needs: ")


@pytest.mark.parametrize(
    ("type_", "reason"),
    [
        ("ORU^R01^ORU_R01", "no mapping for ORU^R01"),
        ("ADT^A99", "no mapping for ADT^A99"),
        ("ACK", "no mapping for ACK"),
        ("ADT", "no mapping for ADT without a known trigger event (MSH-9.2)"),
    ],
)
def test_what_has_no_mapping_is_filtered(adt: Build, type_: str, reason: str) -> None:
    data = adt("A04").replace(b"ADT^A04", type_.encode())
    assert translate(hl7v2.parse(data)).filtered == reason


def test_before_v231_the_trigger_may_stand_in_evn_alone(adt: Build) -> None:
    data = adt("A04", {}, ("EVN", {1: "A08"})).replace(b"ADT^A04", b"ADT")
    assert isinstance(translate(hl7v2.parse(data)).events[0], model.PatientUpdated)


@pytest.mark.parametrize(
    ("evn", "sent", "expected"),
    [
        ({2: "20260302081000+0000"}, "20260302091500+0000", datetime(2026, 3, 2, 8, 10, tzinfo=UTC)),
        ({2: "20260302081000"}, "20260302091500+0100", datetime(2026, 3, 2, 7, 10, tzinfo=UTC)),
        ({1: "A04"}, "20260302091500+0100", datetime(2026, 3, 2, 8, 15, tzinfo=UTC)),
        ({2: "whenever"}, "20260302091500", datetime(2026, 3, 2, 9, 15, tzinfo=UTC)),
        ({2: "20260302081000.5Z"}, "", datetime(2026, 3, 2, 8, 10, 0, 500000, tzinfo=UTC)),
        ({2: "2026030208"}, "", datetime(2026, 3, 2, 8, tzinfo=UTC)),
        ({2: "20260302081000+9900"}, "20260302091500", datetime(2026, 3, 2, 9, 15, tzinfo=UTC)),
        ({2: "20260302256199"}, "20260302091500", datetime(2026, 3, 2, 9, 15, tzinfo=UTC)),
        ({1: "A04"}, "", None),
        ({2: "2026"}, "2026", None),
    ],
)
def test_when_it_occurred(adt: Build, evn: dict[int, str], sent: str, expected: datetime | None) -> None:
    data = adt("A04", {}, ("EVN", evn)).replace(b"20260302081502-0800", sent.encode())
    assert translate(hl7v2.parse(data)).events[0].occurred == expected


@pytest.mark.parametrize("trigger", ["A01", "A04", "A05", "A28"])
@pytest.mark.parametrize("name", ["", "^^^", '""', "-"])
def test_a_registration_must_name_the_patient(mapped: Mapped, trigger: str, name: str) -> None:
    with pytest.raises(MappingError) as caught:
        mapped(trigger, {5: name})
    assert caught.value.field == "PID-5"


def test_an_update_need_not_name_the_patient(mapped: Mapped) -> None:
    (event,) = mapped("A08", {5: ""}).events
    assert isinstance(event, model.PatientUpdated)
    assert event.patient.name == ()


@pytest.mark.parametrize("trigger", ["A04", "A40"])
def test_a_message_without_pid_is_a_case(adt: Build, trigger: str) -> None:
    data = adt(trigger).replace(b"PID|", b"ZPI|")
    with pytest.raises(MappingError) as caught:
        translate(hl7v2.parse(data))
    assert caught.value.field == "PID"


def test_a_merge_names_survivor_and_retired(mapped: Mapped) -> None:
    (event,) = mapped("A40", {}, ("MRG", {1: "771^^^STATE^PI~MRN2^^^LAKESIDE^MR~900-12-3456^^^SSA^SS"})).events
    assert isinstance(event, model.PatientMerged)
    assert event.survivor.identifier[0].value == "MRN1"
    assert [one.value for one in event.retired] == ["MRN2", "771"]


def test_several_groups_and_several_priors_become_an_event_each(mapped: Mapped) -> None:
    more = [PRIOR, ("MRG", {1: "MRN3"}), ("PID", {3: "MRN5^^^LAKESIDE^MR", 5: "Petrov"}), ("MRG", {1: "MRN6"})]
    events = mapped("A40", {}, *more).events
    pairs = [(e.survivor.identifier[0].value, e.retired[0].value) for e in events if isinstance(e, model.PatientMerged)]
    assert pairs == [("MRN1", "MRN2"), ("MRN1", "MRN3"), ("MRN5", "MRN6")]


@pytest.mark.parametrize(
    "more",
    [
        [],
        [("MRG", {1: ""})],
        [("MRG", {1: "^^^LAKESIDE^MR", 3: "ACC1"})],
        [("MRG", {1: "MRN1^^^LAKESIDE^MR"})],
        [("MRG", {1: "MRN1"})],
        [PRIOR, ("PID", {3: "MRN5", 5: "Petrov"})],
    ],
)
def test_a_merge_that_does_not_say_who_ends_is_a_case(mapped: Mapped, more: list[tuple[str, dict[int, str]]]) -> None:
    with pytest.raises(MappingError) as caught:
        mapped("A40", {}, *more)
    assert caught.value.field == "MRG-1"


def test_the_same_number_of_another_assigner_is_another_record(mapped: Mapped) -> None:
    assert len(mapped("A40", {}, ("MRG", {1: "MRN1^^^NORTH^MR"})).events) == 1


def test_a_prior_record_before_any_patient_is_a_case(adt: Build) -> None:
    data = adt("A40", {}, ("PID", {3: "MRN5"})).replace(b"PID|1", b"MRG|MRN2", 1)
    with pytest.raises(MappingError) as caught:
        translate(hl7v2.parse(data))
    assert caught.value.field == "PID"


def test_a39_without_a_prior_patient_merges_external_numbers_only(mapped: Mapped) -> None:
    result = mapped("A39", {}, ("MRG", {4: "EXT2"}))
    assert result.events == ()
    assert result.filtered == "ADT^A39 merges external numbers only: no prior patient in MRG-1"


@pytest.mark.parametrize(
    ("pid", "more", "expected"),
    [
        ({7: '""'}, [], ["patient.birthDate"]),
        ({5: '""'}, [], ["patient.name"]),
        (
            {8: '""', 11: '""', 13: '""', 14: '""'},
            [],
            ["patient.gender", "patient.address", "patient.telecom.home", "patient.telecom.work"],
        ),
        ({13: '""', 14: "555-0100^PRN"}, [], []),
        ({11: '4 Mill Ln^""^Thornby'}, [], []),
        (
            {15: '""', 16: '""', 18: '""', 29: '""', 30: '""'},
            [],
            [
                "patient.language",
                "patient.maritalStatus",
                "patient.account",
                "patient.deceasedDateTime",
                "patient.deceasedBoolean",
            ],
        ),
        ({}, [("PV1", {2: "I", 3: '""', 45: '""'})], ["encounter.location", "encounter.period.end"]),
        ({}, [("IN1", {1: "1", 2: '""'})], ["coverage"]),
        ({}, [("IN1", {1: "1", 2: '""', 36: "P"})], []),
        ({}, [("GT1", {3: '""'})], ["guarantor"]),
        ({3: 'MRN1~""'}, [], []),
    ],
)
def test_a_null_clears(
    mapped: Mapped, pid: dict[int, str], more: list[tuple[str, dict[int, str]]], expected: list[str]
) -> None:
    (event,) = mapped("A08", pid, *more).events
    assert isinstance(event, model.PatientUpdated)
    assert list(event.cleared) == expected


def test_a_cleared_path_never_stands_beside_a_value(mapped: Mapped) -> None:
    (event,) = mapped("A08", {7: '""', 8: '""', 11: '""', 16: '""'}).events
    assert isinstance(event, model.PatientUpdated)
    shown = msgspec.to_builtins(event)
    for path in event.cleared:
        assert path.rpartition(".")[2] not in shown["patient"]
