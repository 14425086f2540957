"""Finds out which format a file is of."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import import_module
from typing import Final, cast

from careloom.formats.inspection import Finding, Inspection, Inspector

# The most telling first: nearly every text could be CSV, and every FHIR resource is JSON.
FORMATS: Final = ("hl7v2", "x12", "fhir", "bank", "jsondoc", "csv")


@cache
def inspector(format: str) -> Inspector:
    """The inspector of one of `FORMATS`; its library is loaded now."""
    return cast(Inspector, import_module(f"careloom.formats.{format}.inspecting"))


def detect(data: bytes, name: str) -> str | None:
    """The format that these bytes mean to be of; None when no format recognises them."""
    return next((format for format in FORMATS if inspector(format).recognises(data, name)), None)


def inspect(data: bytes, name: str, *, strict: bool = False, paths: Sequence[str] = ()) -> Inspection:
    """Find the format, parse and validate. Never raises for what the bytes hold."""
    format = detect(data, name)
    if format is None:
        text = "no format recognises this file; Careloom reads HL7 v2, X12, FHIR, bank statements, JSON, CSV and Excel"
        found = Finding(code="format-unknown", place="octet 0", text="is empty" if not data else text)
        return Inspection(format="unknown", findings=(found,))
    return inspector(format).inspect(data, strict=strict, paths=paths)
