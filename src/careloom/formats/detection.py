"""Finds out which format a file is of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import Any, BinaryIO, Final, cast

from careloom.formats.inspection import Finding, Inspection, Inspector

# The most telling first: nearly every text could be CSV, and every FHIR resource is JSON.
FORMATS: Final = ("hl7v2", "x12", "fhir", "bank", "jsondoc", "csv")

STREAMED: Final = frozenset({"x12"})
"""Those whose inspectors also take a file that is open, and hold little of it."""
_HEAD: Final = 1 << 16
"""Bytes that no streamed format, nor one before it in the list, needs more than to be recognised."""


@cache
def inspector(format: str) -> Inspector:
    """The inspector of one of `FORMATS`; its library is loaded now."""
    return cast(Inspector, import_module(f"careloom.formats.{format}.inspecting"))


def detect(data: bytes, name: str) -> str | None:
    """The format that these bytes mean to be of; None when no format recognises them."""
    return next((format for format in FORMATS if inspector(format).recognises(data, name)), None)


def inspect(
    data: bytes | BinaryIO,
    name: str,
    *,
    strict: bool = False,
    paths: Sequence[str] = (),
    agreed: Mapping[str, Mapping[str, Any]] | None = None,
) -> Inspection:
    """Find the format, parse and validate. Never raises for what the bytes hold.

    A file that is open, and can seek, is read piece by piece where its format is one of `STREAMED`, else whole.
    `agreed` is what the inspectors of single formats take beyond what all do: `{"hl7v2": {"profile": profile}}`,
    `{"x12": {"codes": lists}}`.
    """
    format, data = _looked(data, name)
    if format is None:
        text = "no format recognises this file; Careloom reads HL7 v2, X12, FHIR, bank statements, JSON, CSV and Excel"
        found = Finding(code="format-unknown", place="octet 0", text="is empty" if not data else text)
        return Inspection(format="unknown", findings=(found,))
    look: Callable[..., Inspection] = inspector(format).inspect
    return look(data, strict=strict, paths=paths, **(agreed or {}).get(format, {}))


def _looked(data: bytes | BinaryIO, name: str) -> tuple[str | None, bytes | BinaryIO]:
    """The format, and what its inspector is to be given: the file itself, or all of its bytes."""
    if isinstance(data, bytes):
        return detect(data, name), data
    head = data.read(_HEAD)
    format = detect(head, name)
    if format in STREAMED:
        return format, data
    rest = data.read()
    return (detect(head + rest, name) if rest else format), head + rest
