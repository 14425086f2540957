"""Which answers a set waits for, and what an answer is about: keys that join the two. Timers are the hub's.

A key is `kind|sender|receiver|number`, seen from the asker, so that an answer makes the same key from its own envelope,
turned round. Numbers are compared without leading zeros where they are control numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Final

import msgspec

from careloom.formats.x12.interchange import Interchange, parse
from careloom.formats.x12.pieces import Piece
from careloom.formats.x12.segment import Segment
from careloom.formats.x12.transaction import Transaction

ACKNOWLEDGED_WITHIN: Final = timedelta(days=1)
ENQUIRY_WITHIN: Final = timedelta(days=1)
REPORT_WITHIN: Final = timedelta(days=2)
PAYMENT_WITHIN: Final = timedelta(days=45)
ORDER_WITHIN: Final = timedelta(days=2)
SHIPMENT_WITHIN: Final = timedelta(days=14)
INVOICE_WITHIN: Final = timedelta(days=30)
_REQUEST: Final = "13"


class Expectation(msgspec.Struct, frozen=True):
    """An answer that should come: its kind (`999`, `271`, `835`, ...), the key it will have, and how soon, by
    default."""

    kind: str
    key: str
    within: timedelta


def expects(source: Piece | Transaction) -> tuple[Expectation, ...]:
    """What a set that we sent waits for. An acknowledgement waits for nothing. FormatError for a piece that has one."""
    if isinstance(source, Piece) and source.set_id == "TA1":
        return ()
    transaction = _transaction(source)
    waiting = _WAITING.get(transaction.set_id)
    found = list(waiting(transaction)) if waiting else []
    if transaction.group.functional != "FA":
        group = transaction.group
        number = f"{group.functional}/{_plain(group.control_number)}"
        found.append(Expectation("999", _key(transaction, "999", number), ACKNOWLEDGED_WITHIN))
        asked = transaction.interchange.header[14] == "1"
        if asked:
            number = _plain(transaction.interchange.control_number)
            found.append(Expectation("TA1", _interchange_key(transaction.interchange, number), ACKNOWLEDGED_WITHIN))
    return tuple(dict.fromkeys(found))


def answers(source: Piece | Transaction | Interchange) -> tuple[str, ...]:
    """The keys of what a set that we received answers; for an interchange (or a TA1 piece) those of its TA1s."""
    if isinstance(source, Piece):
        interchange = _parsed(source)
        source = interchange if source.set_id == "TA1" else next(interchange.transactions)
    if isinstance(source, Interchange):
        return tuple(_interchange_key(source, _plain(segment[1]), turned=True) for segment in source.acknowledgements)
    answering = _ANSWERING.get(source.set_id)
    return tuple(dict.fromkeys(answering(source))) if answering else ()


def _transaction(source: Piece | Transaction) -> Transaction:
    return next(_parsed(source).transactions) if isinstance(source, Piece) else source


def _parsed(piece: Piece) -> Interchange:
    if piece.error is not None:
        raise piece.error
    return parse(piece.data)[0]


def _key(transaction: Transaction, kind: str, number: str, *, turned: bool = False) -> str:
    """Groups name who asks and who answers more closely than the interchange, which may be a clearing house's."""
    header = transaction.group.header
    ends = header[2].strip(), header[3].strip()
    return "|".join((kind, *(reversed(ends) if turned else ends), number))


def _interchange_key(interchange: Interchange, number: str, *, turned: bool = False) -> str:
    ends = interchange.sender, interchange.receiver
    return "|".join(("TA1", *(reversed(ends) if turned else ends), number))


def _plain(number: str) -> str:
    return number.strip().lstrip("0") or "0"


def _bht_and_trn(transaction: Transaction) -> Iterator[str]:
    """BHT03 of a question, or the TRN02 of each of its patients: an answer repeats one, the other, or both."""
    reference = transaction.get("BHT03")
    if reference:
        yield f"BHT/{reference}"
    for segment in transaction.find("TRN"):
        if segment[2]:
            yield f"TRN/{segment[2]}"


def _traces(transaction: Transaction) -> Iterator[str]:
    return (f"TRN/{segment[2]}" for segment in transaction.find("TRN") if segment[2])


def _question(kind: str) -> Callable[[Transaction], Iterator[Expectation]]:
    """One expectation for each traced patient, or one for the set where none is traced."""

    def waiting(transaction: Transaction) -> Iterator[Expectation]:
        numbers = list(_traces(transaction)) or list(_bht_and_trn(transaction))
        for number in numbers:
            yield Expectation(kind, _key(transaction, kind, number), ENQUIRY_WITHIN)

    return waiting


def _request(transaction: Transaction) -> Iterator[Expectation]:
    """A 278 is a request by its BHT02."""
    return _question("278")(transaction) if transaction.purpose == _REQUEST else iter(())


def _response(transaction: Transaction) -> Iterator[str]:
    return _answer("278", _bht_and_trn)(transaction) if transaction.purpose != _REQUEST else iter(())


def _claims(transaction: Transaction) -> Iterator[Expectation]:
    """A 277CA for the batch, an 835 for each claim."""
    reference = transaction.get("BHT03")
    if reference:
        yield Expectation("277CA", _key(transaction, "277CA", reference), REPORT_WITHIN)
    for segment in transaction.find("CLM"):
        yield Expectation("835", f"835|{segment[1]}", PAYMENT_WITHIN)


def _order(transaction: Transaction) -> Iterator[Expectation]:
    number = transaction.get("BEG03")
    if number:
        for kind, within in (("855", ORDER_WITHIN), ("856", SHIPMENT_WITHIN), ("810", INVOICE_WITHIN)):
            yield Expectation(kind, f"{kind}|{number}", within)


def _acknowledged(transaction: Transaction) -> Iterator[str]:
    for segment in transaction.find("AK1"):
        yield _key(transaction, "999", f"{segment[1]}/{_plain(segment[2])}", turned=True)


def _answer(kind: str, numbers: Callable[[Transaction], Iterator[str]]) -> Callable[[Transaction], Iterator[str]]:
    return lambda transaction: (_key(transaction, kind, number, turned=True) for number in numbers(transaction))


def _status(transaction: Transaction) -> Iterator[str]:
    """A 277 is the answer to a 276 or, by another guide (005010X214), the report on an 837."""
    if transaction.version.startswith("005010X214"):
        for loop in transaction.loops("2200B"):
            yield _key(transaction, "277CA", loop.get("TRN02"), turned=True)
        return
    for number in _traces(transaction):
        yield _key(transaction, "277", number, turned=True)


def _named(kind: str, segment_id: str, element: int) -> Callable[[Transaction], Iterator[str]]:
    def numbers(segments: Iterator[Segment]) -> Iterator[str]:
        return (f"{kind}|{segment[element]}" for segment in segments if segment[element])

    return lambda transaction: numbers(transaction.find(segment_id))


_WAITING: Final[Mapping[str, Callable[[Transaction], Iterator[Expectation]]]] = {
    "270": _question("271"), "276": _question("277"), "278": _request, "837": _claims, "850": _order,
}  # fmt: skip
_ANSWERING: Final[Mapping[str, Callable[[Transaction], Iterator[str]]]] = {
    "999": _acknowledged, "997": _acknowledged, "271": _answer("271", _bht_and_trn), "277": _status,
    "278": _response, "835": _named("835", "CLP", 1), "855": _named("855", "BAK", 3),
    "856": _named("856", "PRF", 1), "810": _named("810", "BIG", 4),
}  # fmt: skip
