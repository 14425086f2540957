"""What a FHIR server's refusal comes to. Of an OperationOutcome only codes and places are kept, never its words."""

from __future__ import annotations

import re
from typing import Any, Final

from careloom.core.errors import CareloomError, Contention, FormatError, Rejected, Throttled, Unavailable
from careloom.formats.fhir import Resource, parse, resource_types
from careloom.systems.http.client import Answer

ACCEPTED: Final = frozenset((400, 404, 405, 406, 409, 410, 412, 413, 415, 422))
"""Statuses whose body says why."""

# fmt: off
_CODES: Final = frozenset((
    "invalid", "structure", "required", "value", "invariant", "security", "login", "unknown", "expired", "forbidden",
    "suppressed", "processing", "not-supported", "duplicate", "multiple-matches", "not-found", "deleted", "too-long",
    "code-invalid", "extension", "too-costly", "business-rule", "conflict", "transient", "lock-error", "no-store",
    "exception", "timeout", "incomplete", "throttled", "informational",
))
# fmt: on
"""The issue types of R4: whatever else stands there is the server's own word."""
_PLACE: Final = re.compile(r"([A-Z][A-Za-z]{1,63})(?:\.[a-z][a-zA-Z]{0,63}(?:\[\d{1,6}\])?){0,12}")
_FEW: Final = 3
_TRANSIENT: Final = frozenset(("transient", "timeout", "no-store", "lock-error"))


class FhirRejected(Rejected):
    """The server refuses this. `codes` are issue codes of FHIR, `places` FHIRPaths into what was sent."""

    def __init__(self, message: str, codes: tuple[str, ...], places: tuple[str, ...], status: int = 0) -> None:
        super().__init__(message, field=places[0] if places else None)
        self.codes = codes
        self.places = places
        self.status = status


def refusal(answer: Answer, origin: str) -> CareloomError:
    """The error that a refusal means."""
    codes, places = said_by(answer.body)
    text = f"{origin} answered {answer.status}: " + (", ".join(codes[:_FEW]) or "without saying why")
    if places:
        text += f" at {', '.join(places[:_FEW])}"
    if "throttled" in codes:
        return Throttled(text)
    if _TRANSIENT & set(codes):
        return Unavailable(text)
    if answer.status == 409 and "conflict" in codes:
        return Contention(text)
    return FhirRejected(text, codes, places, answer.status)


def said_by(body: bytes) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The codes and places of an OperationOutcome, errors alone; nothing of what is none."""
    try:
        return said_in(parse(body))
    except FormatError:
        return (), ()


def said_in(resource: Resource) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The same of one that was read."""
    codes: dict[str, None] = {}
    places: dict[str, None] = {}
    for issue in _listed(resource.get("issue")):
        if not isinstance(issue, dict) or issue.get("severity") not in ("error", "fatal"):
            continue
        code = issue.get("code")
        if isinstance(code, str) and code in _CODES:
            codes[code] = None
        for place in _listed(issue.get("expression")):
            found = _PLACE.fullmatch(place) if isinstance(place, str) else None
            if found is not None and found[1] in resource_types():
                places[found[0]] = None
    return tuple(codes), tuple(places)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
