"""276, 277 and 277CA: where claims stand (guides X212, X214)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Literal

from careloom.core.errors import MappingError
from careloom.formats.x12 import Loop, Transaction
from careloom.mapping.catalogue import Mapping as SetMapping
from careloom.mapping.result import Translation
from careloom.mapping.source import Settings
from careloom.mapping.x12.parties import family_number, organization, patient
from careloom.mapping.x12.services import procedure
from careloom.mapping.x12.source import Row, Source, where
from careloom.model import (
    CanonicalEvent,
    ClaimAcknowledged,
    ClaimItemResponse,
    ClaimRejected,
    ClaimResponse,
    ClaimState,
    ClaimStatusChanged,
    ClaimStatusRequested,
    Identifier,
    Patient,
    TransmissionAcknowledged,
    TransmissionAcknowledgement,
    TransmissionError,
)

_DEFAULTS = Settings()
_STATES = (1, 10, 11)
_REFUSED: Final = frozenset({"A3", "A6", "A7", "A8", "D0", "E0", "E1", "E2", "E3", "E4"})
_CLAIM_LOOPS = frozenset({"2200D", "2200E"})

DROPPED: Mapping[str, str] = {
    "2100A/PER": "whom to telephone at the payer is known to the people who do",
    "2200A": "receipt and processing dates of the file; the event says when it came",
    "2200C": "counts per provider repeat what the claims below say",
    "2200D/REF": "further numbers of the inquiry (bill type, group, location): the claim's number names it",
    "2200E/REF": "further numbers of the inquiry (bill type, group, location): the claim's number names it",
    "2210D": "single lines of an inquiry: the payer answers for the claim",
    "2210E": "single lines of an inquiry: the payer answers for the claim",
}


def translate_inquiry(transaction: Transaction, settings: Settings = _DEFAULTS) -> Translation:
    """276: a `claim.status_requested` for each claim asked about."""
    source = Source(transaction, settings)
    events = [source.event(ClaimStatusRequested, **_question(source, claim)) for claim in _claims(source)]
    return source.translation([*events], "the inquiry asks about no claim")


def translate_answer(transaction: Transaction, settings: Settings = _DEFAULTS) -> Translation:
    """277: a `claim.status_changed` for each claim, and for each inquiry that was answered as a whole. A 277CA becomes
    a `transmission.acknowledged`, and a `claim.acknowledged` or `claim.rejected` for each claim."""
    source = Source(transaction, settings)
    if _acknowledges(transaction):
        return source.translation(_acknowledged(source), "the acknowledgement speaks of nothing", "2200B")
    events = [source.event(ClaimStatusChanged, **_answer(source, claim)) for claim in _claims(source, "2200B", "2200C")]
    return source.translation([*events], "the answer speaks of no claim", "TRN")


def _acknowledges(transaction: Transaction) -> bool:
    return "X214" in transaction.version or transaction.root.get("BHT06") == "TH"


def _claims(source: Source, *others: str) -> Iterator[Loop]:
    wanted = _CLAIM_LOOPS.union(others)
    return (loop for loop in source.root.inner() if loop.id in wanted)


def _question(source: Source, claim: Loop) -> dict[str, object]:
    return {
        "claim": _number(source, claim),
        "request": source.row(claim, "TRN").identifier(2),
        "payer_claim": source.first(claim, "REF", "1K").identifier(2),
        "payor": organization(source, _named(claim, "2000A", "2100A"), "payer"),
        "provider": organization(source, _named(claim, "2000C", "2100C"), "provider"),
        "serviced": source.first(claim, "DTP", "472", "232").period(),
        "charged": source.first(claim, "AMT", "T3").money(2),
        "patient": _patient(source, claim),
    }


def _answer(source: Source, claim: Loop) -> dict[str, object]:
    states = source.rows(claim, "STC")
    latest = states[0] if states else Row(source, claim, None)
    check = latest.text(9)
    trace = source.row(claim, "TRN").identifier(2)
    response = ClaimResponse(
        claim=_number(source, claim),
        payer_claim=source.first(claim, "REF", "1K").identifier(2),
        request=None if _acknowledges(source.transaction) else trace,
        state=_states(states),
        effective=latest.day(2),
        payor=organization(source, _named(claim, "2000A", "2100A"), "payer"),
        provider=organization(source, _named(claim, "2000C", "2100C"), "provider"),
        serviced=source.first(claim, "DTP", "472", "232").period(),
        charged=latest.money(4),
        paid=latest.money(5),
        payment_date=latest.day(8) or latest.day(6),
        payment=Identifier(value=check) if check else None,
        item=_items(source, claim),
    )
    return {"response": response, "patient": _patient(source, claim)}


def _number(source: Source, claim: Loop) -> Identifier:
    """The provider's number of the claim (REF EJ; in a 277CA the trace number), else the payer's, else that of the
    inquiry, which then stands for the claim nobody named."""
    trace = source.row(claim, "TRN")
    if _acknowledges(source.transaction):
        return Identifier(value=trace.need(2, "the number of the claim"))
    own = source.ref(claim, "EJ")
    if own:
        return Identifier(value=own)
    payers = source.ref(claim, "1K", "D9", "XZ")
    source_number = payers or trace.text(2) or source.row(source.root, "BHT").text(3)
    if source_number is None:
        raise MappingError("names neither claim nor inquiry; the sender must give a number", f"{where(claim)}TRN02")
    trace.drop(2, "names no claim by the provider's number (REF EJ); known by another number")
    return Identifier(value=source_number, use="secondary")


def _named(claim: Loop, outer: str, inner: str) -> Loop | None:
    found = claim.around(outer)
    return found.loop(inner) if found is not None else None


def _patient(source: Source, claim: Loop) -> Patient | None:
    level = claim.around("2000D")
    subscriber = level.loop("2100D") if level is not None else None
    inner = claim.around("2000E")
    dependent = inner.loop("2100E") if inner is not None else None
    if dependent is not None:
        return patient(source, dependent, family_number(subscriber, source), beside=inner)
    return patient(source, subscriber, beside=level) if subscriber is not None else None


def _states(rows: list[Row]) -> tuple[ClaimState, ...]:
    found = []
    for stc in rows:
        for element in _STATES:
            category, code, entity, *_ = stc.parts(element, 3)
            if category:
                text = stc.text(12) if element == 1 else None
                found.append(ClaimState(category=category, code=code, entity=entity, text=text))
    return tuple(found)


def _items(source: Source, claim: Loop) -> tuple[ClaimItemResponse, ...]:
    return tuple([_item(source, line, number) for number, line in enumerate(_lines(claim), 1)])


def _lines(claim: Loop) -> list[Loop]:
    return [one for one in claim.loops() if one.id.startswith("2220")]


def _item(source: Source, line: Loop, sequence: int) -> ClaimItemResponse:
    svc = source.row(line, "SVC")
    found = procedure(svc.components(1))
    return ClaimItemResponse(
        sequence=sequence,
        identifier=source.first(line, "REF", "FJ").identifier(2),
        product_or_service=found.concept if found else None,
        serviced=source.first(line, "DTP", "472").period(),
        charged=svc.money(2),
        paid=svc.money(3),
        state=_states(source.rows(line, "STC")),
    )


def _acknowledged(source: Source) -> list[CanonicalEvent]:
    """The batch first, then its claims."""
    events: list[CanonicalEvent] = []
    for batch in source.root.loops("2200B"):
        acknowledgement = _batch(source, batch)
        events.append(source.event(TransmissionAcknowledged, acknowledgement=acknowledgement))
    for claim in _claims(source):
        kind = ClaimRejected if _refused(source, claim) else ClaimAcknowledged
        events.append(source.event(kind, **_answer(source, claim)))
    return events


def _refused(source: Source, claim: Loop) -> bool:
    """STC03 says so (`U`), else the category of the state; a line that is refused refuses its claim."""
    states = source.rows(claim, "STC")
    actions = {stc.text(3) for stc in states}
    if actions & {"U", "WQ"}:
        return "U" in actions
    lines = [stc for line in _lines(claim) for stc in source.rows(line, "STC")]
    return any(state.category in _REFUSED for state in _states([*states, *lines]))


def _batch(source: Source, batch: Loop) -> TransmissionAcknowledgement:
    trn, stc = source.row(batch, "TRN"), source.row(batch, "STC")
    taken, refused = (_count(source, batch, code) for code in ("90", "AA"))
    number = trn.identifier(2)
    if number is None:
        raise MappingError("names no transmission; the sender must give its number", trn.place(2))
    own = source.row(source.root, "BHT").identifier(3)
    return TransmissionAcknowledgement(
        identifier=(own,) if own else (),
        transmission=number,
        level="transaction",
        outcome=_outcome(stc, taken, refused),
        kind="277CA",
        partner=organization(source, source.root.loop("2100A"), "payer"),
        date=stc.day(2),
        transactions=None if taken is None and refused is None else (taken or 0) + (refused or 0),
        accepted=taken,
        error=tuple(
            TransmissionError(place=stc.place(1), code=f"{state.category}:{state.code or ''}".rstrip(":"))
            for state in _states([stc])
            if stc.text(3) == "U"
        ),
    )


def _count(source: Source, batch: Loop, code: str) -> int | None:
    found = source.row(batch, "QTY", code).number(2)
    return int(found) if found is not None and 0 <= found < 1_000_000_000 else None


Outcome = Literal["accepted", "partially-accepted", "rejected"]


def _outcome(stc: Row, taken: int | None, refused: int | None) -> Outcome:
    if stc.text(3) == "U":
        return "rejected"
    if refused:
        return "partially-accepted" if taken else "rejected"
    return "accepted"


MAPPINGS = (SetMapping("x12", ("276",), translate_inquiry), SetMapping("x12", ("277",), translate_answer))
