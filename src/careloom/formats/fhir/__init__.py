"""FHIR R4 (4.0.1) JSON: read without losing a digit, checked, typed where wanted, bundled, searched, subscribed to.

    resource = fhir.parse(data)                     # a plain dict; 72.50 is a Decimal; FormatError with its place
    fhir.encode(resource)                           # the same content
    for line, one in fhir.ndjson(stream): ...       # bulk files; `one` is a resource or what is wrong with its line
    for unit in fhir.units(data): ...               # what becomes one message of the log each

    fhir.check(resource)                            # findings: structure, invariants, references; [] when all is right
    fhir.is_valid(resource)                         # structure alone, at the speed of compiled code

    patient = fhir.decode(data, Patient)            # typed (`careloom.formats.fhir.resources`), the quick way
    fhir.typed(resource, Claim), fhir.plain(patient)

    fhir.bundle("transaction", [fhir.create(patient, full_url=urn, if_none_exist="identifier=..."), ...])
    for step in fhir.steps(bundle): ...             # in the order of the standard
    fhir.resolved(resource, {urn: "Patient/12"})    # references rewritten

    query = fhir.parse_query("Appointment", "date=ge2026-03-01&patient=Patient/12&_sort=-date")
    [one for one in resources if fhir.matches(one, query)]

    fhir.parse_notification(bundle).missed(last=41) # Subscriptions R5 Backport: the events that never came

Places are FHIR's own (`Patient.contact[1].name`, positions from 0); no finding and no error repeats a value.
"""

from careloom.formats.fhir.bulk import ndjson
from careloom.formats.fhir.bundles import (
    answered,
    bundle,
    create,
    delete,
    found,
    history,
    link_of,
    message,
    patch,
    read,
    response,
    searchset,
    update,
    version_of,
    version_tag,
)
from careloom.formats.fhir.capabilities import Declaration, Served, capability_statement, offers, searchable
from careloom.formats.fhir.dates import When, instant, when
from careloom.formats.fhir.definitions import FHIR_VERSION, resource_types
from careloom.formats.fhir.fhirpath import values_at
from careloom.formats.fhir.matching import in_order, included, matches
from careloom.formats.fhir.messages import Message, answer, read_message
from careloom.formats.fhir.outcomes import failed, from_error, from_findings, issue, outcome
from careloom.formats.fhir.parameters import SearchParameter, parameters
from careloom.formats.fhir.query import Criterion, Include, Query, escaped, parse_query, query_text, token
from careloom.formats.fhir.reading import Resource, encode, parse
from careloom.formats.fhir.references import BundleIndex, ReferenceParts, contained, parse_reference
from careloom.formats.fhir.rules import check
from careloom.formats.fhir.structure import check_value, is_valid, structure
from careloom.formats.fhir.subscriptions import (
    Event,
    Notification,
    content_of,
    event,
    filters_of,
    focus_of,
    is_notification,
    notification_bundle,
    parse_notification,
    subscription,
)
from careloom.formats.fhir.transactions import (
    Step,
    assigned,
    conditional_references,
    literal_references,
    resolved,
    steps,
)
from careloom.formats.fhir.typed import decode, plain, typed
from careloom.formats.fhir.units import Unit, units

__all__ = [
    "FHIR_VERSION",
    "BundleIndex",
    "Criterion",
    "Declaration",
    "Event",
    "Include",
    "Message",
    "Notification",
    "Query",
    "ReferenceParts",
    "Resource",
    "SearchParameter",
    "Served",
    "Step",
    "Unit",
    "When",
    "answer",
    "answered",
    "assigned",
    "bundle",
    "capability_statement",
    "check",
    "check_value",
    "conditional_references",
    "contained",
    "content_of",
    "create",
    "decode",
    "delete",
    "encode",
    "escaped",
    "event",
    "failed",
    "filters_of",
    "focus_of",
    "found",
    "from_error",
    "from_findings",
    "history",
    "in_order",
    "included",
    "instant",
    "is_notification",
    "is_valid",
    "issue",
    "link_of",
    "literal_references",
    "matches",
    "message",
    "ndjson",
    "notification_bundle",
    "offers",
    "outcome",
    "parameters",
    "parse",
    "parse_notification",
    "parse_query",
    "parse_reference",
    "patch",
    "plain",
    "query_text",
    "read",
    "read_message",
    "resolved",
    "resource_types",
    "response",
    "searchable",
    "searchset",
    "steps",
    "structure",
    "subscription",
    "token",
    "typed",
    "units",
    "update",
    "values_at",
    "version_of",
    "version_tag",
    "when",
]
