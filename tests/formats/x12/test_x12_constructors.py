"""The typed constructors make what a strict reader takes, and carry what they were given."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest

from careloom.core.errors import FormatError
from careloom.formats import x12
from careloom.formats.x12.claims import ClaimBatch, ProfessionalClaim, ServiceLine, professional
from careloom.formats.x12.enquiries import (
    AuthorisationRequest,
    EligibilityQuestion,
    StatusQuestion,
    authorisation,
    claim_status,
    eligibility,
)
from careloom.formats.x12.orders import OrderLine, Place, PurchaseOrder, purchase_order
from careloom.formats.x12.parties import Address, Organization, Person

NOW = datetime(2026, 3, 1, 10, 15)
PARTIES = x12.Parties(sender="QUILLHOSP", receiver="NORTHPLAN")
HOME = Address(line="1 MILL LANE", city="PORT ELLERY", state="MN", zip="55999")
PAYER = Organization(name="NORTHERN HEALTH PLAN", identifier="NHP01", qualifier="PI")
CLINIC = Organization(
    name="NORTHSHORE CLINIC", identifier="1999999992", tax_identifier="900550120", contact="DESK", phone="5555550147",
    address=Address(line="12 HARBOUR ROW", city="PORT ELLERY", state="MN", zip="559990001"),
)  # fmt: skip
BILLING = Organization(name="QUILL BILLING", identifier="QUILL", qualifier="46", contact="DESK", phone="5555550147")
MEMBER = Person(last="VALE", first="IMOGEN", identifier="NS55012", born=date(1984, 2, 17), sex="F", address=HOME)
CHILD = Person(last="VALE", first="ROWAN", born=date(2015, 2, 17), sex="M", address=HOME)


def written(built: x12.BuiltSet) -> x12.Transaction:
    data = x12.write([built], PARTIES, time=NOW, control=417)
    assert x12.validate(data, strict=True).findings == []
    return next(x12.parse(data)[0].transactions)


@pytest.mark.parametrize("dependent", [None, CHILD])
def test_eligibility(dependent: Person | None) -> None:
    found = written(
        eligibility(
            EligibilityQuestion(
                reference="Q1", created=NOW, payer=PAYER, provider=CLINIC, subscriber=MEMBER, dependent=dependent,
                trace="T1", trace_company="9QUILLHOSP", services=("30", "88"), on=date(2026, 3, 1),
            )
        )
    )  # fmt: skip
    loop = "2100D" if dependent else "2100C"
    assert found.get(f"{loop}/NM104") == ("ROWAN" if dependent else "IMOGEN")
    assert found.get(f"{loop}/DTP03") == "20260301" and found.get("EQ01[2]") == "88" and found.get("TRN02") == "T1"


@pytest.mark.parametrize("dependent", [None, CHILD])
def test_claim_status(dependent: Person | None) -> None:
    question = StatusQuestion(
        reference="Q1", created=NOW, payer=PAYER, receiver=BILLING, provider=CLINIC, subscriber=MEMBER,
        dependent=dependent,
        trace="T1", claim="C1", payer_claim="N1", amount=Decimal("150.50"), first=date(2026, 2, 2), last=date(2026,
        2, 3),
    )  # fmt: skip
    found = written(claim_status(question))
    loop = "2200E" if dependent else "2200D"
    assert found.get(f"{loop}/AMT02") == "150.5" and found.get(f"{loop}/REF[01=1K]/02") == "N1"
    assert found.get(f"{loop}/DTP03") == "20260202-20260203"


@pytest.mark.parametrize("dependent", [None, CHILD])
def test_authorisation(dependent: Person | None) -> None:
    request = AuthorisationRequest(
        reference="Q1", created=NOW, payer=PAYER, provider=CLINIC, subscriber=MEMBER, dependent=dependent, trace="T1",
        trace_company="9QUILLHOSP", service="3", facility="11", first=date(2026, 4, 1), diagnoses=(("ABK", "M1711"),),
        procedures=("27447", "99213"), message="LEFT KNEE",
    )  # fmt: skip
    found = written(authorisation(request))
    assert found.get("2000E/UM04-1") == "11" and found.values("2000F/SV101-2") == ["27447", "99213"]
    assert (found.get("2010D/NM104") == "ROWAN") == bool(dependent)


def claim(number: int, **more: object) -> ProfessionalClaim:
    lines = (
        ServiceLine(procedure="99213", charge=Decimal("110.50"), units=1, first=date(2026, 2, 2), modifiers=("25",),
                    pointers=(1, 2), control="L1"),
        ServiceLine(procedure="73560", charge=Decimal(40), units=1, first=date(2026, 2, 2), last=date(2026, 2, 3)),
    )  # fmt: skip
    plain = ProfessionalClaim(
        claim=f"C{number}", subscriber=MEMBER, payer=PAYER, lines=lines, diagnoses=("M17.11", "I10"),
        rendering=Person(last="LUND", first="SIGNE", identifier="1999999992", qualifier="XX"), **more,  # type: ignore[arg-type]
    )  # fmt: skip
    assert plain.total == Decimal("150.50")
    return plain


def batch(*claims: ProfessionalClaim) -> ClaimBatch:
    return ClaimBatch(
        reference="B1", created=NOW, submitter=BILLING, provider=CLINIC, claims=claims,
        receiver=Organization(name="NORTHERN HEALTH PLAN", identifier="NORTH", qualifier="46"),
    )  # fmt: skip


def test_professional_claims() -> None:
    found = written(professional(batch(claim(1), claim(2, patient=CHILD), claim(3, frequency="7", original="N9"))))
    assert found.values("2300/CLM02") == ["150.5"] * 3 and found.values("HL04") == ["1", "0", "1", "0", "0"]
    assert found.get("2010CA/NM104") == "ROWAN" and found.values("2300[3]/REF[01=F8]/02") == ["N9"]
    assert found.values("2400/LX01") == ["1", "2"] * 3 and found.get("2300/HI01-2") == "M1711"


def test_what_the_guide_needs_is_asked_for() -> None:
    with pytest.raises(FormatError, match="2010AA/N3"):
        professional(
            batch(claim(1)).__replace__(provider=BILLING) if hasattr(ClaimBatch, "__replace__") else _without()
        )


def _without() -> ClaimBatch:
    whole = batch(claim(1))
    return ClaimBatch(
        reference="B1", created=NOW, submitter=BILLING, receiver=whole.receiver, provider=BILLING, claims=whole.claims
    )


def test_purchase_orders() -> None:
    order = PurchaseOrder(
        number="PO417", ordered=date(2026, 3, 1), currency="USD", wanted=date(2026, 3, 10), reference="OR1",
        places=(Place(role="ST", name="QUILL HOSPITAL", identifier="DOCK1", address=HOME),),
        lines=(
            OrderLine(quantity=10, unit="BX", price=Decimal("12.50"), products=(("VN", "GLV-M"),),
            description="GLOVES"),
            OrderLine(quantity=Decimal("1.5"), unit="CA", price=Decimal(88), products=(("VN", "SYR"), ("UP", "0417"))),
        ),
    )  # fmt: skip
    found = written(purchase_order(order))
    assert found.get("BEG03") == "PO417" and found.values("PO1/PO104") == ["12.5", "88"]
    assert (
        found.get("PO1[2]/PO109") == "0417"
        and found.get("N1[01=ST]/N4/01") == "PORT ELLERY"
        and found.get("CTT01") == "2"
    )
