"""Answers of the endpoint: resources, and refusals as OperationOutcomes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from careloom.formats.fhir import Resource, encode, from_findings, issue, outcome, version_tag
from careloom.formats.inspection import Finding
from careloom.systems.fhir.client import JSON
from careloom.systems.seam import Reply


class Refused(Exception):
    """A request that is not taken: the status, and the OperationOutcome that says why. `code` is FHIR's issue type."""

    def __init__(self, status: int, code: str, reason: str, place: str = "", *, found: Resource | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.place = place
        self.outcome = found or outcome([issue("error", code, reason, place)])

    def reply(self) -> Reply:
        """As an answer."""
        return answer(self.status, self.outcome)


def from_check(findings: list[Finding]) -> Refused:
    """What the check found wrong with a resource."""
    first = findings[0]
    return Refused(422, "invalid", first.text, first.place, found=from_findings(findings))


def answer(status: int, resource: Resource | None = None, headers: Mapping[str, str] | None = None) -> Reply:
    """A resource, or nothing, as an answer."""
    body = encode(resource) if resource is not None else b""
    return Reply(status, body, f"{JSON}; charset=utf-8", headers or {})


def stored(kind: str, id: str, *, base: str, fresh: bool, echo: Resource | None, at: datetime | None = None) -> Reply:
    """A resource was taken, or had been: where, and which version. `echo` is what the sender wants back."""
    headers = {"location": address(base, f"{kind}/{id}/_history/1"), "etag": version_tag("1")}
    if at is not None:
        headers["last-modified"] = at.strftime("%a, %d %b %Y %H:%M:%S GMT")
    return answer(201 if fresh else 200, echo, headers)


def address(base: str, path: str) -> str:
    """Below our own address, or relative where that is not told."""
    return f"{base.rstrip('/')}/{path}" if base else path
