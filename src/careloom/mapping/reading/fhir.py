"""FHIR R4 JSON: a resource, a Bundle or lines of resources, known by id and version.

A transaction, a batch, a message or a document is one message. The entries of other Bundles are one each; an entry
takes along its address and what it refers to in its Bundle, in a small collection that begins with it, so that it still
says whose it is and whom it is about.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any, Final

from careloom.core.errors import FormatError
from careloom.formats import fhir
from careloom.formats.fhir.insides import resources_in
from careloom.formats.fhir.structure import refuse_misshapen
from careloom.mapping.fhir.bundles import READERS
from careloom.mapping.fhir.elements import child, children, text
from careloom.mapping.fhir.source import Around, Source
from careloom.mapping.identifiers import best, key
from careloom.mapping.reading import Bytes, Unit, Units, Unread, whole
from careloom.mapping.source import Settings
from careloom.model import Identifier

MEDIA_TYPE: Final = "application/fhir+json"
PATIENT_PATHS: Final = ("subject", "patient", "beneficiary", "individual")
_APART: Final = ("collection", "searchset", "history")
_COMPANIONS: Final = 24
_KIND_LONGEST: Final = 64


def units(source: Bytes, settings: Settings) -> Units:
    """See `careloom.mapping.reading`."""
    data = whole(source)
    bundle = _apart(data)
    for one in fhir.units(data):
        if one.error is not None:
            yield Unread(error=one.error, body=one.data, place=one.place)
            continue
        try:
            _refuse_deviations(one.resource, settings)
            yield _unit(one, bundle, settings)
        except FormatError as error:
            yield Unread(error=error, body=one.data, place=one.place)


def parse(body: bytes, settings: Settings) -> fhir.Resource:  # noqa: ARG001
    """The resource, each of whose elements has the JSON type it must have. Raises FormatError, located, otherwise."""
    resource = fhir.parse(body)
    if not fhir.is_valid(resource):
        for inside in resources_in(resource):
            refuse_misshapen(inside.resource, inside.place)
    return resource


def _refuse_deviations(resource: fhir.Resource, settings: Settings) -> None:
    """Raises FormatError for the first error of a resource, where its sender's are to be checked."""
    if settings.strict is None:
        return
    for finding in fhir.check(resource, strict=settings.strict):
        if finding.severity == "error":
            raise FormatError(finding.text, finding.place)


def type_of(resource: fhir.Resource) -> str:
    """`Patient`, or `Bundle/transaction`; a small collection that begins with a resource has that one's type."""
    kind = str(resource["resourceType"])
    if kind != "Bundle":
        return kind
    sort = text(resource, "type") or "untyped"
    if sort in _APART:
        return str(child(next(iter(children(resource, "entry")), {}), "resource").get("resourceType", kind))
    return f"{kind}/{sort}"


def subject_of(source: Source) -> str:
    """What a resource is about: a patient where it names one, else itself by its number."""
    found = best(patient_numbers(source))
    if found is not None:
        return key(found.value, found.assigner)
    own = next(iter(source.numbers()), None)
    number = own.value if own is not None else "-"
    return f"{source.type}/{number}"


def patient_numbers(source: Source) -> tuple[Identifier, ...]:
    """The numbers of the patient that a resource is, or refers to."""
    if source.type == "Patient":
        return source.numbers()
    for path in PATIENT_PATHS:
        reference = source.child(path)
        if reference and source.kind_at(reference) in ("Patient", ""):
            return source.numbers_at(reference)
    for participant in source.children("participant"):
        actor = child(participant, "actor")
        if source.kind_at(actor) == "Patient":
            return source.numbers_at(actor)
    return ()


def _unit(one: fhir.Unit, bundle: fhir.Resource | None, settings: Settings) -> Unit:
    resource = one.resource
    if len(one.type) > _KIND_LONGEST or not one.type.isalpha() or not one.type.isascii():
        raise FormatError("not the name of a resource type", "resourceType")
    around = Around(settings, one.type, bundle)
    source = Source(resource, around, full_url=one.full_url)
    others = list(_companions(source)) if bundle is not None and one.type in READERS else []
    addressed = bundle is not None and one.type in READERS and bool(fhir.parse_reference(one.full_url).base)
    body = _together(one, others) if others or addressed else one.data
    subject = _subject_of_bundle(resource, settings) if one.type == "Bundle" else subject_of(source)
    return Unit(
        type=type_of(resource),
        key=_key(resource, body, bool(others)),
        subject=subject,
        body=body,
        media_type=MEDIA_TYPE,
        place=one.place,
    )


def _apart(data: bytes) -> fhir.Resource | None:
    """The Bundle, where it falls into its entries."""
    if b'"Bundle"' not in data:
        return None
    try:
        resource = fhir.parse(data)
    except FormatError:
        return None
    return resource if resource["resourceType"] == "Bundle" and resource.get("type") in _APART else None


def _companions(source: Source) -> Iterator[Source]:
    """What an entry refers to in its Bundle, and what that refers to in turn, nearest first."""
    seen = {id(source.resource)}
    waiting = [source]
    for depth in range(2):
        following: list[Source] = []
        for one in waiting:
            for reference in _references(one.resource):
                found = one.at(reference)
                if found is None or found.container is not found.resource or id(found.resource) in seen:
                    continue
                if len(seen) > _COMPANIONS:
                    return
                seen.add(id(found.resource))
                following.append(found)
                yield found
        waiting = following if depth == 0 else []


def _references(value: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    """Every element with a `reference`, in the order of the document."""
    if type(value) is dict:
        if type(value.get("reference")) is str:
            yield value
        members = [one for name, one in value.items() if name != "contained" and type(one) in (dict, list)]
    else:
        members = value if type(value) is list else []
    if depth < 16:  # deeper than any resource refers
        for one in members:
            yield from _references(one, depth + 1)


def _together(one: fhir.Unit, others: list[Source]) -> bytes:
    """The entry and what it refers to. FormatError cannot come of what was read already."""
    entries = [_entry(one.resource, one.full_url), *(_entry(other.resource, other.full_url) for other in others)]
    return fhir.encode(fhir.bundle("collection", entries))


def _entry(resource: fhir.Resource, full_url: str) -> dict[str, Any]:
    return {"fullUrl": full_url, "resource": resource} if full_url else {"resource": resource}


def _subject_of_bundle(bundle: fhir.Resource, settings: Settings) -> str:
    """The patient that the first entry about one is about, else the Bundle."""
    around = Around(settings, "Bundle", bundle)
    for entry in children(bundle, "entry"):
        resource = entry.get("resource")
        if type(resource) is not dict:
            continue
        source = Source(resource, around, full_url=text(entry, "fullUrl") or "")
        found = best(patient_numbers(source))
        if found is not None:
            return key(found.value, found.assigner)
    return f"{type_of(bundle)}/{text(bundle, 'id') or '-'}"


def _key(resource: fhir.Resource, body: bytes, composed: bool) -> str:
    """Id and version; without a version, or with companions, the digest says which it is."""
    digest = hashlib.blake2b(body, digest_size=16).hexdigest()
    id, version = text(resource, "id"), text(child(resource, "meta"), "versionId")
    number = child(resource, "identifier") if resource["resourceType"] == "Bundle" else {}
    if text(number, "value"):
        return f"Bundle/{text(number, 'system') or '-'}/{text(number, 'value')}"
    if id is None:
        return digest
    name = f"{resource['resourceType']}/{id}"
    if version is None:
        return f"{name}/{digest}"
    return f"{name}/{version}/{digest}" if composed else f"{name}/{version}"
