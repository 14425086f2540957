"""Who a patient is and when it is expected, asked at a desk: searches of a FHIR server (FHIR R4 3.1.1).

Servers may pass over parameters that they do not know, and then find everybody. So what they answer is compared with
what was asked, and whatever does not belong to it is left out.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from datetime import date, datetime, timedelta, tzinfo
from typing import Any, Final, NamedTuple, Protocol

from careloom.core.errors import ContractBroken
from careloom.formats.fhir import Resource, instant, parse_reference, token
from careloom.mapping.fhir.datatypes import day, human_name, identifiers
from careloom.mapping.fhir.datatypes import instant as moment
from careloom.mapping.fhir.elements import Node, child, children, flag, text, whole
from careloom.mapping.fhir.writing.datatypes import system_of
from careloom.model import Identifier
from careloom.systems.fhir.client import FhirClient

PATIENT: Final = "patient"
APPOINTMENT: Final = "appointment"
_PAGE: Final = "100"
_MOST: Final = 1000
_MOST_PAGES: Final = 50
_DAY: Final = timedelta(days=1)
_URI: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:\S+|[0-2](\.(0|[1-9]\d*))+", re.ASCII)
_STATUS: Final = {
    "checked-in": "arrived",
    **{
        one: one for one in ("proposed", "pending", "booked", "arrived", "fulfilled", "cancelled", "noshow", "waitlist")
    },
}
"""As a desk is told them. One that was entered in error is none."""
_NAMED: Final = ("official", "usual")


class PatientQuestion(Protocol):
    """The gateway's parameters of the shape `patient`."""

    @property
    def identifier(self) -> str: ...
    @property
    def assigner(self) -> str | None: ...


class AppointmentQuestion(Protocol):
    """Those of the shape `appointment`."""

    @property
    def patient(self) -> str: ...
    @property
    def day(self) -> date | None: ...


class _Span(NamedTuple):
    start: datetime
    end: datetime


class FhirLookups:
    """Asks one server. `zone` is that of the days in questions. Raises what a search raises."""

    def __init__(self, client: FhirClient, zone: tzinfo) -> None:
        self._client = client
        self._zone = zone

    async def patient(self, asked: PatientQuestion) -> Mapping[str, Any] | None:
        """The one patient with this number; None where there is none, or more than one."""
        found = await self._patient(asked.identifier, asked.assigner)
        if found is None:
            return None
        replaced = any(text(one, "type") == "replaced-by" for one in children(found, "link"))
        born = day(text(found, "birthDate"))
        return {
            "identifier": asked.identifier,
            "name": self._name(found),
            "birth_date": born if born is not None and len(born) == len("2000-01-01") else None,
            "active": flag(found, "active") is not False and not replaced,
        }

    async def appointment(self, asked: AppointmentQuestion) -> Mapping[str, Any] | None:
        """Its appointments, earliest first; None where there is no such patient, or more than one."""
        patient = await self._patient(asked.patient, None)
        if patient is None:
            return None
        reference = f"Patient/{patient.get('id')}"
        span = self._span(asked.day) if asked.day is not None else None
        pairs = [("patient", reference), ("_count", _PAGE)]
        if span is not None:
            pairs += [("date", f"ge{instant(span.start)}"), ("date", f"lt{instant(span.end)}")]
        made = [
            (start, told)
            async for one in self._found("Appointment", pairs)
            if _concerns(one, reference)
            and (start := moment(text(one, "start"))) is not None
            and (span is None or span.start <= start < span.end)
            and (told := _told(one, start)) is not None
        ]
        return {"appointments": [told for _, told in sorted(made, key=lambda pair: pair[0])]}

    async def _patient(self, value: str, assigner: str | None) -> Resource | None:
        known = Identifier(value=value, assigner=assigner)
        system = system_of(known) if assigner is not None and _URI.fullmatch(assigner) else ""
        found: dict[str, Resource] = {}
        async for one in self._found("Patient", [("identifier", token(system, value)), ("_count", _PAGE)]):
            if _has(one, known) and text(one, "id"):
                found[str(one["id"])] = one
                if len(found) > 1:
                    return None
        return next(iter(found.values()), None)

    async def _found(self, kind: str, pairs: list[tuple[str, str]]) -> AsyncIterator[Resource]:
        """What a search finds. Raises ContractBroken when that is more than a desk can be told."""
        pages = entries = 0
        async for page in self._client.search(kind, pairs):
            pages, entries = pages + 1, entries + len(children(page, "entry"))
            if pages > _MOST_PAGES or entries > _MOST:
                raise ContractBroken(f"a search of {kind} finds more than a look-up reads; ask for less")
            for entry in children(page, "entry"):
                resource = entry.get("resource")
                if isinstance(resource, dict) and resource.get("resourceType") == kind:
                    yield resource

    def _span(self, on: date) -> _Span:
        """The day, as it is where the server's users are."""
        return _Span(*[datetime(one.year, one.month, one.day, tzinfo=self._zone) for one in (on, on + _DAY)])

    def _name(self, patient: Resource) -> str:
        """As one writes it; raises ContractBroken for a patient without any."""
        names = sorted(children(patient, "name"), key=_rank)
        for one in names:
            name = human_name(one)
            if name is not None:
                return name.text or " ".join(part for part in (*name.given, name.family) if part)
        raise ContractBroken("the patient has no name at the server; correct it there")


def _rank(name: Node) -> int:
    use = text(name, "use") or "usual"
    return _NAMED.index(use) if use in _NAMED else len(_NAMED)


def _has(patient: Resource, asked: Identifier) -> bool:
    """Whether a number is among those of the patient. The assigner may be its short name, its OID or its URI."""
    own = [one for one in identifiers(children(patient, "identifier")) if one.value == asked.value]
    if asked.assigner is None:
        return bool(own)
    return any(asked.assigner in (one.assigner, one.system) or system_of(one) == system_of(asked) for one in own)


def _concerns(appointment: Resource, reference: str) -> bool:
    actors = [child(one, "actor") for one in children(appointment, "participant")]
    return any(parse_reference(text(one, "reference") or "").local == reference for one in actors)


def _told(appointment: Resource, start: datetime) -> Mapping[str, Any] | None:
    status = _STATUS.get(text(appointment, "status") or "")
    if status is None:
        return None
    numbers = identifiers(children(appointment, "identifier"))
    end = moment(text(appointment, "end"))
    minutes = whole(appointment, "minutesDuration")
    if minutes is None and end is not None and end >= start:
        minutes = round((end - start).total_seconds() / 60)
    return {
        "identifier": numbers[0].value if numbers else str(appointment.get("id", "")),
        "status": status,
        "start": start,
        "minutes": minutes,
        "location": _place(appointment),
    }


def _place(appointment: Resource) -> str | None:
    for one in children(appointment, "participant"):
        actor = child(one, "actor")
        where = text(actor, "type") or parse_reference(text(actor, "reference") or "").type
        if where == "Location" and (shown := text(actor, "display")):
            return shown
    return None
