"""FHIR messaging: what a message Bundle says, and the message that answers it (FHIR R4 2.4, `$process-message`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

from careloom.core.errors import FormatError
from careloom.formats.fhir.bundles import bundle
from careloom.formats.fhir.reading import Resource
from careloom.formats.fhir.references import BundleIndex, entries_of, reference_of
from careloom.formats.fhir.structure import refuse_misshapen

ResponseCode: TypeAlias = Literal["ok", "transient-error", "fatal-error"]


@dataclass(frozen=True)
class Message:
    """A message. `event` is the code, or the URI, of what happened; `source` and `destinations` are endpoints.

    `response_to` is the id of the message this one answers, `""` if none, and `response` its code then.
    """

    id: str
    event: str
    header: Resource
    focus: Sequence[Resource]
    source: str = ""
    destinations: Sequence[str] = ()
    response_to: str = ""
    response: str = ""


def read_message(resource: Resource) -> Message:
    """What a message Bundle says. FormatError, with its place, when it is none, or its focus is not in it."""
    if resource.get("resourceType") != "Bundle" or resource.get("type") != "message":
        raise FormatError("no message: must be a Bundle of type message", "Bundle.type")
    refuse_misshapen(resource, "Bundle")
    entry, header = next(entries_of(resource), ({}, {}))
    if header.get("resourceType") != "MessageHeader":
        raise FormatError("the first entry of a message is its MessageHeader", "Bundle.entry[0].resource")
    place = "Bundle.entry[0].resource"
    refuse_misshapen(header, place)
    event = (header.get("eventCoding") or {}).get("code") or header.get("eventUri")
    if not event:
        raise FormatError("a message says what happened: eventCoding or eventUri", f"{place}.event[x]")
    response = header.get("response") or {}
    return Message(
        id=str(header.get("id", "")),
        event=str(event),
        header=header,
        focus=tuple(_focus(resource, header, str(entry.get("fullUrl", "")), place)),
        source=str((header.get("source") or {}).get("endpoint", "")),
        destinations=tuple(str(one["endpoint"]) for one in header.get("destination") or () if one.get("endpoint")),
        response_to=str(response.get("identifier", "")),
        response=str(response.get("code", "")),
    )


def answer(
    message: Message, code: ResponseCode, *, key: str, endpoint: str, time: datetime, outcome: Resource | None = None
) -> Resource:
    """The message that answers another. `key` is a fresh UUID, its id; `endpoint` ours. An `outcome` says why not."""
    response: dict[str, Any] = {"identifier": message.id, "code": code}
    entries = []
    if outcome is not None:
        kept = outcome if "id" in outcome else {**outcome, "id": f"{key}-outcome"}
        url = f"urn:uuid:{key}-outcome"
        response["details"] = {"reference": f"OperationOutcome/{kept['id']}"}
        entries.append({"fullUrl": _address(endpoint, kept) or url, "resource": kept})
    header: Resource = {"resourceType": "MessageHeader", "id": key}
    header |= {name: message.header[name] for name in ("eventCoding", "eventUri") if name in message.header}
    if message.source:
        header["destination"] = [{"endpoint": message.source}]
    header |= {"source": {"endpoint": endpoint}, "response": response}
    first = {"fullUrl": _address(endpoint, header), "resource": header}
    return bundle("message", [first, *entries], time=time, id=f"{key}-message")


def _address(endpoint: str, resource: Resource) -> str:
    return f"{endpoint.partition('/$')[0].rstrip('/')}/{resource['resourceType']}/{resource['id']}"


def _focus(resource: Resource, header: Resource, full_url: str, place: str) -> list[Resource]:
    index, found = BundleIndex(resource), []
    for number, one in enumerate(header.get("focus") or ()):
        inner = index.get(reference_of(one), full_url)
        if inner is None:
            raise FormatError("what the message is about is not in it", f"{place}.focus[{number}]")
        found.append(inner)
    return found
