"""278: leave to give a service, asked for and answered (guides X215 to X217)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Literal, TypeAlias

from careloom.core.errors import MappingError
from careloom.formats.x12 import Loop, Transaction
from careloom.mapping.catalogue import Mapping as SetMapping
from careloom.mapping.result import Translation
from careloom.mapping.source import Settings
from careloom.mapping.x12.asking import named_above, numbers
from careloom.mapping.x12.codes import DECISION, DIAGNOSIS, REJECT
from careloom.mapping.x12.parties import (
    family_number,
    is_person,
    organization,
    patient,
    practitioner,
    related_person,
    relationship,
)
from careloom.mapping.x12.services import Procedure, procedure
from careloom.mapping.x12.source import Row, Source, merged
from careloom.model import (
    Authorization,
    AuthorizationCancelled,
    AuthorizationDenied,
    AuthorizationEvent,
    AuthorizationGranted,
    AuthorizationItem,
    AuthorizationPended,
    AuthorizationRequest,
    AuthorizationRequested,
    Coding,
    Coverage,
    CoverageClass,
    Period,
    Quantity,
)

_DEFAULTS = Settings()
Decided: TypeAlias = Literal["granted", "modified", "denied", "pended", "cancelled", "not-required"]
# Data element 306 (HCR01).
_DECIDED: Final[Mapping[str, Decided]] = {
    "A1": "granted", "A2": "modified", "A3": "denied", "A4": "pended", "A6": "modified", "C": "cancelled",
    "CT": "pended", "NA": "not-required",
}  # fmt: skip
_EVENTS: Final[Mapping[Decided, type[AuthorizationEvent]]] = {
    "granted": AuthorizationGranted, "modified": AuthorizationGranted, "not-required": AuthorizationGranted,
    "denied": AuthorizationDenied, "pended": AuthorizationPended, "cancelled": AuthorizationCancelled,
}  # fmt: skip
_ASKING = ("13", "01", "36", "")
_SERVICE = {"SV1": (1, 4, 3), "SV2": (2, 5, 4), "SV3": (1, 6, 0)}
"""Where a service line has its code, its quantity and the unit of that."""

DROPPED: Mapping[str, str] = {
    "2000E/UM03": "the service type: the services themselves are carried",
    "2000E/CL1": "how the patient is admitted is clinical",
    "2000E/CR1": "ambulance certification: the payer's form, which Odoo has no use for",
    "2000E/CR2": "spinal manipulation certification: clinical",
    "2000E/CR5": "oxygen certification: clinical",
    "2000E/CR6": "home health certification: clinical",
    "2000E/CRC": "the patient's condition is clinical",
    "2000E/PWK": "attachments are sent and told as documents",
    "2000F/PWK": "attachments are sent and told as documents",
    "2010A/PER": "whom to telephone at the payer is known to the people who do",
    "2010B/PER": "whom to telephone at the provider is known to the payer",
    "2010EC": "ambulance stops are no concern of billing",
    "2000F/SV1": "the charge expected: the claim tells what is charged; code and quantity are carried",
    "2000F/SV2": "the charge expected and the revenue code: the claim tells them; code and quantity are carried",
    "2000F/TOO": "teeth of a service: the claim names them",
}


def translate(transaction: Transaction, settings: Settings = _DEFAULTS) -> Translation:
    """A request becomes `authorization.requested`, an answer `granted`, `denied`, `pended` or `cancelled`: one event
    for each patient event in it. A request that the payer could not process is `pended`, its reject reasons as
    `reason`. Raises MappingError without any number (`BHT03`)."""
    source = Source(transaction, settings)
    answers = any(True for _ in transaction.find("HCR")) or any(True for _ in transaction.find("AAA"))
    if transaction.purpose not in _ASKING or answers:
        return source.translation([*_decided(source)], "the answer decides on nothing; a person must look at it", "HCR")
    asked = [_asked(source, event) for event in _patient_events(source)]
    return source.translation([*asked], "the request asks for nothing")


def _patient_events(source: Source) -> Iterator[Loop]:
    """Loops with a UM that stand in no other: events of a 5010, services of a 4010."""
    for loop in source.root.inner():
        if loop.segment("UM") and not (loop.parent is not None and _outer(loop.parent)):
            yield loop


def _outer(loop: Loop) -> bool:
    found: Loop | None = loop
    while found is not None:
        if found.segment("UM"):
            return True
        found = found.parent
    return False


def _asked(source: Source, event: Loop) -> AuthorizationRequested:
    um = source.row(event, "UM")
    requester = named_above(event, "2000B", "2010B")
    person = requester if requester is not None and is_person(requester) else None
    request = AuthorizationRequest(
        identifier=numbers(source, event, "1"),
        created=source.occurred.isoformat() if source.occurred else None,
        category=um.text(1),
        action=um.text(2),
        level_of_service=um.text(6),
        period=source.first(event, "DTP", "AAH", "435", "472").period(),
        diagnosis=_diagnoses(source, event),
        insurer=organization(source, named_above(event, "2000A", "2010A"), "payer"),
        provider=None if person else organization(source, requester, "provider"),
        requester=practitioner(source, person),
        item=_items(source, event),
        replaces=source.first(event, "REF", "BB").identifier(2),
    )
    return source.event(AuthorizationRequested, request=request, **_insured(source, event))


def _decided(source: Source) -> Iterator[AuthorizationEvent]:
    events = list(_patient_events(source)) or source.root.loops("2000E")
    for event in events or _rejected(source):
        hcr = source.row(event, "HCR")
        errors = _errors(source, event)
        items = _items(source, event)
        decision = _decision(hcr, items, bool(errors))
        number = hcr.identifier(2) or next((one.authorization for one in items if one.authorization), None)
        authorization = Authorization(
            request=numbers(source, event, "2"),
            number=number or source.first(event, "REF", "BB").identifier(2),
            decision=decision,
            reason=(*[Coding(code=code, system=DECISION) for code in hcr.repetitions(3)], *errors),
            period=_holds(source, event),
            decided=_start(source.row(event, "DTP", "102").period()),
            quantity=_quantity(source, event),
            insurer=organization(source, named_above(event, "2000A", "2010A"), "payer"),
            provider=organization(source, named_above(event, "2000B", "2010B"), "provider"),
            item=items,
            message=tuple([text for msg in source.rows(event, "MSG") if (text := msg.text(1))]),
        )
        yield source.event(_EVENTS[decision], authorization=authorization, **_insured(source, event))


def _rejected(source: Source) -> list[Loop]:
    """Where a payer did not get as far as the patient's event: the innermost level that it says something of."""
    levels = [loop for loop in source.root.inner() if loop.segment("HL")]
    told = [loop for loop in levels if _errors(source, loop)]
    return levels[-1:] if told else []


def _decision(hcr: Row, items: tuple[AuthorizationItem, ...], errors: bool) -> Decided:
    code = hcr.text(1)
    if code is not None:
        if code not in _DECIDED:
            raise MappingError("is no decision that we know; a person must look at the payer's answer", hcr.place(1))
        return _DECIDED[code]
    decided = {one.decision for one in items if one.decision is not None}
    if len(decided) == 1 and not errors:
        return next(iter(decided))
    return "modified" if "granted" in decided or "modified" in decided else "pended"


def _insured(source: Source, event: Loop) -> dict[str, object]:
    subscriber = named_above(event, "2000C", "2010C")
    dependent = named_above(event, "2000D", "2010D")
    named = dependent or subscriber
    if named is None:
        return {}
    group = source.first(subscriber or named, "REF", "6P", "1L")
    coverage = Coverage(
        payor=organization(source, named_above(event, "2000A", "2010A"), "payer"),
        subscriber_id=source.row(subscriber, "NM1").text(9) if subscriber is not None else None,
        group=CoverageClass(value=group.text(2), name=group.text(3)) if group else None,
        relationship=relationship(source.row(named, "INS"), 2) if dependent is not None else "self",
        policy_holder=related_person(source, subscriber) if dependent is not None else None,
    )
    family = family_number(subscriber, source) if dependent is not None else None
    return {"patient": patient(source, named, family), "coverage": (coverage,)}


def _diagnoses(source: Source, event: Loop) -> tuple[Coding, ...]:
    found = []
    for hi in source.rows(event, "HI"):
        for element in range(1, 13):
            qualifier, code, *_ = hi.parts(element, 2)
            kind = DIAGNOSIS.get(qualifier or "")
            if kind is not None and code:
                found.append(Coding(code=code, system=kind[1]))
    return tuple(dict.fromkeys(found))


def _items(source: Source, event: Loop) -> tuple[AuthorizationItem, ...]:
    own = [event] if any(event.segment(id) for id in _SERVICE) else []
    services = [*own, *(one for one in event.loops() if one.id == "2000F")]
    return tuple([_item(source, one, sequence) for sequence, one in enumerate(services, 1)])


def _item(source: Source, loop: Loop, sequence: int) -> AuthorizationItem:
    found, quantity = _service(source, loop)
    hcr = source.row(loop, "HCR")
    inner = next((one for one in loop.loops() if one.id.startswith("2010F")), None)
    return AuthorizationItem(
        sequence=sequence,
        product_or_service=found.concept if found else None,
        modifier=found.modifier if found else (),
        quantity=quantity,
        serviced=source.first(loop, "DTP", "472").period(),
        performer=practitioner(source, inner) if inner is not None and is_person(inner) else None,
        decision=_DECIDED.get(hcr.text(1) or ""),
        authorization=hcr.identifier(2),
        reason=tuple([Coding(code=code, system=DECISION) for code in hcr.repetitions(3)]),
    )


def _service(source: Source, loop: Loop) -> tuple[Procedure | None, Quantity | None]:
    for id, (code, quantity, unit) in _SERVICE.items():
        row = source.row(loop, id)
        if row:
            return procedure(row.components(code)), row.quantity(quantity, row.text(unit) if unit else None)
    return None, _quantity(source, loop)


def _quantity(source: Source, loop: Loop) -> Quantity | None:
    hsd = source.row(loop, "HSD")
    return hsd.quantity(2, hsd.text(1))


def _holds(source: Source, event: Loop) -> Period | None:
    """From 007 or the day of the event to 036; both where one DTP says both."""
    opening = source.first(event, "DTP", "007", "607", "AAH", "472").period()
    closing = source.row(event, "DTP", "036").period()
    if closing is None:
        return opening
    return merged(Period(start=opening.start) if opening else None, Period(end=closing.end))


def _start(period: Period | None) -> str | None:
    return period.start if period else None


def _errors(source: Source, event: Loop) -> tuple[Coding, ...]:
    """Reject reasons (AAA03) of the event, of who is named in it, and of the levels around."""
    loops = [event, *event.loops()]
    around = event.parent
    while around is not None:
        loops += [around, *(one for one in around.content if isinstance(one, Loop) and one.id.startswith("2010"))]
        around = around.parent
    codes = [aaa.text(3) for loop in loops for aaa in source.rows(loop, "AAA")]
    return tuple(dict.fromkeys(Coding(code=code, system=REJECT) for code in codes if code))


MAPPINGS = (SetMapping("x12", ("278",), translate),)
