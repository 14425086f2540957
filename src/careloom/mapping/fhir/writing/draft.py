"""A transaction that is being written: entries, what is contained in them, and how they refer to each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID, uuid5

from careloom.formats.fhir import Resource, bundle, create, query_text, token, update
from careloom.mapping.fhir.codes import PHYSICAL
from careloom.mapping.fhir.writing.datatypes import (
    Json,
    address,
    coded,
    contact,
    human_name,
    identifier,
    identifiers,
    system_of,
    without_blanks,
)
from careloom.mapping.identifiers import best
from careloom.model import Identifier, Location, Organization, Practitioner, RelatedPerson

_NAMES: Final = UUID("6f1d7a52-3f0e-5d0b-9a55-8c2f3c1b7e10")
_LEVELS: Final = (("bed", "bd"), ("room", "ro"), ("point_of_care", "wa"), ("facility", "si"))
__all__ = ["Draft", "Written", "number"]


def number(numbers: Sequence[Identifier]) -> Identifier | None:
    """The number by which a thing is found again: the best that is no server's id and not an alternate."""
    own = [one for one in numbers if one.type != "RI"]
    return best(own)


class Written:
    """One resource of the transaction, with what it contains."""

    def __init__(self, resource: Json) -> None:
        self.resource = resource
        self._contained: list[Json] = []

    def finished(self) -> Resource:
        """The resource, empty members left out."""
        kind, rest = self.resource["resourceType"], without_blanks(self.resource)
        rest.pop("resourceType")
        inside = {"contained": self._contained} if self._contained else {}
        return {"resourceType": kind, **inside, **rest}

    def practitioner(self, who: Practitioner | None) -> Json | None:
        """A Reference to a clinician."""
        if who is None:
            return None
        made = {"name": [human_name(who.name)] if who.name else [], "identifier": identifiers(who.identifier)}
        made["address"] = [address(one) for one in who.address]
        made["telecom"] = [contact(one) for one in who.telecom]
        return self._named("Practitioner", who.identifier, made)

    def organization(self, who: Organization | None) -> Json | None:
        """A Reference to an organization."""
        if who is None:
            return None
        made = {"name": who.name, "identifier": identifiers(who.identifier), "type": _typed(who.type)}
        made["address"] = [address(one) for one in who.address]
        made["telecom"] = [contact(one) for one in who.telecom]
        return self._named("Organization", who.identifier, made)

    def person(self, who: RelatedPerson | None, patient: Json | None) -> Json | None:
        """A Reference to somebody who pays or insures."""
        if who is None or patient is None:
            return None
        made: dict[str, Any] = {
            "identifier": identifiers(who.identifier),
            "patient": patient,
            "relationship": [coded(who.relationship)] if who.relationship else [],
            "name": [human_name(one) for one in who.name],
            "telecom": [contact(one) for one in who.telecom],
            "gender": who.gender,
            "birthDate": who.birth_date,
            "address": [address(one) for one in who.address],
        }
        return self._contain("RelatedPerson", made)

    def place(self, where: Location | None) -> Json | None:
        """A Reference to a place, each level of it within the next."""
        if where is None:
            return None
        inner: Json | None = None
        levels = [(name, code) for field, code in _LEVELS if (name := getattr(where, field))]
        for name, code in reversed(levels[1:]):
            inner = self._contain("Location", {"name": name, "physicalType": coded(code, PHYSICAL), "partOf": inner})
        made: dict[str, Any] = {
            "identifier": identifiers(where.identifier),
            "name": levels[0][0] if levels else where.name,
            "status": where.status,
            "type": [coded(where.type)] if where.type else [],
            "physicalType": coded(levels[0][1], PHYSICAL) if levels else None,
            "address": address(where.address) if where.address else None,
            "partOf": inner,
        }
        return self._named("Location", where.identifier, made)

    def _named(self, kind: str, numbers: Sequence[Identifier], made: Json) -> Json | None:
        """By a contained resource; by the id its server gave where nothing else is known."""
        kept = without_blanks(made)
        if kept:
            return self._contain(kind, kept)
        known = next((one for one in numbers if one.type == "RI"), None)
        return {"reference": f"{kind}/{known.value}"} if known is not None else None

    def _contain(self, kind: str, made: Json) -> Json:
        inner = {"resourceType": kind, "id": f"{kind.lower()}-{len(self._contained) + 1}", **without_blanks(made)}
        same = next((one for one in self._contained if {**one, "id": ""} == {**inner, "id": ""}), None)
        if same is None:
            self._contained.append(inner)
        return {"reference": f"#{(same or inner)['id']}"}


class Draft:
    """The entries of a transaction, in the order in which they were added."""

    def __init__(self) -> None:
        self._entries: list[Json] = []

    def put(self, written: Written, numbers: Sequence[Identifier], *, keep: bool = False) -> Json:
        """Write a resource by its number; with `keep`, only where there is none yet. Gives a Reference to it.

        Raises ValueError without a number: it could not be found again, and would be written twice.
        """
        resource = written.finished()
        kind, known = resource["resourceType"], number(numbers)
        if known is None:
            raise ValueError(f"a {kind} without a number of its own")
        url = f"urn:uuid:{uuid5(_NAMES, f'{kind}|{system_of(known)}|{known.value}')}"
        query = query_text([("identifier", token(system_of(known), known.value))])
        if keep:
            self._entries.append(create(resource, full_url=url, if_none_exist=query))
        else:
            self._entries.append(update(resource, url=f"{kind}?{query}", full_url=url))
        return {"reference": url}

    def reference(self, kind: str, known: Identifier | None) -> Json | None:
        """A Reference to something that is not written here, by its number."""
        if known is None:
            return None
        if known.type == "RI":
            return {"reference": f"{kind}/{known.value}"}
        return {"type": kind, "identifier": identifier(known)}

    def finished(self) -> Resource:
        """The transaction. Raises ValueError when nothing is to be written."""
        if not self._entries:
            raise ValueError("nothing that has a number of its own")
        return bundle("transaction", self._entries)


def _typed(kind: str | None) -> list[Json]:
    codes = {"provider": "prov", "department": "dept", "payer": "pay", "employer": "bus"}
    if kind is None:
        return []
    known = codes.get(kind)
    system = "http://terminology.hl7.org/CodeSystem/organization-type"
    return [{"coding": [{"system": system, "code": known}]}] if known else [{"text": kind}]
