"""Rules that bind several fields together, each with the paragraph of HL7 v2.5.1 it comes from."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple, TypeAlias

from careloom.formats.hl7v2.segment import NULL, Segment

_BASE64: Final = re.compile(r"[A-Za-z0-9+/\s]*(?:=\s*){0,2}", re.ASCII)
_HEX: Final = re.compile(r"(?:[0-9A-Fa-f]{2})*", re.ASCII)
_WITHOUT_VALUE: Final = frozenset({"D", "I", "N", "O", "P", "R", "S", "W", "X"})
_WITHOUT_PLACER: Final = frozenset({"RE", "SC", "SN", "OC", "CN", "PR"})


class Broken(NamedTuple):
    """A rule that a segment breaks: the code of the finding, the place inside the segment, the words."""

    code: str
    field: str
    text: str


_Rule: TypeAlias = Callable[[Segment], Iterator[Broken]]


def broken_rules(segment: Segment) -> Iterator[Broken]:
    """The rules that this segment breaks."""
    rule = _RULES.get(segment.name)
    if rule is not None:
        yield from rule(segment)


def has_rules(name: str) -> bool:
    """Whether any rule is about segments of this name."""
    return name in _RULES


def _observation(obx: Segment) -> Iterator[Broken]:
    """Chapter 7.4.2.2 and 7.4.2.5: a value has a type, and a final result has a value."""
    kind, value = obx.raw_field(2), obx.raw_field(5)
    if value and not kind:
        yield Broken("value-type-missing", "2", "a value without its data type; it is read as text")
    if not value and kind and obx.raw_field(11) not in _WITHOUT_VALUE and not obx.raw_field(8):
        yield Broken("value-missing", "5", "a result that is final, without a value")
    if kind == "ED":
        yield from _document(obx)
    if kind == "SN" and obx.value(5, 1, 1) not in ("", "<", ">", "<=", ">=", "=", "<>"):
        yield Broken("code-unknown", "5.1", "not a comparator of the data type SN")


def _document(obx: Segment) -> Iterator[Broken]:
    """Chapter 2A.24: the content of ED is what its encoding says."""
    encoding, content = obx.raw_value(5, 1, 4).lower(), obx.raw_value(5, 1, 5)
    wanted = {"base64": _BASE64, "hex": _HEX}.get(encoding)
    if wanted is not None and "\\" not in content and not wanted.fullmatch(content):
        yield Broken("content-invalid", "5.5", "the document is not in the encoding that OBX-5.4 declares")


def _order(orc: Segment) -> Iterator[Broken]:
    """Chapter 4.5.1.2 and 4.5.1.3: an order has the number of its placer, an answer that of either side."""
    placer, filler = orc.raw_field(2), orc.raw_field(3)
    if not placer and not filler and orc.raw_field(1) not in _WITHOUT_PLACER:
        yield Broken("condition-unmet", "2", "neither the placer's nor the filler's order number (ORC-2, ORC-3)")


def _appointment(sch: Segment) -> Iterator[Broken]:
    """Chapter 10.6.2.1 and 10.6.2.2: an appointment has the id of either side."""
    if not sch.raw_field(1) and not sch.raw_field(2):
        yield Broken("condition-unmet", "1", "neither the placer's nor the filler's appointment id (SCH-1, SCH-2)")


def _diagnosis(dg1: Segment) -> Iterator[Broken]:
    """Chapter 6.5.2.3 and 6.5.2.4: a diagnosis is coded or at least described."""
    if not dg1.raw_field(3) and not dg1.raw_field(4):
        yield Broken("condition-unmet", "3", "neither a diagnosis code nor a description (DG1-3, DG1-4)")


def _query_answer(qak: Segment) -> Iterator[Broken]:
    """Chapter 5.5.2.4: hits are a number."""
    for field in (4, 5, 6):
        raw = qak.raw_field(field)
        if raw and raw != NULL and not raw.isdecimal():
            yield Broken("number-invalid", str(field), "not a count")


_RULES: Final[Mapping[str, _Rule]] = {
    "OBX": _observation,
    "ORC": _order,
    "SCH": _appointment,
    "DG1": _diagnosis,
    "QAK": _query_answer,
}
