"""The structure of a resource against FHIR R4: elements, types, how many, codes of required bindings, choices.

A valid resource costs one call into compiled code a resource; only for an invalid one are reasons looked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cache
from itertools import islice
from typing import Any, Final

import jsonschema_rs

from careloom.core.errors import FormatError
from careloom.formats.fhir.definitions import PRIMITIVES, resource_types
from careloom.formats.fhir.explaining import explained
from careloom.formats.fhir.findings import Place, finding
from careloom.formats.fhir.insides import resources_in
from careloom.formats.fhir.reading import Resource
from careloom.formats.fhir.schema import PRIMITIVE_SCHEMAS, WHOLE_NUMBERS, schema
from careloom.formats.inspection import Finding

MOST_FINDINGS: Final = 500
_HOLDERS: Final = frozenset({"Bundle", "Parameters"})
_OTHER_VERSIONS: Final[Mapping[str, str]] = {
    name: version
    for version, names in {
        "R5": "ActorDefinition ArtifactAssessment BiologicallyDerivedProductDispense ConditionDefinition "
        "DeviceAssociation DeviceDispense DeviceUsage EncounterHistory FormularyItem GenomicStudy ImagingSelection "
        "InventoryItem InventoryReport NutritionIntake Permission RequestOrchestration Requirements TestPlan Transport",
        "R4B or R5": "AdministrableProductDefinition Citation ClinicalUseDefinition EvidenceReport Ingredient "
        "ManufacturedItemDefinition MedicinalProductDefinition NutritionProduct PackagedProductDefinition "
        "RegulatedAuthorization SubscriptionStatus SubscriptionTopic SubstanceDefinition",
        "STU3": "BodySite DataElement DeviceComponent EligibilityRequest EligibilityResponse ExpansionProfile "
        "ImagingManifest ProcedureRequest ProcessRequest ProcessResponse ReferralRequest Sequence ServiceDefinition",
        "DSTU2": "Conformance DeviceUseRequest DiagnosticOrder MedicationOrder Order OrderResponse",
    }.items()
    for name in names.split()
}


def structure(resource: Resource, *, strict: bool = False) -> list[Finding]:
    """What is wrong with the structure of a resource and of those inside it, at most `MOST_FINDINGS`.

    A narrative without its text is a warning unless `strict`, since many senders leave only its status.
    """
    found: list[Finding] = []
    for inside in resources_in(resource):
        found += islice(structure_of(inside.resource, inside.place, strict=strict), MOST_FINDINGS - len(found))
        if len(found) >= MOST_FINDINGS:
            break
    return found


def is_valid(resource: Resource) -> bool:
    """Whether the structure of a resource and of those inside it is without any fault; quicker than asking which."""
    if "contained" not in resource and resource["resourceType"] not in _HOLDERS:
        return _is_right(resource) or not structure(resource)
    return all(_is_right(inside.resource) for inside in resources_in(resource)) or not structure(resource)


def _is_right(resource: Resource) -> bool:
    """Whether compiled code finds nothing; it does not know that an extension may stand for a value."""
    kind = resource["resourceType"]
    return type(kind) is str and kind in resource_types() and _validator(kind).is_valid(_shell(resource))


def refuse_misshapen(resource: Resource, place: str) -> None:
    """FormatError at the first element of a wrong JSON type, so that what comes after need not ask for types.

    Looks at this resource alone; all else that may be wrong with it is left to `structure`.
    """
    for one in structure_of(resource, Place(place)):
        if one.code == "type-wrong":
            raise FormatError(one.text, one.place)


def check_value(kind: str, value: Any, place: str = "") -> list[Finding]:
    """What is wrong with a value as one of a data type (`date`, `HumanName`). KeyError when there is no such type.

    None is no value, and so no wrong one of a primitive type (but of xhtml). A `Decimal` is no whole number, be it 1.0.
    """
    validator = _validator(kind)
    if value is None and kind in PRIMITIVES - {"xhtml"}:
        return []
    if kind in WHOLE_NUMBERS and isinstance(value, (Decimal, float)):
        return [finding("value-malformed", place or kind, "a whole number, written without a fraction or an exponent")]
    if validator.is_valid(value):
        return []
    return list(explained(validator, value, Place(place or kind), strict=True))


def version_of_type(name: str) -> str:
    """The versions of FHIR that have a resource type R4 has not; `""` when it is of R4, or of none."""
    return _OTHER_VERSIONS.get(name, "")


@cache
def _validator(kind: str) -> jsonschema_rs.Validator:
    return jsonschema_rs.Draft202012Validator(schema_of(kind), pattern_options=jsonschema_rs.RegexOptions())


def schema_of(kind: str) -> dict[str, Any]:
    """The JSON Schema of a resource type, a data type or a primitive. KeyError when there is no such type."""
    return PRIMITIVE_SCHEMAS[kind] if kind in PRIMITIVES else schema(kind)


def structure_of(resource: Resource, place: Place, *, strict: bool = False) -> Iterator[Finding]:
    """What is wrong with the structure of one resource, without those inside it."""
    kind = resource["resourceType"]
    if type(kind) is not str or kind not in resource_types():
        other = version_of_type(kind) if type(kind) is str else ""
        text = f"a resource type of FHIR {other}, not of R4" if other else "no resource type of FHIR R4"
        yield finding("type-unknown", place.down("resourceType"), text)
        return
    validator, shell = _validator(kind), _shell(resource)
    if not validator.is_valid(shell):
        yield from explained(validator, shell, place, strict=strict)


def _shell(resource: Resource) -> Resource:
    """The resource with a stand-in for each inside it, which are checked by the schema of their own type."""
    if "contained" not in resource and resource["resourceType"] not in _HOLDERS:
        return resource
    shell = dict(resource)
    if type(shell.get("contained")) is list:
        shell["contained"] = [_stand_in(inner) for inner in shell["contained"]]
    if resource["resourceType"] == "Bundle" and type(shell.get("entry")) is list:
        shell["entry"] = [_entry_shell(entry) for entry in shell["entry"]]
    if resource["resourceType"] == "Parameters" and type(shell.get("parameter")) is list:
        shell["parameter"] = [_parameter_shell(parameter) for parameter in shell["parameter"]]
    return shell


def _entry_shell(entry: Any) -> Any:
    if type(entry) is not dict:
        return entry
    shell = dict(entry)
    if "resource" in shell:
        shell["resource"] = _stand_in(shell["resource"])
    if type(shell.get("response")) is dict and "outcome" in shell["response"]:
        shell["response"] = {**shell["response"], "outcome": _stand_in(shell["response"]["outcome"])}
    return shell


def _parameter_shell(parameter: Any) -> Any:
    if type(parameter) is not dict:
        return parameter
    shell = dict(parameter)
    if "resource" in shell:
        shell["resource"] = _stand_in(shell["resource"])
    if type(shell.get("part")) is list:
        shell["part"] = [_parameter_shell(part) for part in shell["part"]]
    return shell


def _stand_in(inner: Any) -> Any:
    return {"resourceType": inner["resourceType"]} if type(inner) is dict and "resourceType" in inner else inner
