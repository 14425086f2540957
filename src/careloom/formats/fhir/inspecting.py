"""What `careloom inspect` says of FHIR JSON: a resource, a Bundle or an NDJSON file."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from careloom.core.errors import FormatError
from careloom.formats.fhir.bulk import ndjson
from careloom.formats.fhir.definitions import FHIR_VERSION
from careloom.formats.fhir.fhirpath import values_at
from careloom.formats.fhir.findings import finding, said
from careloom.formats.fhir.insides import resources_in
from careloom.formats.fhir.reading import Resource, encode, parse
from careloom.formats.fhir.rules import check
from careloom.formats.fhir.structure import MOST_FINDINGS, version_of_type
from careloom.formats.fhir.units import is_ndjson
from careloom.formats.inspection import Finding, Inspection

_TYPED: Final = re.compile(rb'"resourceType"\s*:')
_XML: Final = re.compile(rb'<[^>]{0,2000}xmlns\s*=\s*["\']http://hl7\.org/fhir["\']')
_NAMED: Final = re.compile(r"(?i)(?:^|[._-])fhir(?:[._-]|$)|\.ndjson$")
_LOOKED_AT: Final = 65_536


def recognises(data: bytes, name: str) -> bool:
    """Whether these bytes mean to be FHIR: JSON that says a resource type, FHIR XML (which is then refused with a
    reason), or a file of JSON that is called so."""
    head = data[:_LOOKED_AT].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith(b"<"):
        return _XML.search(head) is not None
    if not head.startswith((b"{", b"[")):
        return bool(head) and _NAMED.search(name) is not None
    return _TYPED.search(head) is not None or _NAMED.search(name) is not None


def inspect(data: bytes, *, strict: bool = False, paths: Sequence[str] = ()) -> Inspection:
    """Parse and check. Counts are `resources` (those inside others too), `entries` and, of NDJSON, `lines`.

    `version` is R4's unless a CapabilityStatement or a resource type of another version says otherwise. `paths` are
    FHIRPath, asked of each resource of the file.
    """
    if is_ndjson(data):
        return _inspected(list(ndjson(data)), strict, paths, lines=True)
    try:
        found: list[tuple[int, Resource | FormatError]] = [(0, parse(data))]
    except FormatError as error:
        found = [(0, error)]
    return _inspected(found, strict, paths, lines=False)


def _inspected(
    found: Sequence[tuple[int, Resource | FormatError]], strict: bool, paths: Sequence[str], *, lines: bool
) -> Inspection:
    resources = [one for _, one in found if isinstance(one, dict)]
    findings: list[Finding] = []
    for line, one in found:
        findings += _located(_findings(one, strict), line)
        if len(findings) >= MOST_FINDINGS:
            break
    values, wrong = _values(resources, paths)
    counts = {"resources": sum(1 for one in resources for _ in resources_in(one))}
    entries = sum(len(_entries(one)) for one in resources)
    counts |= {"entries": entries} if entries else {}
    return Inspection(
        format="fhir",
        type=",".join(Counter(said(one["resourceType"], "?") for one in resources)),
        version=_version(resources),
        counts=counts | ({"lines": len(found)} if lines else {}),
        findings=(*findings[:MOST_FINDINGS], *wrong),
        identical=all(parse(encode(one)) == one for one in resources) if len(resources) == len(found) else None,
        values=values,
    )


def _findings(one: Resource | FormatError, strict: bool) -> list[Finding]:
    if isinstance(one, FormatError):
        return [finding("malformed", one.location or "line 1", one.reason)]
    return check(one, strict=strict)


def _located(findings: Iterable[Finding], line: int) -> list[Finding]:
    """Findings of a line of NDJSON say which; those that do already are left."""
    if not line:
        return list(findings)
    return [
        one
        if one.place.startswith("line ")
        else finding(one.code, f"line {line}, {one.place}", one.text, severity=one.severity)
        for one in findings
    ]


def _entries(resource: Resource) -> list[object]:
    entries = resource.get("entry")
    return entries if resource["resourceType"] == "Bundle" and isinstance(entries, list) else []


def _version(resources: Sequence[Resource]) -> str:
    """What the resources say of their version: all are taken as R4 unless they cannot be."""
    for one in resources:
        said_so = one.get("fhirVersion")
        if one["resourceType"] == "CapabilityStatement" and isinstance(said_so, str):
            return said_so if re.fullmatch(r"\d{1,2}\.\d{1,2}\.\d{1,2}(-[a-z0-9]{1,16})?", said_so) else ""
        for inside in resources_in(one):
            if other := version_of_type(inside.resource["resourceType"]):
                return other
    return FHIR_VERSION if resources else ""


def _values(resources: Sequence[Resource], paths: Sequence[str]) -> tuple[dict[str, list[str]], list[Finding]]:
    values: dict[str, list[str]] = {}
    wrong: list[Finding] = []
    for path in paths:
        try:
            values[path] = [value for one in resources for value in values_at(one, path)]
        except FormatError as error:
            wrong.append(finding("path-unknown", path, error.reason))
    return values, wrong
