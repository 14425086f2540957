"""855 (005010)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Final

from careloom.formats.x12 import BuiltSet, Draft, DraftLoop, build, loop, segment
from careloom.mapping.x12.order import LINE_STATE
from careloom.mapping.x12.sending.drafts import day
from careloom.mapping.x12.sending.envelope import Envelope, written
from careloom.mapping.x12.sending.trade import counted, currency, note, party, products
from careloom.model import PurchaseOrderAcknowledged, SupplyResponse, SupplyResponseLine

VERSION: Final = "005010"
_OUTCOME: Final[Mapping[str, str]] = {"accepted": "AD", "changed": "AC", "rejected": "RD", "received": "AK"}
_STATE: Final[Mapping[str, str]] = {
    "accepted": "IA", "changed": "IC", "backordered": "IB", "substituted": "IS", "rejected": "IR", "cancelled": "ID",
    "on-hold": "IH", "shipped": "AC",
}  # fmt: skip
_PROMISED: Final = "068"


def to_855(event: PurchaseOrderAcknowledged, envelope: Envelope) -> bytes:
    """The supplier's answer as an interchange with one set. Reasons in words go along for people to read, and read
    back as the code beside them.

    Raises MappingError for a quantity without a unit; FormatError for values the standard does not take.
    """
    return written([answer_set(event, envelope)], envelope)


def answer_set(event: PurchaseOrderAcknowledged, envelope: Envelope) -> BuiltSet:
    """The set alone."""
    response = event.response
    made = day(response.date) or envelope.time.date()
    own = response.identifier[0].value if response.identifier else None
    outcome = _OUTCOME[response.outcome]
    content: list[Draft | DraftLoop | None] = [
        segment("BAK", "00", outcome, response.order.value, made, *[None] * 3, own, made),
        currency([line.unit_price for line in response.line], "response.line"),
        note(response.note),
        party("SE", response.supplier, "response.supplier"),
        *_lines(response),
    ]
    count = sum(isinstance(part, DraftLoop) and part.id == "PO1" for part in content)
    content.append(loop("CTT", segment("CTT", count)) if count else None)
    return build("855", VERSION, [part for part in content if part is not None])


def _lines(response: SupplyResponse) -> list[DraftLoop]:
    """One PO1 for a line of the order, with all that is said of it one after another."""
    numbered = enumerate(response.line)
    said = groupby(numbered, key=lambda one: (one[1].identifier, one[1].unit_price))
    return [_line([(line, f"response.line[{number}]") for number, line in own]) for _, own in said]


def _line(said: Sequence[tuple[SupplyResponseLine, str]]) -> DraftLoop:
    first = said[0][0]
    price = first.unit_price.value if first.unit_price is not None else None
    words = [line.reason for line, _ in said if line.reason and not _is_code(line)]
    return loop(
        "PO1",
        segment("PO1", first.identifier, *_together([line for line, _ in said]), price),
        *[loop("ACK", _ack(line, field)) for line, field in said],
        *[segment("MSG", text) for text in words],
    )


def _together(lines: Sequence[SupplyResponseLine]) -> tuple[Decimal | None, str | None]:
    """PO102 and PO103. The event does not say what was ordered: it is what its answers add up to, where each says how
    much and all by one unit."""
    quantities = [line.quantity for line in lines if line.quantity is not None]
    units = {one.unit for one in quantities}
    if len(quantities) < len(lines) or len(units) != 1 or None in units:
        return None, None
    return sum((one.value for one in quantities), Decimal(0)), units.pop()


def _ack(line: SupplyResponseLine, field: str) -> Draft:
    amount = counted(line.quantity, f"{field}.quantity") if line.quantity is not None else (None, None)
    promised = day(line.promised)
    code = line.reason if _is_code(line) else _STATE[line.status]
    return segment("ACK", code, *amount, _PROMISED if promised else None, promised, None, *products(line.item))


def _is_code(line: SupplyResponseLine) -> bool:
    """Whether the reason is a code (data element 668) that means what the line says."""
    code = line.reason or ""
    return len(code) == 2 and code.isalnum() and code.isupper() and LINE_STATE.get(code, "changed") == line.status
