"""What of FHIR meets bytes of strangers. Each target returns, or raises FormatError; nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from careloom.core.errors import FormatError
from careloom.formats import fhir
from careloom.formats.fhir.inspecting import inspect, recognises
from careloom.formats.fhir.resources import Bundle, Patient

SAMPLES = Path(__file__).resolve().parents[1] / "samples" / "fhir"
NAMES = ("Patient.json", "Claim.json", "Bundle-transaction.json", "Bundle-notification.json", "Bundle-message.json")
QUERIES = (b"birthdate=ge1984-02&_sort=-birthdate", b"identifier=a|b,c\\,d&name:contains=x", b"_include=Patient:link")


def _read(data: bytes) -> object:
    resource = fhir.parse(data)
    assert fhir.parse(fhir.encode(resource)) == resource
    return fhir.check(resource)


def _inspected(data: bytes) -> object:
    recognises(data, "a.json")
    return inspect(data, paths=["name.family"])


def _typed(data: bytes) -> object:
    found = []
    for kind in (Patient, Bundle):
        try:
            found.append(fhir.plain(fhir.decode(data, kind)))
        except FormatError as error:
            found.append({"error": error.location})
    return found


def _exchanged(data: bytes) -> object:
    resource = fhir.parse(data)
    if fhir.is_notification(resource):
        return fhir.parse_notification(resource)
    if resource["resourceType"] == "Bundle" and resource.get("type") == "message":
        return fhir.read_message(resource)
    return [fhir.resolved(step.resource or {}, {}) for step in fhir.steps(resource)]


def _searched(data: bytes) -> object:
    query = fhir.parse_query("Patient", data.decode("latin-1"))
    patient = fhir.parse((SAMPLES / "Patient.json").read_bytes())
    return fhir.matches(patient, query), fhir.in_order([patient, patient], query)


def _found(data: bytes) -> object:
    resource = {**fhir.parse(data), "resourceType": "Patient"}
    queries = ("name=a&address=b&birthdate=1984&telecom=c", "identifier:of-type=a|b|c", "language:text=e&link=x")
    found = [fhir.parse_query("Patient", text) for text in (*queries, "_sort=name,birthdate,identifier,link")]
    return [(fhir.matches(resource, one), fhir.in_order([resource, resource], one)) for one in found]


def targets() -> Mapping[str, tuple[Callable[[bytes], object], Sequence[bytes]]]:
    """Name, what is called with each mutated input, and the inputs to start from."""
    seeds = [(SAMPLES / name).read_bytes() for name in NAMES]
    lines = (SAMPLES / "Patient.ndjson").read_bytes()
    return {
        "fhir-parse-and-check": (_read, seeds),
        "fhir-inspect": (_inspected, [*seeds, lines]),
        "fhir-typed": (_typed, seeds),
        "fhir-units": (fhir.units, [*seeds, lines]),
        "fhir-exchange": (_exchanged, seeds[2:]),
        "fhir-match": (_found, seeds[:1]),
        "fhir-search": (_searched, QUERIES),
    }
