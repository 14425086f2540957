"""Events of payment gateways: money that came, failed to come, went back, is disputed, was paid out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, Protocol, cast

from careloom.core.errors import MappingError
from careloom.mapping.catalogue import Mapping as EventMapping
from careloom.mapping.currencies import from_minor
from careloom.mapping.gateways import GATEWAY, Dialect, Pointers, Told
from careloom.mapping.reading.json import at
from careloom.mapping.result import Translation
from careloom.mapping.source import Issue, Settings
from careloom.model import (
    CanonicalEvent,
    Dispute,
    Identifier,
    Money,
    PaymentDisputed,
    PaymentFailed,
    PaymentNotice,
    PaymentReceived,
    PaymentRefunded,
    Refund,
    Settlement,
    SettlementReceived,
    subject_key,
)

_DEFAULTS = Settings()
_LATEST: Final = 253_402_300_799  # the end of the year 9999

DROPPED: Mapping[str, str] = {
    "/data/object/billing_details": "who paid and where they live: the gateway keeps it, the invoice knows the patient",
    "/data/object/receipt_email": "where a receipt was sent",
    "/data/object/receipt_url": "a page with the payer's particulars",
    "/data/object/description": "free text, which may name a patient",
    "/data/object/payment_method_details": "particulars of the card beyond its brand and last four digits",
    "/data/object/metadata": "numbers of ours other than the invoice, the account and the key",
    "/data/object/outcome": "how the gateway judged the risk",
    "/data/object/evidence": "what was said in a dispute",
    "/data/previous_attributes": "what changed: each event tells the whole",
    "/livemode": "a test system has its own settings",
}


class Body:
    """One object of a gateway, read by a dialect. Faults name the pointer, never the value."""

    def __init__(self, document: Any, dialect: Dialect, place: str = "") -> None:
        self._document = document
        self._dialect = dialect
        self._place = place
        self.issues: list[Issue] = []

    def text(self, pointers: Pointers) -> str | None:
        """A text, or a whole number as text; None when it is not there, or is empty."""
        value, pointer = self._found(pointers)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise MappingError("must be a text; correct the gateway's dialect", pointer)
        return str(value).strip() or None

    def need(self, pointers: Pointers, what: str) -> str:
        """A text that must be there."""
        found = self.text(pointers)
        if found is None:
            raise MappingError(f"{what} is missing; the gateway must give it", self._place + pointers[0])
        return found

    def identifier(self, pointers: Pointers, type: str | None = None) -> Identifier | None:
        """A number; one with a type is the gateway's own."""
        value = self.text(pointers)
        assigner = self._dialect.assigner if type else None
        return None if value is None else Identifier(value=value, type=type, assigner=assigner)

    def own(self, type: str) -> tuple[Identifier, ...]:
        """The object's own number."""
        value = self.need(self._dialect.number, "the number of the object")
        return (Identifier(value=value, type=type, assigner=self._dialect.assigner),)

    def money(self, pointers: Pointers) -> Money | None:
        """A whole number of minor units. Raises MappingError for one with a point: nobody could tell what it means."""
        value, pointer = self._found(pointers)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            raise MappingError("must be a whole number of the currency's smallest unit", pointer)
        currency = self.need(self._dialect.currency, "the currency")
        try:
            return from_minor(value, currency, self._dialect.exponents)
        except ValueError as error:
            raise MappingError(f"{error}; the gateway must correct it", pointer) from None

    def amount(self) -> Money:
        """The amount of the object."""
        found = self.money(self._dialect.amount)
        if found is None:
            raise MappingError("the amount is missing; the gateway must give it", self._place + self._dialect.amount[0])
        return found

    def moment(self, pointers: Pointers) -> datetime | None:
        """Seconds since 1970, or ISO 8601; anything else is dropped, with an issue."""
        value, pointer = self._found(pointers)
        if value is None:
            return None
        found = _instant(value)
        if found is None:
            self.issues.append(Issue(pointer, "is no time; dropped"))
        return found

    def status(self, told: Told, otherwise: str) -> str:
        """In the words of the model. A word that the dialect does not know waits for a person: it may mean anything."""
        word = self.text(self._dialect.status)
        if word is None:
            return otherwise
        known = self._dialect.statuses[told].get(word)
        if known is None:
            raise MappingError(
                f"is no status of a {told} that the dialect knows", self._place + self._dialect.status[0]
            )
        return known

    def instrument(self) -> str | None:
        """`visa ending 4242`. What is not exactly four digits stays behind: it could be the number of a card."""
        last, pointer = self._found(self._dialect.last4)
        if last is None:
            return None
        if not (isinstance(last, str) and len(last) == 4 and last.isascii() and last.isdigit()):
            self.issues.append(Issue(pointer, "is not four digits; dropped"))
            return None
        return f"{self.text(self._dialect.brand) or 'card'} ending {last}"

    def _found(self, pointers: Pointers) -> tuple[Any, str]:
        for pointer in pointers:
            value = at(self._document, pointer)
            if value is not None:
                return value, self._place + pointer
        return None, ""


def payment_of(
    document: Any, dialect: Dialect = GATEWAY, place: str = "", issues: list[Issue] | None = None
) -> PaymentNotice:
    """A payment as the gateway writes it. Raises MappingError with the pointer of what is missing or wrong."""
    body = Body(document, dialect, place)
    method = body.text(dialect.method)
    found = PaymentNotice(
        identifier=body.own("PAY"),
        status=body.status("payment", "received"),  # type: ignore[arg-type]
        amount=body.amount(),
        fee=body.money(dialect.fee),
        method=dialect.methods.get(method, "other") if method else None,
        date=_written(body.moment(dialect.created)),
        invoice=body.identifier(dialect.invoice),
        account=body.identifier(dialect.account),
        instrument=body.instrument(),
        failure_code=body.text(dialect.failure_code),
        failure_reason=body.text(dialect.failure_reason),
    )
    _kept(body, issues)
    return found


def refund_of(document: Any, dialect: Dialect = GATEWAY, place: str = "", issues: list[Issue] | None = None) -> Refund:
    """A refund. Raises as `payment_of`."""
    body = Body(document, dialect, place)
    found = Refund(
        identifier=body.own("REF"),
        payment=body.identifier(dialect.payment, "PAY"),
        status=body.status("refund", "succeeded"),  # type: ignore[arg-type]
        amount=body.amount(),
        fee=body.money(dialect.fee),
        reason=body.text(dialect.reason),
        date=_written(body.moment(dialect.created)),
        invoice=body.identifier(dialect.invoice),
        account=body.identifier(dialect.account),
    )
    _kept(body, issues)
    return found


def dispute_of(
    document: Any, dialect: Dialect = GATEWAY, place: str = "", issues: list[Issue] | None = None
) -> Dispute:
    """A dispute. Raises as `payment_of`."""
    body = Body(document, dialect, place)
    found = Dispute(
        identifier=body.own("DSP"),
        payment=body.identifier(dialect.payment, "PAY"),
        status=body.status("dispute", "needs-response"),  # type: ignore[arg-type]
        amount=body.amount(),
        fee=body.money(dialect.fee),
        reason=body.text(dialect.reason),
        date=_written(body.moment(dialect.created)),
        evidence_due=_written(body.moment(dialect.evidence_due)),
        invoice=body.identifier(dialect.invoice),
        account=body.identifier(dialect.account),
    )
    _kept(body, issues)
    return found


def settlement_of(
    document: Any, dialect: Dialect = GATEWAY, place: str = "", issues: list[Issue] | None = None
) -> Settlement:
    """A payout. It has no lines: those stand in the settlement's report. Raises as `payment_of`."""
    body = Body(document, dialect, place)
    arrival = body.moment(dialect.arrival)
    found = Settlement(
        identifier=body.own("SET"),
        status=body.status("settlement", "paid"),  # type: ignore[arg-type]
        date=arrival.date().isoformat() if arrival else None,
        net=body.amount(),
        reference=body.text(dialect.descriptor),
    )
    _kept(body, issues)
    return found


class Translate(Protocol):
    """Translates one event of a gateway."""

    def __call__(self, document: Any, settings: Settings = _DEFAULTS) -> Translation: ...


def translator(dialect: Dialect) -> Translate:
    """What translates the events of gateways that write so."""

    def translate(document: Any, settings: Settings = _DEFAULTS) -> Translation:  # noqa: ARG001
        type_ = at(document, dialect.type)
        told = dialect.types.get(type_) if isinstance(type_, str) else None
        if told is None:
            return Translation(filtered="an event of the gateway by which no money moves")
        body = at(document, dialect.object)
        if not isinstance(body, dict):
            raise MappingError("the object of the event is missing; the gateway must give it", dialect.object)
        issues: list[Issue] = []
        occurred = _instant(at(document, dialect.occurred))
        event = _EVENTS[told](body, dialect, issues, {"trigger": type_, "occurred": occurred})
        return Translation(events=(event,), issues=tuple(issues))

    return translate


def about(document: Any, dialect: Dialect = GATEWAY) -> str | None:
    """The ordering key of an event: that of the payment it is about, which is also where its canonical event waits;
    of a payout its own. None for a document that has no number."""
    body = at(document, dialect.object)
    told = dialect.types.get(str(at(document, dialect.type)))
    pointers = dialect.number if told in ("payment", "settlement") else (*dialect.payment, *dialect.number)
    try:
        number = Body(body, dialect).text(pointers)
    except MappingError:
        return None
    kind = "Settlement" if told == "settlement" else "Payment"
    return subject_key(kind, Identifier(value=number), by_number=True) if number else None


def key_of(document: Any, dialect: Dialect = GATEWAY) -> str | None:
    """The key that a refund was asked for with, where it was asked for by us."""
    return Body(document, dialect).text(dialect.key)


def _payment(body: Any, dialect: Dialect, issues: list[Issue], origin: dict[str, Any]) -> CanonicalEvent:
    found = payment_of(body, dialect, dialect.object, issues)
    if found.status in ("failed", "cancelled"):
        return PaymentFailed(payment=found, **origin)
    if found.status != "received":
        raise MappingError(
            "a payment that is told of is neither received nor failed", dialect.object + dialect.status[0]
        )
    return PaymentReceived(payment=found, **origin)


def _refund(body: Any, dialect: Dialect, issues: list[Issue], origin: dict[str, Any]) -> CanonicalEvent:
    return PaymentRefunded(refund=refund_of(body, dialect, dialect.object, issues), **origin)


def _dispute(body: Any, dialect: Dialect, issues: list[Issue], origin: dict[str, Any]) -> CanonicalEvent:
    return PaymentDisputed(dispute=dispute_of(body, dialect, dialect.object, issues), **origin)


def _settlement(body: Any, dialect: Dialect, issues: list[Issue], origin: dict[str, Any]) -> CanonicalEvent:
    return SettlementReceived(settlement=settlement_of(body, dialect, dialect.object, issues), **origin)


_EVENTS: Final[Mapping[Told, Callable[[Any, Dialect, list[Issue], dict[str, Any]], CanonicalEvent]]] = {
    "payment": _payment,
    "refund": _refund,
    "dispute": _dispute,
    "settlement": _settlement,
}


def _kept(body: Body, issues: list[Issue] | None) -> None:
    if issues is not None:
        issues += body.issues


def _instant(value: object) -> datetime | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return datetime.fromtimestamp(value, UTC) if 0 < value <= _LATEST else None
    try:
        found = datetime.fromisoformat(cast(str, value))
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _written(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


translate = translator(GATEWAY)
MAPPINGS = (EventMapping("json", ("payments",), translate),)
