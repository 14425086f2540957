"""270 and 271."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from careloom.core.errors import MappingError
from careloom.mapping.source import Settings
from careloom.model import Coding, Identifier

Events = Callable[..., list[Any]]


def test_a_question_names_person_payer_and_services(events: Events) -> None:
    [event] = events("270_subscriber.edi")
    assert event.type == "eligibility.requested.v1"
    assert [one.value for one in event.request.identifier] == ["ELIG-0001-1", "ELIG-0001"]
    assert event.request.service_type == ("30", "98", "UC")
    assert event.request.insurer.identifier == (Identifier(value="EX001", type="NIIP"),)
    assert event.request.provider.identifier == (Identifier(value="1999999992", type="NPI"),)
    assert event.request.coverage.subscriber_id == "W9000012345"
    assert event.request.coverage.relationship == "self"
    assert (event.patient.birth_date, event.patient.gender) == ("1979-12-04", "female")
    assert event.request.serviced.start == "2026-03-10"


def test_a_dependent_is_not_known_by_the_number_of_its_family(events: Events) -> None:
    [event] = events("270_dependent.edi")
    assert [(one.type, one.use) for one in event.patient.identifier] == [("SN", "secondary")]
    assert event.request.coverage.policy_holder.identifier[0].type == "MB"
    assert event.request.coverage.policy_holder.name != event.patient.name


def test_an_active_plan_with_its_benefits(events: Events) -> None:
    [event] = events("271_active.edi")
    response = event.response
    assert (response.outcome, response.active, response.error) == ("complete", True, ())
    assert [one.value for one in response.request] == ["ELIG-0001-1", "ELIG-0001"]
    deductible, remaining = response.benefit[1:3]
    assert (deductible.kind, deductible.time, deductible.amount.value) == ("C", "23", Decimal(1500))
    assert (remaining.time, remaining.amount.value) == ("29", Decimal("420.5"))
    copay, share = response.benefit[3:5]
    assert (copay.service_type, copay.in_network, copay.message) == (("98",), True, ("SPECIALIST REFERRAL NOT NEEDED",))
    assert (share.percent.value, share.percent.unit) == (Decimal(20), "%")
    assert response.coverage.plan.name == "EXAMPLE PPO"
    assert (response.coverage.group.value, response.coverage.group.name) == ("GRP7700", "EXAMPLE TOWNSHIP")
    assert response.coverage.period.start == "2026-01-01"


def test_an_inactive_plan(events: Events) -> None:
    [event] = events("271_inactive.edi")
    assert (event.response.active, event.response.outcome) == (False, "complete")
    assert event.response.coverage.period.end == "2025-12-31"


def test_a_question_that_was_not_answered(events: Events) -> None:
    [event] = events("271_rejected.edi")
    assert (event.response.active, event.response.outcome) == (None, "error")
    assert event.response.error == (Coding(code="75", system="X12-901"),)


def test_a_payer_that_could_not_even_look(events: Events, enclosed: Callable[..., bytes]) -> None:
    body = """
        BHT*0022*11*ELIG-0009*20260310*0916~
        HL*1**20*0~
        AAA*Y**42*Y~
        NM1*PR*2*EXAMPLE HEALTH PLAN*****PI*EX001~
    """
    [event] = events(enclosed("271", "005010X279A1", "HB", body))
    assert event.response.request == (Identifier(value="ELIG-0009"),)
    assert [one.code for one in event.response.error] == ["42"]
    assert event.patient is None


def test_what_holds_for_the_plan_decides_before_what_holds_for_a_service(
    events: Events, changed: Callable[..., bytes]
) -> None:
    data = changed("271_active.edi", ("EB*1**30*PR*EXAMPLE PPO~", "EB*6**30~\nEB*1**48~"), ("SE*30*", "SE*31*"))
    [event] = events(data)
    assert event.response.active is False


def test_an_answer_to_nothing_waits_for_a_person(events: Events, changed: Callable[..., bytes]) -> None:
    data = changed("271_inactive.edi", ("BHT*0022*11*ELIG-0003*", "BHT*0022*11**"), ("TRN*2*ELIG-0003-1*", "TRN*2**"))
    with pytest.raises(MappingError) as refused:
        events(data)
    assert refused.value.field == "BHT03"


def test_a_social_security_number_stays_behind(events: Events, changed: Callable[..., bytes]) -> None:
    data = changed("270_subscriber.edi", ("*MI*W9000012345~", "*MI*W9000012345~\nREF*SY*900010001~"))
    [event] = events(data)
    assert "SS" not in [one.type for one in event.patient.identifier]
    only = changed("270_subscriber.edi", ("*MI*W9000012345~", "~\nREF*SY*900010001~"))
    [event] = events(only, Settings(social_security=True))
    assert [(one.type, one.value) for one in event.patient.identifier] == [("SS", "900010001")]


def test_a_number_that_is_none_is_dropped_and_told(
    translated: Callable[..., Any], changed: Callable[..., bytes]
) -> None:
    [translation] = translated(changed("271_active.edi", ("*23*1500*", "*23*15OO*")))
    assert [(issue.field, issue.problem) for issue in translation.issues] == [
        ("2110C[2]/EB07", "is no number; dropped")
    ]
    assert translation.events[0].response.benefit[1].amount is None
