"""835: every cent is accounted for, in one event or over the slices of a large file."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from careloom.core.errors import MappingError
from careloom.mapping.reading.x12 import CLAIMS
from careloom.model import ClaimAdjudicated, RemittanceReceived

Events = Callable[..., list[Any]]
SAMPLE = "835_two_claims.edi"


def total(remittance: Any, paid: list[Decimal]) -> Decimal:
    return sum(paid, Decimal(0)) - sum((one.amount.value for one in remittance.adjustment), Decimal(0))


def explained(explanation: Any) -> Decimal:
    """What was charged less all adjustments."""
    own = [one.amount.value for one in explanation.adjustment]
    lines = [one.amount.value for item in explanation.item for one in item.adjustment]
    return Decimal(explanation.charged.value - sum(own + lines, Decimal(0)))


def test_the_payment_balances_to_the_cent(events: Events) -> None:
    payment, *claims = events(SAMPLE)
    remittance = payment.remittance
    assert isinstance(payment, RemittanceReceived)
    assert remittance.amount.value == Decimal("1038.75")
    assert total(remittance, [one.paid.value for one in remittance.claim]) == remittance.amount.value
    assert [explained(one.explanation) for one in claims] == [one.explanation.paid.value for one in claims]
    for claim in claims:
        for item in claim.explanation.item:
            adjusted = sum((one.amount.value for one in item.adjustment), Decimal(0))
            assert item.charged.value - adjusted == item.paid.value


def test_who_paid_whom_and_how(events: Events) -> None:
    payment, *_ = events(SAMPLE)
    remittance = payment.remittance
    assert (remittance.identifier[0].value, remittance.identifier[0].assigner) == ("EFT2026030901", "1999999999")
    assert (remittance.method, remittance.direction, remittance.payment_date) == ("ach", "credit", "2026-03-09")
    assert (remittance.payor.name, remittance.payee.identifier[0].type) == ("EXAMPLE HEALTH PLAN", "NPI")
    assert remittance.account == "4321", "an account is told by its end alone"
    assert [(one.reason, one.reference, str(one.amount.value)) for one in remittance.adjustment] == [
        ("WO", "OVP-3301", "25.5"), ("L6", "INT-3302", "-4.25"),
    ]  # fmt: skip


def test_a_claim_line_by_line(events: Events) -> None:
    _, first, second = events(SAMPLE)
    explanation = first.explanation
    assert isinstance(first, ClaimAdjudicated)
    assert (explanation.claim.value, explanation.payer_claim.value) == ("ENC-88101", "PCN2026000077")
    assert (explanation.decision, explanation.patient_responsibility.value) == ("primary", Decimal(50))
    assert explanation.serviced.start == "2026-02-01"
    assert explanation.rendering.identifier[0].value == "1999999927"
    line = explanation.item[0]
    assert (line.identifier.value, line.allowed.value, line.remark) == ("LINE-1", Decimal(170), ("N130",))
    assert [(one.group, one.reason, one.amount.value) for one in line.adjustment] == [
        ("CO", "45", Decimal(30)), ("PR", "3", Decimal(20)),
    ]  # fmt: skip
    assert explanation.item[1].modifier == ("26",)
    assert (second.explanation.remark, second.explanation.item) == (("MA01",), ())
    assert first.patient.identifier[0].type == "MR"


def test_claims_that_do_not_make_the_payment_are_told_and_reported(
    translated: Callable[..., Any], changed: Callable[..., bytes]
) -> None:
    [translation] = translated(changed(SAMPLE, ("BPR*I*1038.75*", "BPR*I*1038.76*")))
    assert [issue.field for issue in translation.issues] == ["BPR02"]
    assert len(translation.events[0].remittance.claim) == 2


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("CLP*ENC-88101*1*500*360*", "CLP*ENC-88101*1*500*36o*", "2100/CLP04"),
        ("CAS*CO*45*30~", "CAS*CO*45*x~", "2110/CAS03"),
        ("CAS*CO*45*30~", "CAS*XX*45*30~", "2110/CAS01"),
        ("*L6:INT-3302*-4.25~", "*L6:INT-3302*~", "PLB06"),
        ("TRN*1*EFT2026030901*", "TRN*1**", "TRN02"),
        ("BPR*I*1038.75*", "BPR*I**", "BPR02"),
        ("CLP*ENC-88103*", "CLP**", "2100[2]/CLP01"),
    ],
)
def test_what_the_sums_need_waits_for_a_person(
    events: Events, changed: Callable[..., bytes], old: str, new: str, field: str
) -> None:
    with pytest.raises(MappingError) as refused:
        events(changed(SAMPLE, (old, new)))
    assert refused.value.field == field


def large(claims: int) -> bytes:
    """A payment of so many claims, each of 10.01, with 0.01 kept back for each by a PLB."""
    head = [
        "ISA*00*          *00*          *ZZ*EXAMPLEPAYER   *ZZ*EXAMPLEHOSP    *260310*0915*^*00501*000000199*0*T*:",
        "GS*HP*EXAMPLEPAYER*EXAMPLEHOSP*20260310*0915*199*X*005010X221A1",
    ]
    paid = Decimal("10.01") * claims - Decimal("0.01") * claims
    body = [
        "ST*835*0001",
        f"BPR*I*{paid}*C*CHK************20260309",
        "TRN*1*CHK55012*1999999999",
        "N1*PR*EXAMPLE HEALTH PLAN*XV*EX001",
        "N1*PE*EXAMPLE GENERAL HOSPITAL*XX*1999999992",
        "LX*1",
    ]
    for number in range(claims):
        body += [
            f"CLP*ENC-{number}*1*12*10.01*1.99*12*PCN{number}*11*1",
            "CAS*CO*45*1.99",
            "NM1*QC*1*QUILLFEATHER*RUFUS",
        ]
    body += [f"PLB*1999999992*20261231*WO:FEE*{Decimal('0.01') * claims}"]
    body += [f"SE*{len(body) + 1}*0001"]
    return ("~".join([*head, *body, "GE*1*199", "IEA*1*000000199"]) + "~").encode()


def test_a_large_payment_comes_in_slices_and_is_told_once(translated: Callable[..., Any]) -> None:
    claims = 2 * CLAIMS + 7
    slices = translated(large(claims))
    assert [len(one.events) for one in slices] == [CLAIMS, CLAIMS, 8]
    told = [event for one in slices for event in one.events]
    [payment] = [event for event in told if isinstance(event, RemittanceReceived)]
    explanations = [event.explanation for event in told if isinstance(event, ClaimAdjudicated)]
    assert [one.claim.value for one in explanations] == [f"ENC-{number}" for number in range(claims)]
    assert payment.remittance.claim == (), "a part of the claims would look like all of them"
    assert total(payment.remittance, [one.paid.value for one in explanations]) == payment.remittance.amount.value
    assert {one.remittance for one in explanations} == set(payment.remittance.identifier)
    assert not [issue for one in slices for issue in one.issues]


def test_a_payment_that_fits_in_one_slice_is_whole(events: Events) -> None:
    payment, *claims = events(large(CLAIMS))
    assert len(payment.remittance.claim) == len(claims) == CLAIMS


def test_a_payment_without_claims_is_a_payment(events: Events, changed: Callable[..., bytes]) -> None:
    text = changed(SAMPLE).decode()
    start, end = text.index("LX*1~"), text.index("PLB*")
    bare = (text[:start] + text[end:]).replace("BPR*I*1038.75*", "BPR*I*-21.25*").replace("SE*44*", "SE*15*")
    [payment] = events(bare.encode())
    assert payment.remittance.amount.value == Decimal("-21.25")
