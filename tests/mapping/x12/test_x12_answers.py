"""276, 277, 277CA, 278, 999, 997, TA1: what payers say of what they were sent."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from careloom.core.errors import MappingError

Events = Callable[..., list[Any]]


def test_claims_that_are_asked_about(events: Events) -> None:
    first, second = events("276_claim_status.edi")
    assert (first.claim.value, first.request.value, first.payer_claim.value) == (
        "ENC-88101", "STAT-0001-1", "PCN2026000077",
    )  # fmt: skip
    assert (first.charged.value, first.serviced.end) == (Decimal(500), "2026-02-03")
    assert first.patient.birth_date == "1979-12-04", "which stands at the level, not beside the name"
    assert second.patient.name[0].given == ("IDA",)
    assert second.patient.identifier[0].type == "SN"


def test_where_claims_stand(events: Events) -> None:
    first, second = events("277_claim_status.edi")
    response = first.response
    assert first.type == "claim.status_changed.v1"
    assert (response.claim.value, response.request.value) == ("ENC-88101", "STAT-0001-1")
    assert [(one.category, one.code) for one in response.state] == [("F1", "65")]
    assert (response.paid.value, response.payment_date, response.payment.value) == (
        Decimal(360), "2026-03-09", "CHK55012",
    )  # fmt: skip
    assert (response.item[0].identifier.value, response.item[0].paid.value) == ("LINE-1", Decimal(150))
    assert second.response.state[0].category == "P1"


def test_an_answer_that_names_no_claim_is_known_by_the_inquiry(
    translated: Callable[..., Any], changed: Callable[..., bytes]
) -> None:
    [translation] = translated(changed("277_claim_status.edi", ("REF*EJ*ENC-88102~\n", "")))
    response = translation.events[1].response
    assert (response.claim.value, response.claim.use) == ("STAT-0001-2", "secondary")
    assert [issue.field for issue in translation.issues] == ["2200E/TRN02"]


def test_a_batch_that_was_taken(events: Events) -> None:
    batch, claim = events("277ca_accepted.edi")
    assert (batch.type, batch.acknowledgement.transmission.value) == ("transmission.acknowledged.v1", "CLMFILE-77")
    assert (batch.acknowledgement.outcome, batch.acknowledgement.accepted) == ("accepted", 1)
    assert (claim.type, claim.response.claim.value) == ("claim.acknowledged.v1", "ENC-88101")
    assert claim.response.payer_claim.value == "PCN2026000077"


def test_a_batch_of_which_one_was_refused(events: Events) -> None:
    batch, taken, refused = events("277ca_rejected.edi")
    assert batch.acknowledgement.outcome == "partially-accepted"
    assert (taken.type, refused.type) == ("claim.acknowledged.v1", "claim.rejected.v1")
    assert [(one.category, one.code, one.entity) for one in refused.response.state] == [("A3", "158", "QC")]
    assert refused.response.item[0].state[0].category == "A7"


def test_a_batch_that_was_refused_whole(events: Events, changed: Callable[..., bytes]) -> None:
    batch, *_ = events(changed("277ca_accepted.edi", ("STC*A1:19:PR*20260310*WQ*500~", "STC*A3:24:41*20260310*U*500~")))
    assert batch.acknowledgement.outcome == "rejected"
    assert [one.code for one in batch.acknowledgement.error] == ["A3:24"]


def test_leave_that_is_asked_for(events: Events) -> None:
    [event] = events("278_request.edi")
    request = event.request
    assert [one.value for one in request.identifier] == ["AUTHREQ-31-1", "AUTHREQ-31"]
    assert (request.category, request.action) == ("HS", "I")
    assert [one.code for one in request.diagnosis] == ["M1711"]
    [item] = request.item
    assert (item.product_or_service.coding[0].code, item.quantity.value) == ("27447", Decimal(1))
    assert event.coverage[0].subscriber_id == "W9000012345"


@pytest.mark.parametrize(
    ("name", "type", "decision", "number", "reasons"),
    [
        ("278_certified.edi", "authorization.granted.v1", "granted", "AUTH2026-0042", []),
        ("278_denied.edi", "authorization.denied.v1", "denied", None, ["0V"]),
        ("278_pended.edi", "authorization.pended.v1", "pended", None, ["0U"]),
    ],
)
def test_a_decision(
    events: Events, name: str, type: str, decision: str, number: str | None, reasons: list[str]
) -> None:
    [event] = events(name)
    found = event.authorization
    assert (event.type, found.decision, found.number and found.number.value) == (type, decision, number)
    assert [one.code for one in found.reason] == reasons
    assert found.request[0].value == "AUTHREQ-31-1"


def test_a_grant_says_from_when_to_when(events: Events) -> None:
    [event] = events("278_certified.edi")
    assert (event.authorization.period.start, event.authorization.period.end) == ("2026-04-01", "2026-06-30")
    assert [(one.decision, one.authorization.value) for one in event.authorization.item] == [
        ("granted", "AUTH2026-0042")
    ]


def test_a_request_that_could_not_be_processed_is_pended_with_its_reasons(
    events: Events, changed: Callable[..., bytes]
) -> None:
    [event] = events(changed("278_denied.edi", ("HCR*A3**0V~", "AAA*N**33*C~")))
    assert (event.type, [one.system for one in event.authorization.reason]) == ("authorization.pended.v1", ["X12-901"])


def test_a_decision_that_we_do_not_know_waits_for_a_person(events: Events, changed: Callable[..., bytes]) -> None:
    with pytest.raises(MappingError) as refused:
        events(changed("278_denied.edi", ("HCR*A3**0V~", "HCR*Q9**0V~")))
    assert refused.value.field == "2000E/HCR01"


def test_an_answer_that_decides_on_nothing_waits_for_a_person(events: Events, changed: Callable[..., bytes]) -> None:
    text = changed("278_denied.edi").decode()
    start, end = text.index("HL*4*3*EV*0~"), text.index("SE*17*")
    with pytest.raises(MappingError) as refused:
        events((text[:start] + text[end:]).encode())
    assert refused.value.field == "HCR"


@pytest.mark.parametrize(
    ("name", "level", "outcome", "number"),
    [
        ("999_accepted.edi", "group", "accepted", "107"),
        ("997_accepted.edi", "group", "accepted", "130"),
        ("997_rejected.edi", "group", "rejected", "131"),
        ("ta1_rejected.edi", "interchange", "rejected", "000000107"),
    ],
)
def test_an_acknowledgement(events: Events, name: str, level: str, outcome: str, number: str) -> None:
    [event] = events(name)
    found = event.acknowledgement
    assert (found.level, found.outcome, found.transmission.value) == (level, outcome, number)
    assert bool(found.error) == (outcome == "rejected")


def test_errors_of_an_acknowledgement_name_places_and_no_value(events: Events, enclosed: Callable[..., bytes]) -> None:
    body = """
        AK1*HC*108*005010X222A1~
        AK2*837*0001*005010X222A1~
        IK3*CLM*22*2300*8~
        CTX*CLM01:SECRET-VALUE~
        IK4*5:1*1331*7*SECRET-VALUE~
        IK5*R*5~
        AK2*837*0002*005010X222A1~
        IK5*A~
        AK9*P*2*2*1~
    """
    [event] = events(enclosed("999", "005010X231A1", "FA", body))
    found = event.acknowledgement
    assert (found.outcome, found.transactions, found.accepted) == ("partially-accepted", 2, 1)
    assert [one.value for one in found.rejected] == ["0001"]
    assert [(one.transaction, one.place, one.code) for one in found.error] == [
        ("0001", "2300/CLM at segment 22", "8"),
        ("0001", "2300/CLM at segment 22, element 5-1", "7"),
        ("0001", "ST", "5"),
    ]
    assert "SECRET" not in repr(event)


@pytest.mark.parametrize(("old", "new", "field"), [("AK1*HC*107*", "AK1*HC**", "AK102"), ("AK9*A*", "AK9**", "AK901")])
def test_an_acknowledgement_of_nothing(
    events: Events, changed: Callable[..., bytes], old: str, new: str, field: str
) -> None:
    with pytest.raises(MappingError) as refused:
        events(changed("999_accepted.edi", (old, new)))
    assert refused.value.field == field
