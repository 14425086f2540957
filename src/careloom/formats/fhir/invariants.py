"""The invariants of resource types (FHIR R4), under the standard's own keys: those that a program can decide surely."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from careloom.formats.fhir.element_rules import Rule, apart, in_order, needs, some, values_of

_WITHOUT_TIMES: Final = ("proposed", "cancelled", "waitlist")
_CONSENT_SCOPES: Final = {"patient-privacy": "ppc-2", "research": "ppc-3", "adr": "ppc-4", "treatment": "ppc-5"}


def codes(concept: Any) -> Iterator[str]:
    """The codes of a CodeableConcept, whatever their systems."""
    for coding in (concept or {}).get("coding", ()):
        if "code" in coding:
            yield coding["code"]


def _no_home(name: str) -> Any:
    return lambda value: all(one.get("use") != "home" for one in value.get(name, ()))


def _scoped(scope: str) -> Any:
    return lambda value: scope not in codes(value.get("scope")) or "patient" in value


def _appointment_times(value: Mapping[str, Any]) -> bool:
    return ("start" in value and "end" in value) or value.get("status") in _WITHOUT_TIMES


def _same_code(value: Mapping[str, Any]) -> bool:
    """obs-7: an observation that has a component of its own code keeps the value there."""
    own = {(one.get("system"), one.get("code")) for one in value.get("code", {}).get("coding", ())}
    parts = {
        (one.get("system"), one.get("code"))
        for component in value.get("component", ())
        for one in component.get("code", {}).get("coding", ())
    }
    return not (own & parts) or not values_of(value, "Observation")


def _absent(kind: str) -> Any:
    return lambda value: "dataAbsentReason" not in value or not values_of(value, kind)


def _one_of(kind: str, *others: str) -> Any:
    return lambda value: len(values_of(value, kind)) + sum(other in value for other in others) == 1


def _once(name: str) -> Any:
    def holds(value: Mapping[str, Any]) -> bool:
        counts = Counter(one.get("type" if name == "resource" else "name") for one in value.get(name, ()))
        return all(count == 1 for count in counts.values())

    return holds


RESOURCE_RULES: Final[Mapping[str, Sequence[Rule]]] = {
    "Appointment": (
        Rule("app-2", lambda v: ("start" in v) == ("end" in v), "start and end: both or neither"),
        Rule("app-3", _appointment_times, "only a proposed, cancelled or waitlisted one may be without start and end"),
        Rule(
            "app-4",
            lambda v: "cancelationReason" not in v or v.get("status") in ("cancelled", "noshow"),
            "a reason for cancelling, but it is not cancelled",
            "cancelationReason",
        ),
    ),
    "Appointment_Participant": (Rule("app-1", some("type", "actor"), "a participant has a type or an actor"),),
    "AuditEvent_Entity": (Rule("sev-1", apart("name", "query"), "a name or a query, not both"),),
    "CapabilityStatement": (
        Rule("cpb-1", some("rest", "messaging", "document"), "one of rest, messaging, document must be there"),
        Rule("cpb-2", some("description", "software", "implementation"), "says neither what nor whose it is"),
        Rule("cpb-14", lambda v: v.get("kind") != "instance" or "implementation" in v, "an instance says where it is"),
    ),
    "CapabilityStatement_Rest": (Rule("cpb-9", _once("resource"), "a resource type is there twice", "resource"),),
    "CapabilityStatement_Resource": (Rule("cpb-12", _once("searchParam"), "a name is there twice", "searchParam"),),
    "Consent": (
        Rule("ppc-1", some("policy", "policyRule"), "a policy or a policy rule must be there", "", "warning"),
        *(
            Rule(key, _scoped(scope), "a consent of this scope names its patient", "patient")
            for scope, key in _CONSENT_SCOPES.items()
        ),
    ),
    "CoverageEligibilityResponse_Item": (
        Rule("ces-1", lambda v: ("category" in v) != ("productOrService" in v), "a category or a service, not both"),
    ),
    "MedicationDispense": (
        Rule(
            "mdd-1",
            lambda v: in_order(v.get("whenPrepared"), v.get("whenHandedOver")),
            "handed over before it was prepared",
            "whenHandedOver",
        ),
    ),
    "Observation": (
        Rule("obs-6", _absent("Observation"), "a reason for no value, and a value", "dataAbsentReason"),
        Rule("obs-7", _same_code, "a component has the code of the whole, so that the value belongs there"),
    ),
    "Observation_ReferenceRange": (Rule("obs-3", some("low", "high", "text"), "low, high or text must be there"),),
    "Organization": (
        Rule("org-1", some("identifier", "name"), "an organisation has an identifier or a name"),
        Rule("org-2", _no_home("address"), "an organisation has no home address", "address"),
        Rule("org-3", _no_home("telecom"), "an organisation has no home phone", "telecom"),
    ),
    "Parameters_Parameter": (
        Rule("inv-1", _one_of("Parameters_Parameter", "resource", "part"), "one value, resource or list of parts"),
    ),
    "Patient_Contact": (
        Rule("pat-1", some("name", "telecom", "address", "organization"), "a contact says who, or how to reach them"),
    ),
    "ServiceRequest": (Rule("prr-1", needs("orderDetail", "code"), "details of an order need its code", "code"),),
}
