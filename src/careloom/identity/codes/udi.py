"""A Unique Device Identifier (21 CFR 801.40) of GS1 or HIBC, and what a label says of one package."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from careloom.core.errors import FormatError
from careloom.identity.codes.gs1 import Element, elements
from careloom.identity.codes.hibc import hibc


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """One package: what it is, and which. `device` is the GTIN of 14 digits, or HIBC's labeller, product and unit;
    `gtin` is empty for the latter. `count` is the number of items where the label gives one."""

    agency: str
    device: str = ""
    gtin: str = ""
    lot: str = ""
    serial: str = ""
    expiry: date | None = None
    made: date | None = None
    count: int | None = None
    part: str = ""


def trace(text: str) -> Trace:
    """What a label says, though it may not say which device it is on: a second label has the lot alone.

    Raises FormatError.
    """
    if text.strip(" *").startswith("+"):
        label = hibc(text)
        return Trace(
            agency="HIBCC",
            device=label.device,
            lot=label.lot,
            serial=label.serial,
            expiry=label.expiry,
            made=label.made,
            count=label.quantity,
        )
    return _of_elements({one.ai: one for one in elements(text)})


def udi(text: str) -> Trace:
    """A label that names its device. Raises FormatError for one that does not."""
    found = trace(text)
    if not found.device:
        raise FormatError("it names no device", "AI 01")
    return found


def _of_elements(found: dict[str, Element]) -> Trace:
    def value(*ais: str) -> str:
        return next((found[ai].value for ai in ais if ai in found), "")

    item = value("01")
    return Trace(
        agency="GS1",
        device=item,
        gtin=item,
        lot=value("10"),
        serial=value("21"),
        expiry=found["17"].day if "17" in found else None,
        made=found["11"].day if "11" in found else None,
        count=int(value("30", "37") or 0) or None,
        part=value("240", "241"),
    )
