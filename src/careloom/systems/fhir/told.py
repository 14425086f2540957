"""Answers reads and searches from the log: resources as they were last told, by whatever system and in whatever format.

The log is found by what events are about, and keeps no index of what they say. So a search names a number
(`identifier`, `_id`) or a patient; its other criteria then choose among what is found.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from careloom.core.envelope import Recorded
from careloom.core.errors import FormatError, MappingError
from careloom.formats.fhir import Query, Resource, in_order, matches, parse_reference
from careloom.mapping.fhir.writing import to_fhir
from careloom.model import Identifier, decode, subject_key
from careloom.systems.seam import History

_PATIENT: Final = "Patient"
_ID: Final = "_id"
_POSITIVE: Final = frozenset(("", "identifier", "of-type"))


class _Entry(NamedTuple):
    """A resource of one event. `named`: the event only names it, and tells nothing of it."""

    url: str
    resource: Resource
    named: bool


class ToldResources:
    """A `FhirSource` of these types."""

    def __init__(self, types: Sequence[str], history: History) -> None:
        self._types = tuple(types)
        self._history = history

    @property
    def types(self) -> Sequence[str]:
        """Those that are served."""
        return self._types

    async def read(self, kind: str, id: str) -> Resource | None:
        """One resource as it was last told; None where there is none, or its patient was erased. `id` is one of ours,
        or the one that a create was answered with."""
        own = id if _token_in(id) else await self._created(kind, id)
        token = _token_in(own or "")
        found = None if token is None or own is None else (await self._resources([token])).get((kind, own))
        return {**found, "id": id} if found is not None else None

    async def search(self, query: Query) -> Sequence[Resource]:
        """What matches. FormatError when nothing in the query leads to a subject."""
        tokens = await self._tokens(query)
        found = (await self._resources(tokens)).values() if tokens else ()
        return in_order([one for one in found if matches(one, query)], query)

    async def _created(self, kind: str, id: str) -> str | None:
        """Our id of what a message told; the message is what a create gives an address to."""
        try:
            message = UUID(id)
        except ValueError:
            return None
        for event in await self._history.made_of(message):
            for one in _entries(event):
                if one.resource["resourceType"] == kind and (not one.named or _is_about(event, one.resource)):
                    return _id(event.token, one.url)
        return None

    async def _tokens(self, query: Query) -> Sequence[UUID]:
        """Of the narrowest criterion that names subjects. Every other one is checked on what is found."""
        for criterion in sorted(query.criteria, key=lambda one: one.parameter.name not in (_ID, "identifier")):
            parameter, texts = criterion.parameter, [value.text for value in criterion.values]
            if criterion.modifier not in _POSITIVE:
                continue
            if parameter.name == "identifier" or criterion.modifier == "identifier":
                numbers = [value.code for value in criterion.values if value.code]
                return await self._history.tokens([_number(one) for one in numbers])
            if parameter.name == _ID or _leads_to_patient(parameter.target, texts):
                ids = (parse_reference(text).id or text for text in texts)
                return [token for id in ids if (token := _token_in(id)) is not None]
        raise FormatError("must say by _id, identifier or patient what is searched", "search")

    async def _resources(self, tokens: Sequence[UUID]) -> Mapping[tuple[str, str], Resource]:
        """Everything that events about these subjects tell, as last told."""
        found: dict[tuple[str, str], Resource] = {}
        versions: dict[tuple[str, str], int] = {}
        for event in await self._history.events(tokens):
            entries = list(_entries(event))
            ids = {one.url: _id(event.token, one.url) for one in entries}
            known = {one.url for one in entries if not one.named or _is_about(event, one.resource)}
            led = {one.url: ids[one.url] for one in entries if one.url in known and self._serves(one.resource)}
            for one in entries:
                key = (str(one.resource["resourceType"]), ids[one.url])
                if one.url in known and not (one.named and key in found):
                    versions[key] = versions.get(key, 0) + 1
                    meta = {"versionId": str(versions[key]), "lastUpdated": event.recorded.isoformat()}
                    found[key] = _served(one.resource, key[1], meta, led, entries)
        return found

    def _serves(self, resource: Resource) -> bool:
        return resource["resourceType"] in self._types


def _entries(event: Recorded) -> Iterator[_Entry]:
    try:
        made = to_fhir(decode(event.type, event.data))
    except MappingError:  # without a number of its own it could not be told from others
        return
    for entry in made["entry"] if made else ():
        yield _Entry(entry["fullUrl"], entry["resource"], entry["request"]["method"] == "POST")


def _is_about(event: Recorded, resource: Resource) -> bool:
    """Whether the event's subject is this patient, so that its number in the log is that of the patient."""
    return resource["resourceType"] == _PATIENT and event.subject.startswith(f"{_PATIENT}/")


def _served(
    resource: Resource, id: str, meta: Mapping[str, str], ids: Mapping[str, str], entries: Sequence[_Entry]
) -> Resource:
    """With its id, and references to what can be read here; to the rest by number."""
    by_url = {one.url: one.resource for one in entries}

    def led(node: Any) -> Any:
        if isinstance(node, list):
            return [led(one) for one in node]
        if not isinstance(node, dict):
            return node
        target = by_url.get(node.get("reference", ""))
        if target is None:
            return {name: led(value) for name, value in node.items()}
        kind, numbers = target["resourceType"], target.get("identifier", [])
        literal = {"reference": f"{kind}/{ids[node['reference']]}"} if node["reference"] in ids else {}
        return {**literal, "type": kind, **({"identifier": numbers[0]} if numbers else {})}

    body = {name: led(value) for name, value in resource.items() if name not in ("resourceType", "id", "meta")}
    profile = {name: value for name, value in resource.get("meta", {}).items() if name == "profile"}
    return {"resourceType": resource["resourceType"], "id": id, "meta": {**meta, **profile}, **body}


def _leads_to_patient(target: str, texts: Sequence[str]) -> bool:
    return target == _PATIENT or any(parse_reference(text).type == _PATIENT for text in texts)


def _number(value: str) -> str:
    """As it stands in a subject."""
    return subject_key(_PATIENT, Identifier(value=value)).rpartition("/")[2]


def _id(token: UUID, url: str) -> str:
    """Leads back to the subject, and tells one resource of it from another (FHIR id: up to 64 of A-Za-z0-9-.)."""
    return f"{token.hex}-{hashlib.blake2b(url.encode(), digest_size=8).hexdigest()}"


def _token_in(id: str) -> UUID | None:
    token, _, rest = id.partition("-")
    try:
        return UUID(token) if len(token) == 32 and rest else None
    except ValueError:
        return None
