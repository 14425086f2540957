"""OperationOutcome: what went wrong, for a machine and for a reader (FHIR R4 2.30)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from careloom.core.errors import CareloomError, FormatError
from careloom.core.outcomes import ErrorKind
from careloom.formats.fhir.reading import Resource
from careloom.formats.inspection import Finding

_CODES: Final[Mapping[str, str]] = {
    "element-missing": "required",
    "choice-missing": "required",
    "element-unknown": "structure",
    "type-wrong": "structure",
    "type-unknown": "not-supported",
    "value-malformed": "value",
    "value-empty": "value",
    "number-outside": "value",
    "code-unknown": "code-invalid",
    "reference-unresolved": "not-found",
    "ref-1": "not-found",
    "modifier-extension-unknown": "extension",
}
_KINDS: Final[Mapping[ErrorKind, str]] = {ErrorKind.TRANSIENT: "transient", ErrorKind.AMBIGUOUS: "incomplete"}


def outcome(issues: Iterable[Mapping[str, Any]]) -> Resource:
    """An OperationOutcome of these issues; without any, one that says all is well (FHIR R4 2.30.5)."""
    listed = [dict(one) for one in issues]
    return {"resourceType": "OperationOutcome", "issue": listed or [issue("information", "informational", "All OK")]}


def issue(severity: str, code: str, text: str, place: str = "") -> dict[str, Any]:
    """One issue; `code` is of the IssueType value set, `place` a FHIRPath."""
    made: dict[str, Any] = {"severity": severity, "code": code, "details": {"text": text}}
    return made | {"expression": [place]} if place else made


def from_findings(findings: Iterable[Finding]) -> Resource:
    """The outcome of a check."""
    return outcome(issue(one.severity, _CODES.get(one.code, "invariant"), one.text, one.place) for one in findings)


def from_error(error: CareloomError) -> Resource:
    """The outcome of an error of ours: its reason and place, its kind as the code."""
    if isinstance(error, FormatError):
        return outcome([issue("error", "structure", error.reason, error.location)])
    return outcome([issue("error", _KINDS.get(error.kind, "processing"), str(error))])


def severities(resource: Resource) -> set[str]:
    """The severities an OperationOutcome has: a server may answer 200 and say `error` inside."""
    return {str(one.get("severity", "")) for one in resource.get("issue") or () if isinstance(one, dict)}


def failed(resource: Resource) -> bool:
    """Whether an OperationOutcome says that what was asked did not happen."""
    return bool(severities(resource) & {"fatal", "error"})
