"""Reports on payouts, to the cent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careloom.core.errors import MappingError
from careloom.formats.csv import Layout, Row
from careloom.mapping import Settings
from careloom.mapping.catalogue import mapping_for
from careloom.mapping.reading import Unit, reader
from careloom.mapping.settlements import translate
from careloom.model import Settlement, SettlementReceived, decode, encode
from careloom.systems.registry import kinds

Payouts = Callable[[bytes], list[Sequence[Row]]]


def settled(rows: Sequence[Row]) -> Settlement:
    (event,) = translate(rows).events
    assert isinstance(event, SettlementReceived)
    assert decode(event.type, encode(event)) == event
    return event.settlement


def test_each_payout_is_a_settlement_with_its_lines(report: bytes, payouts: Payouts) -> None:
    first, second = (settled(rows) for rows in payouts(report))
    assert [line.kind for line in first.line] == ["payment", "payment", "refund", "dispute", "fee", "adjustment"]
    assert (str(first.gross.value), str(first.fee.value), str(first.net.value)) == (  # type: ignore[union-attr]
        "108.60", "20.40", "88.20",
    )  # fmt: skip
    assert first.reference == "PAYGATE 20260323"
    assert (first.period.start, first.period.end, first.date) == (  # type: ignore[union-attr]
        "2026-03-22", "2026-03-23", "2026-03-23",
    )  # fmt: skip
    assert first.line[0].identifier is not None
    assert first.line[0].identifier.value == "pay_0001"
    assert [line.kind for line in second.line] == ["payment"]


@pytest.mark.parametrize(
    ("before", "after", "place"),
    [
        (b"40.00,1.46,38.54", b"40.00,1.46,38.55", "row 2 (net)"),
        (b"20.40,88.20", b"20.40,88.19", "row 8 (net)"),
        (b"108.60,20.40", b"108.61,20.40", "row 8 (gross)"),
        (b"108.60,20.40", b"108.60,20.41", "row 8 (fee)"),
        (b"-15.00,USD", b"-15.00,EUR", "row 4 (currency)"),
        (b"-15.00,USD", b"-15.00,ZZZ", "row 4 (currency)"),
        (b"-15.00,,-15.00", b"-15.001,,-15.001", "row 4 (gross)"),
        (b"po_20260323,fee,fee_0001", b"po_20260323,payout,fee_0001", "row 2 (kind)"),
    ],
)
def test_a_cent_too_much_is_found_at_its_place(
    before: bytes, after: bytes, place: str, report: bytes, payouts: Payouts
) -> None:
    assert before in report
    with pytest.raises(MappingError) as raised:
        translate(payouts(report.replace(before, after))[0])
    assert raised.value.field == place


def test_a_payout_without_its_sum_waits_for_a_person(report: bytes, payouts: Payouts) -> None:
    lines = report.splitlines(keepends=True)
    with pytest.raises(MappingError) as raised:
        translate(payouts(b"".join(line for line in lines if b",payout," not in line))[0])
    assert raised.value.field == "row 2 (kind)"


def test_a_line_that_is_lost_is_missed_in_the_sum(report: bytes, payouts: Payouts) -> None:
    lines = report.splitlines(keepends=True)
    with pytest.raises(MappingError) as raised:
        translate(payouts(b"".join([*lines[:3], *lines[4:]]))[0])
    assert raised.value.field == "row 7 (net)"


def test_columns_have_the_names_that_gateways_give_them(layout: Layout, payouts: Payouts) -> None:
    data = (
        b"automatic_payout_id,reporting_category,source_id,amount,fee,net,currency,created\n"
        b"po_1,charge,ch_1,500,20,480,jpy,2026-03-22\n"
        b"po_1,payout,po_1,500,20,480,jpy,2026-03-23\n"
    )
    (rows,) = payouts(data)
    found = settled(rows)
    assert (found.net.value, found.net.currency) == (Decimal(480), "JPY")
    assert mapping_for("csv", layout.name) is not None


@given(st.lists(st.tuples(st.integers(-(10**9), 10**9), st.integers(0, 10**6)), max_size=20), st.integers(-1, 1))
def test_only_the_exact_sum_is_taken(lines: list[tuple[int, int]], wrong: int) -> None:
    def row(number: int, kind: str, gross: int, fee: int, net: int) -> Row:
        amounts = {name: Decimal(value).scaleb(-2) for name, value in (("gross", gross), ("fee", fee), ("net", net))}
        return Row(
            number, number, "detail", {"payout": "po", "kind": kind, "id": str(number), "currency": "USD", **amounts}
        )

    gross, fee = sum(line[0] for line in lines), sum(line[1] for line in lines)
    rows = [row(number, "payment", *line, line[0] - line[1]) for number, line in enumerate(lines, 1)]
    rows.append(row(99, "payout", gross, fee, gross - fee + wrong))
    if wrong:
        with pytest.raises(MappingError):
            translate(rows)
    else:
        assert settled(rows).net.value == Decimal(gross - fee).scaleb(-2)


def test_a_kind_that_the_model_does_not_have_is_named(report: bytes) -> None:
    text = (kinds()["payments"].folder / "settlement.toml").read_text().replace('fee = "fee"', 'fee = "tribute"')
    settings, read = Settings(layout=Layout.load(text)), reader("csv")
    first = next(one for one in read.units(report, settings) if isinstance(one, Unit))
    with pytest.raises(MappingError) as raised:
        translate(read.parse(first.body, settings))
    assert raised.value.field == "row 6 (kind)"


def test_an_empty_report_is_none() -> None:
    with pytest.raises(MappingError):
        translate(())
