"""Orders, prescriptions, referrals and results: which group is which event, and what stays behind."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal

import pytest

from careloom import model
from careloom.core.errors import MappingError
from careloom.mapping import Translation

Mapped = Callable[..., Translation]
OBR = (
    "OBR|1|ORD1^EHR|LAB1^LAB|80053^Metabolic panel^C4|||20260302070000-0800|||||||||1999999992^Brandt^Ivo^^^^^^^^^^NPI"
    "||||||20260302080000-0800||CH|{status}"
)


def obr(status: str = "F") -> str:
    return OBR.format(status=status)


@pytest.mark.parametrize(
    ("control", "status", "event", "stands"),
    [
        ("NW", "", model.ServiceOrdered, "active"),
        ("NW", "CM", model.ServiceOrdered, "completed"),
        ("NW", "CA", model.ServiceOrderCancelled, "revoked"),
        ("RO", "", model.ServiceOrdered, "active"),
        ("XO", "", model.ServiceOrderChanged, "active"),
        ("SC", "IP", model.ServiceOrderChanged, "active"),
        ("SC", "CA", model.ServiceOrderCancelled, "revoked"),
        ("SC", "CM", model.ServiceOrderChanged, "completed"),
        ("HD", "", model.ServiceOrderChanged, "on-hold"),
        ("RL", "", model.ServiceOrderChanged, "active"),
        ("CA", "", model.ServiceOrderCancelled, "revoked"),
        ("DC", "IP", model.ServiceOrderCancelled, "revoked"),
        ("OC", "", model.ServiceOrderCancelled, "revoked"),
        ("UA", "", model.ServiceOrderCancelled, "revoked"),
        ("", "", model.ServiceOrdered, "active"),
    ],
)
@pytest.mark.parametrize("kind", ["ORM^O01", "OML^O21", "OMG^O19", "OMI^O23"])
def test_control_and_status_make_the_event(
    mapped: Mapped, kind: str, control: str, status: str, event: type, stands: str
) -> None:
    (told,) = mapped(kind, f"ORC|{control}|ORD1^EHR|||{status}", "OBR|1|||71020^X-ray^C4").events
    assert isinstance(told, model.ServiceOrderEvent)
    assert told.__class__ is event
    assert told.order.status == stands


@pytest.mark.parametrize("control", ["OK", "SN", "SS", "DE", "LI", "RE", "PR", "UC"])
def test_what_orders_nothing_is_filtered(mapped: Mapped, control: str) -> None:
    result = mapped("ORM^O01", f"ORC|{control}|ORD1^EHR", "OBR|1|||71020^X-ray^C4")
    assert result.events == ()
    assert result.filtered == "ORM^O01 places, changes or cancels no order"
    assert [issue.field for issue in result.issues] == ["ORC-1"]


def test_the_placer_numbers_come_first_and_from_obr_where_orc_is_silent(mapped: Mapped) -> None:
    (told,) = mapped("ORM^O01", "ORC|NW", "OBR|1|ORD1^EHR^2.999.4^ISO|LAB1^LAB|80053^Panel^C4").events
    assert isinstance(told, model.ServiceOrdered)
    assert told.order.identifier == (
        model.Identifier(value="ORD1", type="PLAC", assigner="EHR", system="urn:oid:2.999.4"),
        model.Identifier(value="LAB1", type="FILL", assigner="LAB"),
    )


def test_an_order_without_a_number_is_a_case(mapped: Mapped) -> None:
    with pytest.raises(MappingError) as case:
        mapped("ORM^O01", "ORC|NW", "OBR|1|||80053^Panel^C4")
    assert case.value.field == "ORC-2"


def test_each_order_has_its_own_segments(mapped: Mapped) -> None:
    first, second = mapped(
        "OML^O21", "ORC|NW|A1^EHR", "TQ1|1||||||20260303080000-0800||S", "OBR|1|||80053^Panel^C4", "DG1|1||I10^^I10C",
        "ORC|CA|A2^EHR", "OBR|2|||71020^X-ray^C4||||||||||||||||||||RAD", "DG1|1||R07.9^^I10C",
    ).events  # fmt: skip
    assert isinstance(first, model.ServiceOrdered)
    assert isinstance(second, model.ServiceOrderCancelled)
    assert [one.code for one in first.order.reason] == ["I10"]
    assert [one.code for one in second.order.reason] == ["R07.9"]
    assert (first.order.priority, second.order.priority) == ("stat", None)
    assert (first.order.category, second.order.category) == ("laboratory", "imaging")


def test_orders_without_an_orc_are_one_an_obr(mapped: Mapped) -> None:
    events = mapped("ORM^O01", "OBR|1|A1^EHR||1^a", "OBR|2|A2^EHR||2^b").events
    assert [event.order.identifier[0].value for event in events if isinstance(event, model.ServiceOrdered)] == [
        "A1",
        "A2",
    ]


def test_earlier_results_within_an_order_are_no_orders(mapped: Mapped) -> None:
    (told,) = mapped(
        "OML^O21", "ORC|NW|A1^EHR", "OBR|1|||80053^Panel^C4", "PID|1||MRN1^^^LAKESIDE^MR",
        "OBR|1|OLD1^EHR||80053^Panel^C4",
        "OBX|1|NM|1^x||7",
    ).events  # fmt: skip
    assert isinstance(told, model.ServiceOrdered)
    assert told.order.identifier[0].value == "A1"


def test_occurred_is_when_the_order_was_given(mapped: Mapped) -> None:
    (told,) = mapped("ORM^O01", "ORC|NW|A1|||||||20260302070000-0800", "OBR|1|||1^a").events
    assert told.occurred is not None
    assert told.occurred.isoformat() == "2026-03-02T07:00:00-08:00"


@pytest.mark.parametrize("kind", ["ORR^O02", "ORL^O22"])
def test_answers_tell_only_what_changes(mapped: Mapped, kind: str) -> None:
    assert mapped(kind, "MSA|AA|1", "ORC|OK|A1^EHR|L1^LAB", "OBR|1|||1^a").filtered
    (told,) = mapped(kind, "MSA|AA|1", "ORC|UA|A1^EHR", "OBR|1|||1^a").events
    assert isinstance(told, model.ServiceOrderCancelled)


def test_a_drug_in_an_order_message_is_a_prescription(mapped: Mapped) -> None:
    (told,) = mapped("ORM^O01", "ORC|NW|A1^EHR", "RXO|0555^Metformin^NDC||||||||T||60|TAB|2").events
    assert isinstance(told, model.MedicationPrescribed)
    assert told.prescription.quantity == model.Quantity(value=Decimal(60), unit="TAB")
    assert (told.prescription.refills, told.prescription.substitution_allowed) == (2, True)


@pytest.mark.parametrize(
    ("trigger", "event", "status"),
    [
        ("I12", model.ReferralReceived, "active"), ("I13", model.ReferralUpdated, "active"),
        ("I14", model.ReferralUpdated, "revoked"), ("I15", model.ReferralUpdated, "active"),
    ],
)  # fmt: skip
def test_referrals(mapped: Mapped, trigger: str, event: type, status: str) -> None:
    (told,) = mapped(
        f"REF^{trigger}", "RF1|A|S|MED^Medical|||RF77^EHR|20260303|||Chest pain", "PRD|RP|Sorensen^Pia",
        "PRD|RT|Brandt^Ivo", "DG1|1||I50.9^Heart failure^I10C", "PR1|1||93306^Echo^C4", "AUT|PPO|HC03||||AUTH9",
    ).events  # fmt: skip
    assert isinstance(told, model.ReferralReceived | model.ReferralUpdated)
    assert told.__class__ is event
    order = told.order
    assert (order.status, order.identifier[0].value, order.priority) == (status, "RF77", "stat")
    assert [one.code for one in order.reason] == ["I50.9"]
    assert order.requester is not None
    assert order.requester.name == model.HumanName(family="Sorensen", given=("Pia",))
    assert "Chest pain" not in model.encode(told).decode()


@pytest.mark.parametrize(
    ("status", "stands"), [("F", "final"), ("C", "corrected"), ("X", "cancelled"), ("Z", "unknown")]
)
def test_finished_services(mapped: Mapped, status: str, stands: str) -> None:
    (told,) = mapped("ORU^R01", obr(status), "OBX|1|NM|2345-7^Glucose^LN||104|mg/dL|70-99|H|||F").events
    assert isinstance(told, model.ServiceCompleted)
    assert told.report.status == stands
    assert [(one.value, one.type) for one in told.report.order] == [("ORD1", "PLAC"), ("LAB1", "FILL")]
    assert [one.value for one in told.report.identifier] == ["LAB1"]
    assert told.report.category == "laboratory"
    assert "104" not in json.dumps(model.encode(told).decode())


@pytest.mark.parametrize("status", ["P", "I", "O", "S", "A", "R"])
def test_unfinished_services_are_filtered(mapped: Mapped, status: str) -> None:
    result = mapped("ORU^R01", obr(status), "OBX|1|NM|2345-7^Glucose^LN||104|||||P")
    assert result.filtered == "ORU^R01 tells of no finished service (OBR-25)"
    assert [issue.field for issue in result.issues] == ["OBR-25"]


@pytest.mark.parametrize(("results", "stands"), [("F", "final"), ("FC", "corrected"), ("FP", None), ("", "unknown")])
def test_without_a_status_the_results_tell(mapped: Mapped, results: str, stands: str | None) -> None:
    lines = [f"OBX|{number}|NM|1^x||1||||||{one}" for number, one in enumerate(results, 1)]
    events = mapped("ORU^R01", obr(""), *lines).events
    assert [event.report.status for event in events if isinstance(event, model.ServiceCompleted)] == (
        [stands] if stands else []
    )


def test_a_message_about_two_patients_is_two_events(mapped: Mapped) -> None:
    first, second = mapped(
        "ORU^R01", obr(), "PID|1||MRN2^^^LAKESIDE^MR", "OBR|1|ORD2^EHR||1^a||||||||||||||||||||||F"
    ).events
    assert isinstance(first, model.ServiceCompleted)
    assert isinstance(second, model.ServiceCompleted)
    assert [one.patient.identifier[0].value for one in (first, second)] == ["MRN1", "MRN2"]
    assert [one.report.order[0].value for one in (first, second)] == ["ORD1", "ORD2"]


def test_what_was_used_up_and_the_laboratory(mapped: Mapped) -> None:
    (told,) = mapped(
        "OUL^R22", "SPM|1|S1", "SAC|||C1", "INV|RG220^Reagent pack^L|OK||||||||0.01|EA|20260930||||R77", obr(),
        "ORC|RE", "OBX|1|NM|1^x||1||||||F||||||||||||Lakeside Laboratory^L^^^^^^^^LAB9",
    ).events  # fmt: skip
    assert isinstance(told, model.ServiceCompleted)
    (used,) = told.report.consumed
    assert used.item == (model.Identifier(value="RG220", type="SKU", assigner="LAKESIDE"),)
    assert used.quantity.value == Decimal("0.01")
    assert used.lot == model.Lot(number="R77", expiration_date="2026-09-30")
    assert told.report.performing_organization is not None
    assert told.report.performing_organization.name == "Lakeside Laboratory"


def test_charges_beside_a_result(mapped: Mapped) -> None:
    done, charged = mapped("ORU^R01", obr(), "FT1|1|T1||20260302|20260302|CG|80053^Panel^C4|||1|12.50&USD").events
    assert isinstance(done, model.ServiceCompleted)
    assert isinstance(charged, model.ChargePosted)
    assert [one.value for one in charged.charge.order] == ["ORD1", "LAB1"]
