"""What becomes one message of our log: of a single resource, a Bundle or an NDJSON file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from careloom.core.errors import FormatError
from careloom.formats.fhir.bulk import raw_lines
from careloom.formats.fhir.reading import Resource, encode, parse

_APART: Final = ("collection", "searchset", "history")
"""Bundles whose entries stand for themselves. A transaction, batch, message or document is one act of its sender."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One message to log. `data` are its own bytes; `place` says where in the payload it was, `""` for the whole of it.

    With `error` it is something that could not be read, or is no resource; `data` are its bytes as far as they can be
    told apart. `full_url` is what the Bundle called it.
    """

    data: bytes
    place: str = ""
    resource: Resource = field(default_factory=dict)
    full_url: str = ""
    error: FormatError | None = None

    @property
    def type(self) -> str:
        """The resource type; `""` with an error."""
        return str(self.resource.get("resourceType", ""))


def units(data: bytes) -> list[Unit]:
    """The messages of a payload, in order. It raises nothing and drops nothing.

    A collection, searchset or history Bundle falls into its entries; one without resource (a deletion, of a history) is
    an error at its place. A file of several JSON lines is one unit each; anything else is one unit.
    """
    try:
        resource = parse(data)
    except FormatError as error:
        return _lines(data) if is_ndjson(data) else [Unit(data, error=error)]
    if resource["resourceType"] == "Bundle" and resource.get("type") in _APART:
        return list(_entries(resource))
    return [Unit(data, resource=resource)]


def is_ndjson(data: bytes) -> bool:
    """Several lines, of which the first or the second with content is a JSON object of its own."""
    for seen, (_, line) in enumerate(raw_lines(data)):
        if isinstance(line, bytes) and line.startswith(b"{") and line.endswith(b"}"):
            return len(line) < len(data.strip(b"\xef\xbb\xbf \t\r\n"))
        if seen:
            return False
    return False


def _lines(data: bytes) -> list[Unit]:
    found = []
    for number, line in raw_lines(data):
        place = f"line {number}"
        if isinstance(line, FormatError):
            found.append(Unit(b"", place, error=line))
            continue
        try:
            found.append(Unit(line, place, parse(line)))
        except FormatError as error:
            inside = f"{place}, {error.location}".replace(", line 1,", ",").replace("by line 1,", "by")
            found.append(Unit(line, place, error=FormatError(error.reason, inside)))
    return found


def _entries(bundle: Resource) -> Iterator[Unit]:
    entries = bundle.get("entry", [])
    if type(entries) is not list:
        yield Unit(encode(bundle), "Bundle.entry", error=FormatError("entry is not a list", "Bundle.entry"))
        return
    for number, entry in enumerate(entries):
        yield _entry(entry, f"Bundle.entry[{number}]")


def _entry(entry: Any, place: str) -> Unit:
    if type(entry) is not dict:
        return Unit(encode({"entry": entry}), place, error=FormatError("an entry is a JSON object", place))
    resource = entry.get("resource")
    if type(resource) is not dict:
        problem = "the entry holds no resource; what it says of a deletion is for whoever asked, not for the log"
    elif type(resource.get("resourceType")) is not str or not resource["resourceType"]:
        problem = "the resource of the entry does not say its type"
    else:
        url = entry.get("fullUrl")
        return Unit(encode(resource), f"{place}.resource", resource, url if type(url) is str else "")
    return Unit(encode(entry), place, error=FormatError(problem, f"{place}.resource"))
