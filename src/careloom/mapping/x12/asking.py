"""Questions to payers and their answers: what their sets have in common."""

from __future__ import annotations

from careloom.core.errors import MappingError
from careloom.formats.x12 import Loop
from careloom.mapping.x12.source import Source, present
from careloom.model import Identifier


def numbers(source: Source, level: Loop, kind: str) -> tuple[Identifier, ...]:
    """The trace numbers of this kind (TRN02), then the number of the set (BHT03): by any of them question and answer
    are paired. Raises MappingError where there is none."""
    traces = [trn.identifier(2) for trn in source.rows(level, "TRN", kind)]
    whole = source.row(source.root, "BHT").identifier(3)
    if whole is not None and any(traces):
        known = whole.value in {trace.value for trace in traces if trace is not None}
        whole = None if known else Identifier(value=whole.value, use="secondary")
    found = present(*traces, whole)
    if not found:
        raise MappingError("no number by which question and answer are paired; the sender must give one", "BHT03")
    return found


def named_above(level: Loop, outer: str, inner: str) -> Loop | None:
    """Who is named at a level that this one is below."""
    found = level.around(outer)
    return found.loop(inner) if found is not None else None
