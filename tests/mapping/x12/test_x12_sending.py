"""What we write: valid to the letter, known to others, and read back as the event that it was written from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import msgspec
import pytest

from careloom.core.errors import FormatError, MappingError
from careloom.formats import x12
from careloom.mapping.x12.sending import Envelope, to_270, to_276, to_278, to_834, to_837, to_850
from careloom.model import (
    ClaimSubmitted,
    ContactPoint,
    Coverage,
    Identifier,
    Money,
    Organization,
    Period,
    Quantity,
)

Events = Callable[..., list[Any]]
SUBMITTER = Organization(
    name="EXAMPLE GENERAL HOSPITAL",
    identifier=(Identifier(value="EXHOSP", type="ETIN"),),
    telecom=(ContactPoint(system="phone", value="6145550141"),),
)
QUESTIONS = ["270_subscriber.edi", "270_dependent.edi", "276_claim_status.edi", "278_request.edi"]
ORDERS = ["850_purchase_order.edi", "850_purchase_order_4010.edi"]
CLAIMS = ["837p_office_visit.edi", "837i_inpatient.edi", "837d_restoration.edi", "837p_4010.edi", "837p_patient.edi"]


def envelope(event: Any, **more: Any) -> Envelope:
    """From who sent the event before, so that it reads back the same."""
    settings: dict[str, Any] = {
        "sender": event.facility or "EXAMPLEHOSP", "receiver": "EXAMPLEPAYER", "control": 4711, "usage": "T",
        "time": event.occurred or datetime(2026, 3, 10, 9, 15, tzinfo=UTC), "company": "9EXAMPLEHO",
        "submitter": SUBMITTER,
    }  # fmt: skip
    return Envelope(**(settings | more))


def write(events: Sequence[Any]) -> bytes:
    """The set of an event, whichever it is."""
    first = events[0]
    if isinstance(first, ClaimSubmitted):
        return to_837(events, envelope(first))
    writers: dict[str, Callable[..., bytes]] = {
        "eligibility": to_270, "claim": to_276, "authorization": to_278, "purchase_order": to_850,
    }  # fmt: skip
    return writers[first.type.partition(".")[0]](first, envelope(first))


def groups(events: list[Any]) -> list[list[Any]]:
    """Claims go out together, all else one by one."""
    return [events] if isinstance(events[0], ClaimSubmitted) else [[one] for one in events]


@pytest.mark.parametrize("name", [*QUESTIONS, *ORDERS, *CLAIMS])
def test_it_is_valid_and_reads_back_the_same(events: Events, name: str) -> None:
    for own in groups(events(name)):
        data = write(own)
        assert x12.validate(data, strict=True).findings == []
        assert events(data) == own


@pytest.mark.parametrize("name", [one for one in CLAIMS if one[3] in "pi"])
def test_the_referee_takes_our_claims(events: Events, name: str, tmp_path: Path) -> None:
    document = pytest.importorskip("pyx12.x12n_document")
    params = pytest.importorskip("pyx12.params")
    file = tmp_path / "claims.edi"
    file.write_bytes(write(events(name)))
    assert document.x12n_document(params.params(), str(file), StringIO(), None)


def test_control_numbers_are_those_given(events: Events) -> None:
    [event] = events("270_subscriber.edi")
    [interchange] = x12.parse(to_270(event, envelope(event, control=123456789, group_control=7, set_control=42)))
    [group] = interchange.groups
    assert (interchange.control_number, group.control_number) == ("123456789", "7")
    assert [one.control_number for one in group.transactions] == ["0042"]
    assert interchange.header[15] == "T"


def test_the_same_event_gives_the_same_bytes(events: Events) -> None:
    for name in (*QUESTIONS, *CLAIMS, *ORDERS):
        own = groups(events(name))[0]
        assert write(own) == write(own)


def test_question_and_answer_are_paired(events: Events) -> None:
    [event] = events("270_subscriber.edi")
    data = to_270(event, envelope(event, receiver="EXAMPLEPAYER"))
    waiting = x12.expects(next(x12.parse(data)[0].transactions))
    assert {one.kind for one in waiting} == {"271", "999"}


def test_claims_of_several_types_and_providers_in_one_interchange(events: Events) -> None:
    own = [*events("837p_office_visit.edi"), *events("837i_inpatient.edi"), *events("837p_patient.edi")]
    data = to_837(own, envelope(own[0], control=9), batch="BATCH-9")
    assert x12.validate(data, strict=True).findings == []
    [interchange] = x12.parse(data)
    assert [one.version for one in interchange.transactions] == ["005010X223A2", "005010X222A1"]
    assert {one.get("BHT03") for one in interchange.transactions} == {"BATCH-9"}
    back = [event.claim.identifier[0].value for event in events(data)]
    assert sorted(back) == sorted(one.claim.identifier[0].value for one in own)


def lacking(event: Any, path: str) -> Any:
    """The event without what stands at a path."""
    head, _, rest = path.partition(".")
    inner = getattr(event, head)
    if not rest:
        return msgspec.structs.replace(event, **{head: () if isinstance(inner, tuple) else None})
    return msgspec.structs.replace(event, **{head: lacking(inner, rest)})


@pytest.mark.parametrize(
    ("name", "path", "field"),
    [
        ("270_subscriber.edi", "patient", "patient"),
        ("270_subscriber.edi", "request.insurer", "request.insurer"),
        ("270_subscriber.edi", "request.provider", "request.provider"),
        ("270_subscriber.edi", "patient.name", "patient.name"),
        ("276_claim_status.edi", "payor", "payor"),
        ("278_request.edi", "patient", "patient"),
        ("837p_office_visit.edi", "claim.provider", "claim.provider"),
        ("837p_office_visit.edi", "claim.provider.address", "claim.provider.address"),
        ("837p_office_visit.edi", "coverage", "coverage[0].payor"),
        ("837p_office_visit.edi", "claim.facility_type", "claim.facilityType"),
        ("837i_inpatient.edi", "claim.discharge_status", "claim.dischargeStatus"),
    ],
)
def test_what_is_missing_is_named_by_its_place_in_the_event(events: Events, name: str, path: str, field: str) -> None:
    event = lacking(events(name)[0], path)
    with pytest.raises(MappingError) as refused:
        write([event])
    assert refused.value.field == field


def test_a_value_that_the_guide_does_not_take_is_refused_by_its_place(events: Events) -> None:
    [event] = events("270_subscriber.edi")
    long = msgspec.structs.replace(event, request=msgspec.structs.replace(event.request, service_type=("TOO LONG",)))
    with pytest.raises(FormatError) as refused:
        to_270(long, envelope(event))
    assert refused.value.location == "2110C/EQ01"
    assert "TOO" not in str(refused.value)


def test_a_value_with_a_delimiter_is_refused_and_other_delimiters_let_it_pass(events: Events) -> None:
    [event] = events("270_subscriber.edi")
    starred = msgspec.structs.replace(
        event,
        patient=msgspec.structs.replace(
            event.patient, name=(msgspec.structs.replace(event.patient.name[0], family="P*C"),)
        ),
    )
    with pytest.raises(FormatError):
        to_270(starred, envelope(event))
    marks = x12.Delimiters(b"|", b">", b"^", b"~")
    [back] = events(to_270(starred, envelope(event, delimiters=marks)))
    assert back.patient.name[0].family == "P*C"


def test_a_claim_made_by_hand_is_complete(events: Events) -> None:
    [first, _] = events("837p_office_visit.edi")
    item = first.claim.item[0]
    plain = msgspec.structs.replace(item, serviced=None, quantity=None, identifier=None)
    claim = msgspec.structs.replace(
        first.claim, item=(plain,), total=item.net, billable_period=Period(start="2026-02-01"), frequency=None
    )
    [back] = events(write([msgspec.structs.replace(first, claim=claim)]))
    assert back.claim.item[0].serviced == Period(start="2026-02-01", end="2026-02-01")
    assert (back.claim.item[0].quantity, back.claim.frequency) == (Quantity(value=Decimal(1), unit="UN"), "1")


def test_pharmacy_claims_go_another_way(events: Events) -> None:
    [first, _] = events("837p_office_visit.edi")
    with pytest.raises(MappingError) as refused:
        write([msgspec.structs.replace(first, claim=msgspec.structs.replace(first.claim, type="pharmacy"))])
    assert refused.value.field == "claim.type"


def test_an_order_in_another_currency_says_so(events: Events) -> None:
    [event] = events("850_purchase_order_4010.edi")
    line = msgspec.structs.replace(event.order.line[0], unit_price=Money(value=Decimal(3), currency="EUR"))
    order = msgspec.structs.replace(event.order, line=(line,))
    [back] = events(write([msgspec.structs.replace(event, order=order)]))
    assert back.order.line[0].unit_price.currency == "EUR"
    mixed = msgspec.structs.replace(order, line=(line, event.order.line[0]))
    with pytest.raises(MappingError):
        write([msgspec.structs.replace(event, order=mixed)])


def test_a_day_that_is_not_known_to_the_day_is_left_out(events: Events) -> None:
    [event] = events("270_subscriber.edi")
    patient = msgspec.structs.replace(event.patient, birth_date="1979")
    [back] = events(write([msgspec.structs.replace(event, patient=patient)]))
    assert back.patient.birth_date is None
    assert date.fromisoformat(back.request.serviced.start) == date(2026, 3, 10)


def test_who_asks_for_a_dependent_names_the_policy_holder(events: Events) -> None:
    [event] = events("270_dependent.edi")
    unnamed = msgspec.structs.replace(event.request.coverage.policy_holder, name=())
    coverage = msgspec.structs.replace(event.request.coverage, policy_holder=unnamed)
    asked = msgspec.structs.replace(event, request=msgspec.structs.replace(event.request, coverage=coverage))
    [back] = events(write([asked]))
    assert isinstance(back.request.coverage, Coverage)
    assert back.request.coverage.policy_holder == unnamed


@pytest.mark.parametrize("name", ["834_enrollment.edi", "834_termination.edi"])
def test_members_are_valid_and_read_back_the_same(events: Events, name: str) -> None:
    own = events(name)
    data = to_834(own, envelope(own[0]), reference="ENR-1")
    assert x12.validate(data, strict=True).findings == []
    assert events(data) == own


def test_members_of_several_plans_go_apart(events: Events) -> None:
    own = [*events("834_enrollment.edi"), *events("834_termination.edi")]
    other = msgspec.structs.replace(own[-1].enrollment, insurer=SUBMITTER)
    with pytest.raises(MappingError) as refused:
        to_834([*own[:-1], msgspec.structs.replace(own[-1], enrollment=other)], envelope(own[0]))
    assert refused.value.field == "[2].enrollment.sponsor"


def test_a_member_without_a_relationship_is_named(events: Events) -> None:
    own = [lacking(one, "enrollment.relationship") for one in events("834_enrollment.edi")]
    with pytest.raises(MappingError) as refused:
        to_834(own, envelope(own[0]))
    assert refused.value.field == "[0].enrollment.relationship"
