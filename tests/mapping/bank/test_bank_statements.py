"""What statements become."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import msgspec
import pytest

from careloom.core.errors import MappingError
from careloom.formats.bank import Balance, Detail, Entry, Statement, parse
from careloom.mapping import Settings
from careloom.mapping.bank import translate
from careloom.mapping.catalogue import mapping_for
from careloom.mapping.reading import reader
from careloom.mapping.subject import subjects_of
from careloom.model import BankStatement, StatementReceived, decode, encode

Sample = Callable[[str], bytes]
ONE = Entry(
    amount=Decimal("12.30"), currency="EUR", booking_date=date(2026, 3, 2), reference="B1", end_to_end="E1", place="e1"
)
PLAIN = Statement(
    format="mt940",
    account="10010010/930711860",
    currency="EUR",
    number="7/1",
    opening=Balance(Decimal("1.00"), "EUR", date(2026, 3, 2)),
    closing=Balance(Decimal("13.30"), "EUR", date(2026, 3, 2)),
    entries=(ONE,),
    place="line 1",
)


def mapped(statement: Statement) -> BankStatement:
    (event,) = translate(statement).events
    assert isinstance(event, StatementReceived)
    assert decode(event.type, encode(event)) == event
    return event.statement


def with_entry(**changes: object) -> Statement:
    return msgspec.structs.replace(PLAIN, entries=(msgspec.structs.replace(ONE, **changes),))


@pytest.mark.parametrize(
    ("name", "amounts", "opening", "closing"),
    [
        ("statement_camt053_v02.xml", ["150.00", "20.00", "30.00", "-30.50"], "1000.00", "1169.50"),
        ("statement_mt940.sta", ["150.00", "-30.50", "-10"], "1000.00", "1109.50"),
        ("statement_ofx1.ofx", ["150.00", "-30.50"], None, "1119.50"),
        ("statement_bai2.txt", ["150.00", "-30.50"], "1000.00", "1119.50"),
    ],
)
def test_every_entry_to_the_cent(
    name: str, amounts: list[str], opening: str | None, closing: str, sample: Sample
) -> None:
    (read,) = parse(sample(name)).statements
    found = mapped(read)
    assert [one.amount.value for one in found.entry] == [Decimal(one) for one in amounts]
    assert (found.opening.value if found.opening else None) == (Decimal(opening) if opening else None)
    assert found.closing is not None
    assert found.closing.value == Decimal(closing)


def test_an_entry_keeps_the_numbers_that_find_its_payment(sample: Sample) -> None:
    found = mapped(parse(sample("statement_camt053_v02.xml")).statements[0])
    assert found.identifier[0].value == "STMT-0042"
    assert found.account.value == "DE02100100109307118603"
    assert (found.period.start, found.period.end) == ("2026-03-02", "2026-03-02")  # type: ignore[union-attr]
    first = found.entry[0]
    assert first.identifier[0].value == "BANKREF-1"
    assert (first.trace, first.reference) == ("INV-2026-0007", "Invoice 2026-0007 thank you")
    assert (first.booked, first.value_date, first.code) == ("2026-03-02", "2026-03-03", "PMNT-RCDT-ESCT")
    assert found.entry[3].reversal


def test_the_event_is_ordered_as_its_message_was(sample: Sample) -> None:
    data = sample("statement_camt053_v02.xml")
    (unit,) = reader("bank").units(data, Settings())
    (event,) = translate(parse(data).statements[0]).events
    assert subjects_of(event)[0] == unit.subject  # type: ignore[union-attr]


@pytest.mark.parametrize("format", ["camt.052", "camt.054", "mt942"])
def test_what_comes_before_the_statement_is_not_counted_twice(format: str) -> None:
    found = translate(msgspec.structs.replace(PLAIN, format=format))
    assert not found.events
    assert format in (found.filtered or "")


def test_figures_that_do_not_add_up_wait_for_a_person() -> None:
    text = b":20:A\n:25:1/2\n:28C:7\n:60F:C260302EUR10,00\n:61:260302C5,50NTRFX\n:62F:C260302EUR99,00\n-\n"
    with pytest.raises(MappingError) as raised:
        translate(parse(text).statements[0])
    assert raised.value.field == "line 6, :62F:"
    assert "99" not in str(raised.value)


def test_what_is_not_booked_is_left_out_and_said() -> None:
    found = translate(with_entry(booked=False))
    assert not found.events[0].statement.entry  # type: ignore[attr-defined]
    assert [one.field for one in found.issues] == ["e1"]


@pytest.mark.parametrize(("amount", "count"), [("2.30", 2), ("2.31", 1), (None, 1)])
def test_payments_booked_together_are_split_only_if_they_make_the_entry(amount: str | None, count: int) -> None:
    details = (
        Detail(amount=Decimal("10.00"), currency="EUR", end_to_end="P1"),
        Detail(amount=None if amount is None else Decimal(amount), currency="EUR", end_to_end="P2", reference="OWN"),
    )
    found = mapped(with_entry(details=details))
    assert len(found.entry) == count
    assert sum(one.amount.value for one in found.entry) == Decimal("12.30")
    if count == 2:
        assert [(one.identifier[0].value, one.trace) for one in found.entry] == [("B1/1", "P1"), ("OWN", "P2")]


def test_a_trace_number_in_the_text_wins() -> None:
    found = mapped(with_entry(remittance=r"NORTHWIND PAYMENT TRN*1*NHP0316-4471*1999999999\ "))
    assert found.entry[0].trace == "NHP0316-4471"


def test_a_check_has_its_number() -> None:
    assert mapped(with_entry(code="475", end_to_end="1001")).entry[0].check_number == "1001"
    assert mapped(PLAIN).entry[0].check_number is None


@pytest.mark.parametrize(
    ("statement", "place"),
    [
        (with_entry(currency="euro"), "e1"),
        (msgspec.structs.replace(PLAIN, currency="€"), "line 1"),
        (msgspec.structs.replace(PLAIN, account=""), "line 1"),
    ],
)
def test_what_is_missing_is_named_by_its_place(statement: Statement, place: str) -> None:
    with pytest.raises(MappingError) as raised:
        translate(statement)
    assert raised.value.field == place
    assert "930711860" not in str(raised.value)


def test_a_statement_without_a_number_is_known_by_what_it_says(sample: Sample) -> None:
    (read,) = parse(sample("statement_ofx1.ofx")).statements
    first = mapped(read).identifier[0].value
    assert first == mapped(msgspec.structs.replace(read, place="elsewhere")).identifier[0].value
    assert first != mapped(msgspec.structs.replace(read, entries=())).identifier[0].value


def test_the_mapping_is_found_by_its_format() -> None:
    found = mapping_for("bank", "camt.053")
    assert found is not None
    assert found.translate is translate
