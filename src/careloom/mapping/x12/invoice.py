"""810: bills and credit notes of suppliers."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from careloom.core.errors import MappingError
from careloom.formats.x12 import Loop, Transaction
from careloom.mapping.catalogue import Mapping as SetMapping
from careloom.mapping.result import Translation
from careloom.mapping.source import Settings
from careloom.mapping.x12.source import Row, Source, present
from careloom.mapping.x12.trade import allowances, description, header_parties, organization_of, products, terms
from careloom.model import Identifier, Invoice, InvoiceLine, Money, SupplierInvoiceReceived, Tax

_DEFAULTS = Settings()
_CENT = Decimal("0.01")
_CREDITS: Final = frozenset({"CR", "CN", "CI", "CC"})
_MOST = Decimal(10) ** 15

DROPPED: Mapping[str, str] = {
    "PER": "whom to telephone about a bill is known to the people who do",
    "FOB": "terms of freight are agreed with the supplier",
    "ISS": "weight and number of what was shipped: the ship notice says so",
    "CAD": "the carrier: the ship notice says so",
    "IT1/REF": "lots of what is billed: the ship notice says so",
    "IT1/MEA": "measures of the product: the catalogue says so",
    "IT1/PO4": "how many are in a pack: the catalogue says so",
    "IT1/SLN": "what a kit is made of: the catalogue says so",
    "CTT": "how many lines there are, which the lines show",
}


def translate(transaction: Transaction, settings: Settings = _DEFAULTS) -> Translation:
    """`supplier_invoice.received`, a credit note by its type (`BIG07`) or its negative total; amounts are then turned.

    Raises MappingError without the number of the bill (`BIG02`) or its total (`TDS01`).
    """
    source = Source(transaction, settings)
    big = source.row(source.root, "BIG")
    number = Identifier(value=big.need(2, "the number of the invoice"))
    tds = next(transaction.find("TDS"), None)
    total = Row(source, source.root, tds).cents(1)
    if total is None:
        raise MappingError("the total of the invoice is missing; the sender must give it", "TDS01")
    sign = -1 if total.value < 0 else 1
    credit = sign < 0 or big.text(7) in _CREDITS
    lines = tuple([_line(source, one, ordinal, sign) for ordinal, one in enumerate(source.root.loops("IT1"), 1)])
    parties = header_parties(source)
    itd = source.row(source.root, "ITD")
    invoice = Invoice(
        identifier=(number,),
        kind="credit-note" if credit else "invoice",
        date=big.day(1),
        due_date=itd.day(6) or source.row(source.root, "DTM", "814").day(2),
        issuer=organization_of(source, parties, "supplier", "RI", "RE", "SE", "SU", "VN"),
        recipient=organization_of(source, parties, "provider", "BT", "BY"),
        line=lines,
        allowance_charge=allowances(
            source, [one for one in source.root.content if isinstance(one, Loop) and one.id == "SAC"]
        ),
        total_net=source.money(sum((line.net.value for line in lines), Decimal(0))) if lines else None,
        total_tax=_tax(source, sign),
        total_gross=source.money(total.value * sign),
        payment_terms=terms(source),
        order=present(big.identifier(4), *_orders(source)),
        delivery=present(*(ref.identifier(2) for ref in source.rows(source.root, "REF", "SI", "PK", "BM"))),
        reverses=source.first(source.root, "REF", "IV", "OI").identifier(2) if credit else None,
    )
    return source.translation([source.event(SupplierInvoiceReceived, invoice=invoice)], "")


def _orders(source: Source) -> list[Identifier | None]:
    """Orders that lines name by themselves."""
    loops = [source.root, *source.root.loops("IT1")]
    return [ref.identifier(2) for loop in loops for ref in source.rows(loop, "REF", "PO")]


def _line(source: Source, loop: Loop, ordinal: int, sign: int) -> InvoiceLine:
    """`net` is quantity times price, to the cent, half up; a line without either is worth nothing, with an issue."""
    it1 = source.row(loop, "IT1")
    quantity, price = it1.quantity(2, it1.text(3)), it1.money(4) or source.row(loop, "CTP").money(3)
    if quantity is None or price is None or abs(quantity.value * price.value) >= _MOST:
        it1.drop(2 if quantity is None else 4, "is missing, so the line is worth nothing; the total says what is owed")
        net = source.money(Decimal(0))
    else:
        net = source.money((quantity.value * price.value).quantize(_CENT, ROUND_HALF_UP) * sign)
    return InvoiceLine(
        sequence=ordinal,
        item=products(it1, 6),
        description=description(source, loop),
        quantity=quantity,
        unit_price=price,
        net=net,
        tax=tuple([tax for txi in source.rows(loop, "TXI") if (tax := _line_tax(txi)) is not None]),
        order=source.first(loop, "REF", "PO").identifier(2),
        order_line=it1.text(1) or source.ref(loop, "LI", "PO"),
    )


def _line_tax(txi: Row) -> Tax | None:
    amount, code = txi.money(2), txi.text(1)
    return Tax(code=code, rate=txi.quantity(3, "%"), amount=amount) if amount and code else None


def _tax(source: Source, sign: int) -> Money | None:
    """The sum of the TXI of the summary."""
    amounts = [amount.value for txi in source.rows(source.root, "TXI") if (amount := txi.money(2))]
    return source.money(sum(amounts, Decimal(0)) * sign) if amounts else None


MAPPINGS = (SetMapping("x12", ("810",), translate),)
