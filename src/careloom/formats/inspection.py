"""What every format says of a file: what it is, whether it is well formed, where not, and the values at asked paths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol, TypeAlias

import msgspec

Severity: TypeAlias = Literal["error", "warning"]


class Finding(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One thing that is wrong in a file, where, and what to do. Quotes no value of the file.

    `place` is in the format's own terms: `PID-3.1`, `2300/CLM02`, `Bundle.entry[3].resource.birthDate`, `row 17, column
    8`. `code` is stable and short, for filters and tests: `segment-unknown`, `count-differs`.
    """

    code: str
    place: str
    text: str
    severity: Severity = "error"


class Inspection(msgspec.Struct, frozen=True, kw_only=True):
    """One file, looked at. `type` and `version` are the format's own (`ADT^A04`, `835`, `Bundle`); several types of one
    file are joined by a comma. `identical` tells whether writing the file back gives the same bytes (HL7 v2, X12) or
    the same content (FHIR, CSV); None where it could not be read. `values` are those at the asked paths, in order.
    """

    format: str
    type: str = ""
    version: str = ""
    counts: Mapping[str, int] = msgspec.field(default_factory=dict)
    findings: Sequence[Finding] = ()
    identical: bool | None = None
    values: Mapping[str, Sequence[str]] = msgspec.field(default_factory=dict)

    @property
    def valid(self) -> bool:
        """Whether nothing worse than a warning was found."""
        return all(finding.severity != "error" for finding in self.findings)


class Inspector(Protocol):
    """What a format offers to `careloom inspect`, in its module `inspecting`."""

    def recognises(self, data: bytes, name: str) -> bool:
        """Whether these bytes mean to be of this format, right or wrong. Looks at little; `name` is the file's."""

    def inspect(self, data: bytes, *, strict: bool = False, paths: Sequence[str] = ()) -> Inspection:
        """Parse and validate. Never raises for what the bytes hold. `strict` makes deviations that many senders have,
        and that are read all the same, errors instead of warnings. A path that is none is a finding, `path-unknown`."""
