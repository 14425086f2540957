"""Reports of payment gateways on what they paid out: the lines of a payout, added up and compared to the cent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, localcontext
from typing import Final, Literal, TypeAlias, cast, get_args

from careloom.core.errors import MappingError
from careloom.formats.csv import Row
from careloom.mapping.catalogue import Mapping as ReportMapping
from careloom.mapping.currencies import EXPONENTS
from careloom.mapping.result import Translation
from careloom.mapping.source import Settings
from careloom.model import Identifier, Money, Period, Settlement, SettlementLine, SettlementReceived

_DEFAULTS = Settings()
Kind: TypeAlias = Literal["payment", "refund", "dispute", "fee", "adjustment", "reserve", "other"]
_KINDS: Final = frozenset(get_args(Kind))
_TYPES: Final[Mapping[str, str]] = {"payment": "PAY", "refund": "REF", "dispute": "DSP"}
_PAYOUT: Final = "payout"
_ZERO: Final = Decimal(0)
_DIGITS: Final = 60  # so that no sum is rounded

DROPPED: Mapping[str, str] = {
    "reporting_category": "the gateway's finer sorts of one kind",
    "source_id": "how the gateway calls the movement inside",
    "customer": "who paid; the payment's own event names the invoice",
}


def translate(rows: Sequence[Row], settings: Settings = _DEFAULTS) -> Translation:  # noqa: ARG001
    """One `settlement.received` of the rows of one payout: its lines, and one row of the kind `payout` with the sum.

    Amounts are positive where they raise what is paid out; `net` is `gross` less `fee`. Raises MappingError with the
    row and column where a line or the whole does not add up to the cent.
    """
    if not rows:
        raise MappingError("the report has no rows; the gateway must give them", "row 1")
    stated = [row for row in rows if row.values.get("kind") == _PAYOUT]
    if len(stated) != 1:
        raise MappingError(
            "a payout has one row of the kind payout, with the sum that was paid", _place(rows[0], "kind")
        )
    lines = tuple([_line(row) for row in rows if row is not stated[0]])
    return Translation(
        events=(SettlementReceived(trigger="settlement.csv", settlement=_settlement(stated[0], lines, rows)),)
    )


def _settlement(payout: Row, lines: tuple[SettlementLine, ...], rows: Sequence[Row]) -> Settlement:
    currency = _currency(payout)
    for row in rows:
        if _currency(row) != currency:
            raise MappingError(
                "is another currency than that of the payout; one payout has one", _place(row, "currency")
            )
    net = _amount(payout, "net")
    _compare(payout, "net", net, [line.net for line in lines])
    gross, fee = _total([line.amount for line in lines]), _total([line.fee for line in lines])
    for name, total in (("gross", gross), ("fee", fee)):
        if payout.values.get(name) is not None:
            _compare(payout, name, _amount(payout, name), [Money(value=total, currency=currency)])
    days = sorted(str(day) for row in rows if row is not payout and (day := _day(row)) is not None)
    return Settlement(
        identifier=(Identifier(value=_need(payout, "payout"), type="SET"),),
        period=Period(start=days[0], end=days[-1]) if days else None,
        date=_day(payout),
        gross=Money(value=gross, currency=currency),
        fee=Money(value=fee, currency=currency),
        net=Money(value=net, currency=currency),
        reference=_text(payout, "description"),
        line=lines,
    )


def _line(row: Row) -> SettlementLine:
    kind = _kind(row)
    gross, fee, net = _amount(row, "gross"), _amount(row, "fee", _ZERO), _amount(row, "net")
    if _difference(gross, fee) != net:
        raise MappingError("is not gross less fee; ask the gateway for a report that adds up", _place(row, "net"))
    currency, number, invoice = _currency(row), _text(row, "id"), _text(row, "invoice")
    return SettlementLine(
        kind=kind,
        identifier=Identifier(value=number, type=_TYPES.get(kind)) if number else None,
        invoice=Identifier(value=invoice) if invoice else None,
        amount=Money(value=gross, currency=currency),
        fee=Money(value=fee, currency=currency) if fee else None,
        net=Money(value=net, currency=currency),
        date=_day(row),
        description=_text(row, "description"),
    )


def _kind(row: Row) -> Kind:
    found = _need(row, "kind")
    if found not in _KINDS:
        raise MappingError("is no kind of movement; the layout's codes must name one", _place(row, "kind"))
    return cast(Kind, found)


def _compare(row: Row, name: str, stated: Decimal, parts: Sequence[Money | None]) -> None:
    if _total(parts) != stated:
        raise MappingError("is not the sum of the lines; ask the gateway for a whole report", _place(row, name))


def _total(parts: Sequence[Money | None]) -> Decimal:
    with localcontext(prec=_DIGITS):
        return sum((part.value for part in parts if part is not None), _ZERO)


def _difference(one: Decimal, other: Decimal) -> Decimal:
    with localcontext(prec=_DIGITS):
        return one - other


def _amount(row: Row, name: str, otherwise: Decimal | None = None) -> Decimal:
    """An amount, no finer than its currency."""
    found = row.values.get(name)
    if found is None and otherwise is not None:
        return otherwise
    if not isinstance(found, Decimal) or not found.is_finite():
        raise MappingError("is no amount; the gateway must give it", _place(row, name))
    try:
        Money(value=found, currency="XXX")
    except ValueError:
        raise MappingError("is an amount of too many digits", _place(row, name)) from None
    exponent = found.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > EXPONENTS[_currency(row)]:
        raise MappingError("is finer than the smallest unit of its currency", _place(row, name))
    return found


def _currency(row: Row) -> str:
    found = str(row.values.get("currency") or "").upper()
    if found not in EXPONENTS:
        raise MappingError("is no currency of ISO 4217; the gateway must correct it", _place(row, "currency"))
    return found


def _need(row: Row, name: str) -> str:
    found = _text(row, name)
    if found is None:
        raise MappingError("is missing; the gateway must give it", _place(row, name))
    return found


def _text(row: Row, name: str) -> str | None:
    found = row.values.get(name)
    return str(found).strip() or None if found is not None else None


def _day(row: Row) -> str | None:
    found = row.values.get("date")
    if isinstance(found, datetime):
        return found.date().isoformat()
    return found.isoformat() if isinstance(found, date) else None


def _place(row: Row, name: str) -> str:
    return f"row {row.row} ({name})"


MAPPINGS = (ReportMapping("csv", ("payment-settlement",), translate),)
