"""270 and 271: whether a payer covers a patient (guide X279)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Literal

from careloom.core.errors import MappingError
from careloom.formats.x12 import Loop, Transaction
from careloom.mapping.catalogue import Mapping as SetMapping
from careloom.mapping.result import Translation
from careloom.mapping.source import Settings
from careloom.mapping.x12.asking import named_above, numbers
from careloom.mapping.x12.codes import REJECT
from careloom.mapping.x12.parties import family_number, organization, patient, related_person, relationship
from careloom.mapping.x12.services import procedure
from careloom.mapping.x12.source import Row, Source, merged, present
from careloom.model import (
    Benefit,
    CodeableConcept,
    Coding,
    Coverage,
    CoverageClass,
    CoverageEligibilityRequest,
    CoverageEligibilityResponse,
    EligibilityAnswered,
    EligibilityRequested,
    Period,
    Quantity,
)

_DEFAULTS = Settings()
_ACTIVE, _INACTIVE = frozenset("12345"), frozenset("678")
_PLAN_WIDE: Final = "30"
_SERVICED = ("291", "472", "307")
_COVERED = ("346", "347", "348", "349", "356", "357", "307", "291")
_CLOSING = frozenset({"347", "349", "357"})

DROPPED: Mapping[str, str] = {
    "2100B/PRV": "the specialty of who asks plays no part in billing",
    "2100B/REF": "the asker's further numbers: its NPI or tax number names it",
    "2100C/HI": "diagnoses of an inquiry are clinical; only the service asked for is carried",
    "2100D/HI": "diagnoses of an inquiry are clinical; only the service asked for is carried",
    "2100C/MPI": "military service is personal and no concern of billing",
    "2100D/MPI": "military service is personal and no concern of billing",
    "2110C/AMT": "the amount of spend-down is asked of Medicaid alone",
    "2110C/HSD": "how a benefit is spread over time has no place in Benefit; its total is carried",
    "2110D/HSD": "how a benefit is spread over time has no place in Benefit; its total is carried",
    "2110C/III": "where a benefit holds (place of service) has no place in Benefit",
    "2115C": "where a benefit holds (place of service) has no place in Benefit",
    "2115D": "where a benefit holds (place of service) has no place in Benefit",
    "2120C": "other payers and care managers named beside a benefit: they are asked themselves",
    "2120D": "other payers and care managers named beside a benefit: they are asked themselves",
}


def translate_inquiry(transaction: Transaction, settings: Settings = _DEFAULTS) -> Translation:
    """270: an `eligibility.requested` for each person asked about. Raises MappingError without any number (`BHT03`)."""
    source = Source(transaction, settings)
    events = [source.event(EligibilityRequested, **_question(source, person)) for person in _persons(source)]
    return source.translation([*events], "the inquiry asks about nobody")


def translate_answer(transaction: Transaction, settings: Settings = _DEFAULTS) -> Translation:
    """271: an `eligibility.answered` for each person asked about; one for the whole where the payer could not even
    look. Raises MappingError without any number (`BHT03`)."""
    source = Source(transaction, settings)
    events = [source.event(EligibilityAnswered, **_answer(source, person)) for person in _persons(source)]
    errors = _errors(source, source.root.loops())
    if not events and errors:
        response = CoverageEligibilityResponse(
            request=numbers(source, source.root, "2"), outcome="error", error=errors,
            insurer=organization(source, source.root.loop("2100A"), "payer"),
        )  # fmt: skip
        events = [source.event(EligibilityAnswered, response=response)]
    return source.translation([*events], "the answer speaks of nobody", "2000C")


class _Person:
    """Somebody asked about: a dependent, or a subscriber without dependents in the set."""

    __slots__ = ("dependent", "level", "subscriber")

    def __init__(self, level: Loop, subscriber: Loop, dependent: Loop | None) -> None:
        self.level, self.subscriber, self.dependent = level, subscriber, dependent

    @property
    def named(self) -> Loop:
        return self.dependent or self.subscriber


def _persons(source: Source) -> Iterator[_Person]:
    for level in source.root.loops("2000C"):
        subscriber = level.loop("2100C")
        if subscriber is None:
            raise MappingError("the subscriber level names nobody; the sender must correct it", "2100C/NM1")
        dependents = [one for one in level.loops("2000D") if one.loop("2100D")]
        if not dependents or _asked(subscriber):
            yield _Person(level, subscriber, None)
        for one in dependents:
            yield _Person(one, subscriber, one.loop("2100D"))


def _asked(loop: Loop) -> bool:
    return any(inner.id.startswith("2110") for inner in loop.inner())


def _question(source: Source, person: _Person) -> dict[str, object]:
    named = person.named
    asked = [Row(source, one, one.segments()[0]) for one in named.loops() if one.id.startswith("2110")]
    request = CoverageEligibilityRequest(
        identifier=numbers(source, person.level, "1"),
        created=source.occurred.isoformat() if source.occurred else None,
        serviced=_serviced(source, named),
        service_type=tuple(dict.fromkeys(code for eq in asked for code in eq.repetitions(1))),
        service=tuple(concept for eq in asked if (concept := _service(eq, 2)) is not None),
        insurer=organization(source, named_above(person.level, "2000A", "2100A"), "payer"),
        provider=organization(source, named_above(person.level, "2000B", "2100B"), "provider"),
        coverage=_coverage(source, person),
    )
    return {"request": request, "patient": _patient(source, person)}


def _answer(source: Source, person: _Person) -> dict[str, object]:
    named = person.named
    lines = [Row(source, one, one.segments()[0]) for one in named.loops() if one.id.startswith("2110")]
    benefits = tuple([_benefit(source, eb) for eb in lines if eb.text(1)])
    errors = _errors(source, [*_above(person.level), named, *named.loops()])
    outcome: Literal["complete", "partial", "error"] = "complete" if not errors else "partial" if benefits else "error"
    response = CoverageEligibilityResponse(
        request=numbers(source, person.level, "2"),
        identifier=present(source.row(person.level, "TRN", "1").identifier(2)),
        outcome=outcome,
        active=_active(benefits),
        created=source.occurred.isoformat() if source.occurred else None,
        serviced=_serviced(source, named),
        insurer=organization(source, named_above(person.level, "2000A", "2100A"), "payer"),
        coverage=_coverage(source, person, benefits),
        benefit=benefits,
        error=errors,
    )
    return {"response": response, "patient": _patient(source, person)}


def _above(level: Loop) -> list[Loop]:
    """The levels around one, with who is named there."""
    found: list[Loop] = []
    for outer, inner in (("2000A", "2100A"), ("2000B", "2100B"), ("2000C", "2100C")):
        around = level.around(outer)
        if around is not None:
            named = around.loop(inner)
            found += [around, named] if named is not None else [around]
    return found


def _patient(source: Source, person: _Person) -> object:
    if person.dependent is None:
        return patient(source, person.subscriber)
    return patient(source, person.dependent, family_number(person.subscriber, source))


def _coverage(source: Source, person: _Person, benefits: tuple[Benefit, ...] = ()) -> Coverage:
    subscriber, named = person.subscriber, person.named
    group = source.first(subscriber, "REF", "6P", "1L") or source.first(named, "REF", "6P", "1L")
    plan = next((one.plan for one in benefits if one.plan and one.kind in _ACTIVE), None)
    number = (
        source.first(named, "REF", "18", "49") if named is not subscriber else source.first(subscriber, "REF", "18")
    )
    return Coverage(
        payor=organization(source, named_above(person.level, "2000A", "2100A"), "payer"),
        subscriber_id=source.row(subscriber, "NM1").text(9),
        plan=CoverageClass(value=number.text(2), name=plan or number.text(3)) if plan or number.text(2) else None,
        group=CoverageClass(value=group.text(2), name=group.text(3)) if group else None,
        period=_period(source, named, _COVERED) if benefits else None,
        relationship=relationship(source.row(named, "INS"), 2) if person.dependent else "self",
        policy_holder=related_person(source, subscriber) if person.dependent else None,
    )


def _serviced(source: Source, loop: Loop) -> Period | None:
    found = [one.period() for one in source.rows(loop, "DTP", *_SERVICED)]
    return merged(*found)


def _period(source: Source, loop: Loop, qualifiers: tuple[str, ...]) -> Period | None:
    """The days that these DTP segments say; one that closes gives the end alone, a single opening day the start."""
    ends: list[Period | None] = []
    for dtp in source.rows(loop, "DTP", *qualifiers):
        found = dtp.period()
        if found is not None and dtp.text(2) != "RD8":
            found = Period(end=found.end) if dtp.text(1) in _CLOSING else Period(start=found.start)
        ends.append(found)
    return merged(*ends)


def _benefit(source: Source, eb: Row) -> Benefit:
    percent = eb.number(8)
    return Benefit(
        kind=eb.need(1, "the kind of benefit"),
        service_type=eb.repetitions(3),
        service=_service(eb, 13),
        level=eb.text(2),
        insurance_type=eb.text(4),
        plan=eb.text(5),
        time=eb.text(6),
        amount=eb.money(7),
        percent=Quantity(value=(percent * 100).normalize() + 0, unit="%") if percent is not None else None,
        quantity=eb.quantity(10, eb.text(9)),
        authorization_required=_YES.get(eb.text(11) or ""),
        in_network=_YES.get(eb.text(12) or ""),
        period=_period(source, eb.loop, ("472", "291", "292", "346", "347", "348", "349", "356", "357", "193", "194")),
        message=tuple([text for msg in source.rows(eb.loop, "MSG") if (text := msg.text(1))]),
    )


_YES: Final = {"Y": True, "N": False}


def _service(row: Row, element: int) -> CodeableConcept | None:
    found = procedure(row.components(element))
    return found.concept if found else None


def _active(benefits: tuple[Benefit, ...]) -> bool | None:
    """What is said of the plan as a whole (service type 30), else of any service."""
    whole = {one.kind for one in benefits if _PLAN_WIDE in one.service_type}
    for kinds in (whole, {one.kind for one in benefits}):
        if kinds & _ACTIVE:
            return True
        if kinds & _INACTIVE:
            return False
    return None


def _errors(source: Source, loops: list[Loop]) -> tuple[Coding, ...]:
    codes = [aaa.text(3) for loop in loops for aaa in source.rows(loop, "AAA")]
    return tuple(dict.fromkeys(Coding(code=code, system=REJECT) for code in codes if code))


MAPPINGS = (SetMapping("x12", ("270",), translate_inquiry), SetMapping("x12", ("271",), translate_answer))
