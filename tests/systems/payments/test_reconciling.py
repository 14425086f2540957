"""Legs that belong together, and those that do not."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careloom.model import (
    BankEntry,
    Dispute,
    Identifier,
    Money,
    PaymentNotice,
    Refund,
    Settlement,
    SettlementLine,
)
from careloom.systems.payments.reconciling import Books, reconcile

DUE = date(2026, 4, 1)


def usd(amount: str) -> Money:
    return Money(value=Decimal(amount), currency="USD")


def named(value: str) -> tuple[Identifier, ...]:
    return (Identifier(value=value),)


def payment(number: str = "p1", amount: str = "40.00", **more: Any) -> PaymentNotice:
    return PaymentNotice(identifier=named(number), amount=usd(amount), date="2026-03-22T10:00:00+00:00", **more)


def line(number: str = "p1", amount: str = "40.00", kind: Any = "payment", net: str | None = None) -> SettlementLine:
    return SettlementLine(kind=kind, identifier=named(number)[0], amount=usd(amount), net=usd(net or amount))


def payout(*lines: SettlementLine, net: str = "40.00", number: str = "po1", **more: Any) -> Settlement:
    return Settlement(identifier=named(number), net=usd(net), line=lines, **{"date": "2026-03-23", **more})


def entry(amount: str = "40.00", reference: str | None = "PAYGATE PO1", booked: str = "2026-03-24") -> BankEntry:
    return BankEntry(amount=usd(amount), reference=reference, booked=booked)


CENT_LESS = payout(line(amount="39.99"), net="39.99")
TWICE = payout(line(), line(), net="80.00")


def breaks(*, due: date = DUE, **books: Any) -> list[tuple[str, str, str]]:
    return [(one.why, one.leg, one.number) for one in reconcile(Books(**books), due=due).breaks]


def test_three_legs_match() -> None:
    found = reconcile(Books([payment()], settlements=[payout(line())], entries=[entry()]), due=DUE)
    assert [(one.kind, one.by) for one in found.matched] == [("payment", "number"), ("payout", "reference")]
    assert not found.breaks


@pytest.mark.parametrize(
    ("books", "expected"),
    [
        ({"payments": [payment()]}, ("missing", "settlement", "p1")),
        ({"payments": [payment()], "settlements": [payout(line())]}, ("missing", "bank", "po1")),
        ({"settlements": [payout(line())], "entries": [entry()]}, ("missing", "event", "p1")),
        (
            {"payments": [payment()], "settlements": [CENT_LESS], "entries": [entry("39.99")]},
            ("differs", "settlement", "p1"),
        ),
        (
            {"payments": [payment()], "settlements": [TWICE], "entries": [entry("80.00")]},
            ("doubled", "settlement", "p1"),
        ),
        (
            {"payments": [payment()], "settlements": [payout(line())], "entries": [entry(), entry()]},
            ("doubled", "bank", "po1"),
        ),
        (
            {"payments": [payment()], "settlements": [payout(line())], "entries": [entry("40.01")]},
            ("differs", "bank", "po1"),
        ),
        (
            {"payments": [payment()], "settlements": [payout(line(), net="40.01")], "entries": [entry("40.01")]},
            ("differs", "settlement", "po1"),
        ),
        (
            {"payments": [payment(status="failed")], "settlements": [payout(line())], "entries": [entry()]},
            ("differs", "settlement", "p1"),
        ),
    ],
)  # fmt: skip
def test_each_break_names_its_leg(books: dict[str, Any], expected: tuple[str, str, str]) -> None:
    assert breaks(**books) == [expected]


def test_what_is_not_due_is_open() -> None:
    found = reconcile(Books([payment()]), due=date(2026, 3, 22))
    assert not found.breaks
    assert found.open == ("p1",)


def test_refunds_and_disputes_are_lines_too() -> None:
    refund = Refund(identifier=named("r1"), amount=usd("15.00"), date="2026-03-22")
    lost = Dispute(identifier=named("d1"), amount=usd("40.00"), status="lost", date="2026-03-22")
    lines = (line("r1", "-15.00", "refund"), line("d1", "-40.00", "dispute"), line("f", "-1.00", "fee"))
    assert not breaks(
        refunds=[refund], disputes=[lost], settlements=[payout(*lines, net="-56.00")], entries=[entry("-56.00")]
    )


def test_a_dispute_that_was_won_comes_to_nothing() -> None:
    def told(status: Any) -> Dispute:
        return Dispute(identifier=named("d1"), amount=usd("40.00"), status=status, date="2026-03-22")

    lines = (line("d1", "-40.00", "dispute"), line("d1", "40.00", "dispute"))
    settled = payout(*lines, net="0.00")
    assert not breaks(disputes=[told("needs-response"), told("won")], settlements=[settled], entries=[entry("0.00")])
    assert breaks(disputes=[told("lost")], settlements=[settled], entries=[entry("0.00")])
    assert not breaks(disputes=[told("warning")])


def test_the_payouts_event_and_its_report_are_one() -> None:
    event, report = payout(reference="PAYGATE PO1"), payout(line(), reference=None)
    for settlements in ([event, report], [report, event]):
        assert not breaks(payments=[payment()], settlements=settlements, entries=[entry(reference="PAYGATE PO1")])


def test_a_payout_that_failed_is_not_looked_for_at_the_bank() -> None:
    assert not breaks(settlements=[payout(), payout(status="failed")])


def test_without_a_reference_only_a_single_entry_is_taken() -> None:
    found = reconcile(Books(settlements=[payout()], entries=[entry(reference=None)]), due=DUE)
    assert [one.by for one in found.matched] == ["amount"]
    both = [entry(reference=None), entry(reference=None)]
    assert breaks(settlements=[payout()], entries=both) == [("missing", "bank", "po1")]
    twins = [payout(), payout(number="po2")]
    assert len(breaks(settlements=twins, entries=[entry(reference=None)])) == 2
    assert breaks(settlements=[payout()], entries=[entry(reference=None, booked="2026-03-29")])


def test_a_number_is_not_found_inside_a_longer_one() -> None:
    found = reconcile(
        Books(
            settlements=[payout(), payout(number="po12", net="7.00")],
            entries=[entry("7.00", "PO12"), entry("40.00", "PO1")],
        ),
        due=DUE,
    )
    assert not found.breaks
    assert {one.by for one in found.matched} == {"reference"}


@given(st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=30, unique=True), st.randoms())
def test_one_cent_anywhere_is_found(amounts: list[int], random: Any) -> None:
    payments = [payment(f"p{place}", str(Decimal(one).scaleb(-2))) for place, one in enumerate(amounts) if one]
    lines = [line(f"p{place}", str(Decimal(one).scaleb(-2))) for place, one in enumerate(amounts) if one]
    total = str(Decimal(sum(amounts)).scaleb(-2))
    random.shuffle(lines)
    assert not breaks(payments=payments, settlements=[payout(*lines, net=total)], entries=[entry(total)])
    if payments:
        wrong = payment("p0" if amounts[0] else "p1", "99999999.99")
        assert breaks(payments=[*payments, wrong], settlements=[payout(*lines, net=total)], entries=[entry(total)])
