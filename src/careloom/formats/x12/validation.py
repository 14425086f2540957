"""Whether a file is what X12 and its guides ask for: the envelope, and each set by its table and rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO, Final, Literal, TypeAlias

import msgspec

from careloom.formats.x12.balancing import BALANCE_CODES
from careloom.formats.x12.checking import ENVELOPE, SetChecker
from careloom.formats.x12.codes import CodeLists
from careloom.formats.x12.delimiters import BLANKS, REPETITION_SINCE, Delimiters
from careloom.formats.x12.elements import Demand, check
from careloom.formats.x12.envelope import (
    GROUP_ELEMENTS,
    INTERCHANGE_ELEMENTS,
    GroupSummary,
    InterchangeSummary,
    SetSummary,
    count_differs,
    same_number,
)
from careloom.formats.x12.findings import Fault
from careloom.formats.x12.reading import Batch, batches
from careloom.formats.x12.report import MOST, Report, Spot
from careloom.formats.x12.rules import rules_for
from careloom.formats.x12.segment import cut, decode, identifier, split_segment
from careloom.formats.x12.structure import Structure, structure_of
from careloom.formats.x12.tables import segment_definition
from careloom.formats.x12.tables.catalogue import guide_of

Extent: TypeAlias = Literal["file", "set", "claims"]
_SERVICES: Final = (b"ISB", b"ISE", b"TA3")


class Assessment(msgspec.Struct, frozen=True):
    """What was found in a file, and the envelopes that it was found in. `omitted` counts findings beyond those kept."""

    interchanges: Sequence[InterchangeSummary]
    findings: Sequence[Fault]
    omitted: int
    segments: int

    @property
    def valid(self) -> bool:
        """Whether nothing worse than a warning was found."""
        return not any(interchange.errors for interchange in self.interchanges) and not any(
            finding.severity == "error" for finding in self.findings
        )


def validate(
    source: bytes | BinaryIO,
    *,
    strict: bool = False,
    extent: Extent = "file",
    most: int = MOST,
    codes: CodeLists | None = None,
) -> Assessment:
    """Checks a file, in one pass and flat memory. Raises nothing for what the bytes hold.

    `strict` makes errors of what many senders do and readers forgive. `extent` says what the bytes are meant to be: a
    whole file, or a slice from `pieces`, whose trailers are absent: of a whole set, or of some of its claims. `codes`
    are lists of your own: a code that is in none of them is an error.
    """
    validator = _Validator(Report(strict=strict, most=most), extent, codes)
    for batch in batches(source):
        validator.add(batch)
    return validator.finish()


def judges(table: str, version: str) -> bool:
    """Whether a table may find errors in sets of a version: that of the same guide, or the standard that it narrows."""
    return guide_of(table) == guide_of(version) or ("X" not in table and version.startswith(table))


def balance(source: bytes | BinaryIO, *, strict: bool = False, most: int = MOST) -> Sequence[Fault]:
    """Where the 835s of a file do not add up; none when they do to the cent. Streams;
    `careloom.formats.x12.balancing`."""
    report = Report(strict=strict, most=most, only=BALANCE_CODES)
    validator = _Validator(report, "file")
    for batch in batches(source):
        validator.add(batch)
    return validator.finish().findings


class _Validator:
    """Follows the envelope, and hands the segments of a set to its checker."""

    def __init__(self, report: Report, extent: Extent, codes: CodeLists | None = None) -> None:
        self._report, self._extent, self._codes = report, extent, codes
        self._marks = Delimiters()
        self._ordinal = 0
        self._interchanges: list[InterchangeSummary] = []
        self._interchange: InterchangeSummary | None = None
        self._group: GroupSummary | None = None
        self._set: SetSummary | None = None
        self._checker: SetChecker | _Plain | None = None
        self._waiting: bytes | None = None
        self._controls: set[str] = set()
        self._group_controls: set[str] = set()
        self._set_controls: set[str] = set()

    def add(self, batch: Batch) -> None:
        if batch.error is not None:
            self._report.envelope("not-x12", batch.error.location or f"byte {batch.offset}")
            self._bad()
            return
        self._marks, raws = batch.delimiters, batch.segments
        index = 0
        while index < len(raws):
            if self._waiting is not None:
                self._start(raws[index])
            if self._checker is not None:
                stop = self._checker.feed(raws, index)
                self._ordinal += stop - index
                index = stop
                if index == len(raws):
                    break
            self._ordinal += 1
            self._step(raws[index])
            index += 1

    def _step(self, raw: bytes) -> None:
        name = identifier(raw, self._marks.element)
        step = _STEPS.get(name)
        if step is not None:
            parts = split_segment(raw, self._marks)
            step(self, raw, parts + [""] * (17 - len(parts)))
        elif name not in _SERVICES:
            self._report.envelope(
                "segment-outside" if name else "segment-empty", f"segment {self._ordinal}", decode(name)[:3]
            )
            self._bad()

    def _bad(self) -> None:
        """Remembers that the interchange has errors of its own."""
        if self._interchange is not None:
            self._interchange.errors = self._report.errors - self._interchange.errors_before

    def finish(self) -> Assessment:
        self._close_interchange(cut_off=self._extent == "file")
        report = self._report
        if report.omitted:
            report.findings.append(_cut_note(report))
        return Assessment(self._interchanges, report.findings, report.omitted, self._ordinal)

    # The interchange.

    def _isa(self, raw: bytes, parts: list[str]) -> None:  # noqa: ARG002 - all steps are called alike
        self._close_interchange(cut_off=True)
        report = self._report
        report.interchange, report.group, report.set = report.interchange + 1, 0, 0
        self._interchange = InterchangeSummary.of(parts, self._marks, report.errors)
        self._interchanges.append(self._interchange)
        self._group_controls.clear()
        for element, fits in INTERCHANGE_ELEMENTS.items():
            if not fits(parts[element]):
                code = "interchange-version" if element == 12 else "interchange-element"
                self._envelope(code, "ISA", element)
        if parts[12] >= REPETITION_SINCE and self._marks.repetition in (b"", self._marks.component):
            self._envelope("repetition-separator", "ISA", 11)
        if parts[13] in self._controls:
            self._envelope("interchange-control-repeated", "ISA", 13)
        self._controls.add(parts[13])

    def _iea(self, raw: bytes, parts: list[str]) -> None:  # noqa: ARG002 - all steps are called alike
        self._close_group(cut_off=True)
        found = self._interchange
        if found is None:
            self._envelope("segment-outside", "IEA")
            return
        if not same_number(parts[2], found.control):
            self._envelope("interchange-control-differs", "IEA", 2)
        if count_differs(parts[1], len(found.groups)) and (
            found.groups or count_differs(parts[1], found.acknowledgements)
        ):
            self._envelope("interchange-count-differs", "IEA", 1)
        if not found.groups and not found.acknowledgements:
            self._envelope("interchange-empty", "IEA", 1)
        found.closed = True
        self._close_interchange(cut_off=False)

    def _close_interchange(self, *, cut_off: bool) -> None:
        self._close_group(cut_off=cut_off)
        if self._interchange is None:
            return
        if cut_off and not self._interchange.closed:
            self._envelope("interchange-end-missing", "IEA")
        self._bad()
        self._interchange = None

    def _ta1(self, raw: bytes, parts: list[str]) -> None:  # noqa: ARG002 - all steps are called alike
        if self._interchange is None:
            self._envelope("segment-outside", "TA1")
            return
        self._interchange.acknowledgements += 1
        definition = segment_definition("TA1")
        if definition is not None:
            spot = Spot(segment_id="TA1", ordinal=self._ordinal)
            for problem in check(split_segment(raw, self._marks), Demand(definition), self._marks):
                self._report.add(problem.code, spot, problem.element)

    # The group.

    def _gs(self, raw: bytes, parts: list[str]) -> None:  # noqa: ARG002 - all steps are called alike
        self._close_group(cut_off=True)
        if self._interchange is None:
            self._envelope("segment-outside", "GS")
            return
        report = self._report
        report.group, report.set = len(self._interchange.groups) + 1, 0
        self._group = GroupSummary.of(parts)
        self._interchange.groups.append(self._group)
        self._set_controls.clear()
        for element, fits in GROUP_ELEMENTS.items():
            if not fits(parts[element]):
                self._envelope("group-element", "GS", element)
        if parts[6] in self._group_controls:
            self._envelope("group-control-repeated", "GS", 6)
        self._group_controls.add(parts[6])

    def _ge(self, raw: bytes, parts: list[str]) -> None:  # noqa: ARG002 - all steps are called alike
        self._close_set(None)
        if self._group is None:
            self._envelope("segment-outside", "GE")
            return
        self._group.said = parts[1]
        if not same_number(parts[2], self._group.control):
            self._envelope("group-control-differs", "GE", 2)
        if count_differs(parts[1], len(self._group.sets)):
            self._envelope("group-count-differs", "GE", 1)
        self._close_group(cut_off=False)

    def _close_group(self, *, cut_off: bool) -> None:
        self._close_set(None)
        if self._group is not None and cut_off:
            self._report.set = 0
            self._envelope("group-end-missing", "GE")
        self._group = None
        self._report.group = self._report.set = 0

    # The set.

    def _st(self, raw: bytes, parts: list[str]) -> None:
        self._close_set(None)
        if self._group is None:
            self._envelope("segment-outside", "ST")
            return
        report = self._report
        report.set, report.set_errors = len(self._group.sets) + 1, 0
        version = parts[3].strip() or self._group.version
        self._set = SetSummary(parts[1].strip(), version, parts[2].strip(), ordinal=self._ordinal)
        self._group.sets.append(self._set)
        if not (len(self._set.id) == 3 and self._set.id.isdecimal()):
            self._envelope("set-identifier", "ST", 1)
        if parts[3].strip() and guide_of(parts[3].strip()) != guide_of(self._group.version) and self._group.version:
            self._envelope("set-version-differs", "ST", 3)
        if self._set.control in self._set_controls:
            self._envelope("set-control-repeated", "ST", 2)
        self._set_controls.add(self._set.control)
        self._waiting = raw

    def _start(self, second: bytes) -> None:
        """Chooses the table once the segment after ST is there: its BHT02 tells request from response."""
        assert self._set is not None and self._group is not None and self._waiting is not None
        parts = cut(second, self._marks.element)
        purpose = decode(parts[2]) if parts[0] == b"BHT" and len(parts) > 2 else ""
        structure = structure_of(self._set.id, self._set.version, purpose)
        before = self._ordinal - 1
        if structure is None:
            self._envelope("set-unsupported", "ST", 1)
            self._checker = _Plain()
        else:
            self._checker = self._checker_of(structure, before)
        self._checker.begin(self._waiting)
        self._waiting = None

    def _checker_of(self, structure: Structure, before: int) -> SetChecker:
        assert self._set is not None and self._group is not None
        definition, version = structure.definition, self._set.version
        exact = judges(definition.version, version)
        if not exact and not self._group.foreign:
            self._group.foreign = True
            self._envelope("group-version", "GS", 8)
        if exact and definition.functional != self._group.functional:
            self._envelope("group-kind-differs", "GS", 1)
        checker = SetChecker(structure, self._marks, self._report, ordinal=before, advisory=not exact)
        whole = self._extent != "claims"
        checker.follow(
            rules_for(self._set.id, self._marks, self._report, whole=whole, advisory=not exact, codes=self._codes)
        )
        return checker

    def _se(self, raw: bytes, parts: list[str]) -> None:
        if self._waiting is not None:
            self._start(raw)
        if self._set is None or self._checker is None:
            self._envelope("segment-outside", "SE")
            return
        if not same_number(parts[2], self._set.control):
            self._envelope("set-control-differs", "SE", 2)
        if self._extent != "claims" and count_differs(parts[1], self._checker.count + 1):
            self._envelope("set-count-differs", "SE", 1)
        self._close_set(raw)

    def _close_set(self, end: bytes | None) -> None:
        if self._waiting is not None:
            self._start(b"")
        if self._set is not None and self._checker is not None:
            if end is None and self._extent != "claims":
                self._envelope("set-end-missing", "SE")
            self._checker.finish(end)
            self._set.segments, self._set.errors = self._checker.count, self._report.set_errors
        self._set = self._checker = None

    def _envelope(self, code: str, segment_id: str, element: int = 0) -> None:
        place = f"{segment_id}{element:02}" if element else segment_id
        self._report.envelope(code, f"{place}, segment {self._ordinal}", segment_id, element)


class _Plain:
    """Stands in for a checker where there is no table: it only counts."""

    def __init__(self) -> None:
        self.count = 0

    def begin(self, raw: bytes) -> None:  # noqa: ARG002 - all steps are called alike
        self.count += 1

    def feed(self, raws: Sequence[bytes], start: int) -> int:
        for index in range(start, len(raws)):
            if raws[index].lstrip(BLANKS)[:3].rstrip(b"*|~^:") in ENVELOPE:
                return index
            self.count += 1
        return len(raws)

    def finish(self, raw: bytes | None) -> None:
        self.count += raw is not None


def _cut_note(report: Report) -> Fault:
    return Fault(code="findings-cut", place="file", text=f"{report.omitted} more findings", severity="warning")


_STEPS = {
    b"ISA": _Validator._isa, b"IEA": _Validator._iea, b"TA1": _Validator._ta1, b"GS": _Validator._gs,
    b"GE": _Validator._ge, b"ST": _Validator._st, b"SE": _Validator._se,
}  # fmt: skip
