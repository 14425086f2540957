"""X12 for `careloom inspect`. Paths are those of `careloom.formats.x12.paths`: `835:2100/CLP04`,
`2300[2]/CLM05-1`, `ISA13`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from careloom.core.errors import FormatError
from careloom.formats.inspection import Finding, Inspection
from careloom.formats.x12.delimiters import opens_interchange, start_of
from careloom.formats.x12.interchange import Interchange, parse
from careloom.formats.x12.paths import compile_path
from careloom.formats.x12.validation import Assessment, validate

FORMAT = "x12"
_SUFFIXES = (
    ".x12", ".edi", ".270", ".271", ".276", ".277", ".278", ".810", ".820", ".834", ".835", ".837", ".850",
    ".855", ".856",
    ".997", ".999", ".ta1",
)  # fmt: skip
_HEAD = 4_096


def recognises(data: bytes, name: str) -> bool:
    """Whether an ISA segment begins the file, or the name says X12 and it is no other known kind of text."""
    head = data[:_HEAD]
    start = start_of(head)
    if opens_interchange(head, start):
        return True
    return name.lower().endswith(_SUFFIXES) and head[start : start + 3] != b"UNA"


def inspect(data: bytes, *, strict: bool = False, paths: Sequence[str] = ()) -> Inspection:
    """Parses, validates, writes back and compares, and reads the values at the paths."""
    good, findings = _compiled(paths)
    try:
        interchanges = parse(data)
    except FormatError as error:
        found = validate(data, strict=strict)
        return _inspection(found, [*_refused(found, error), *found.findings, *findings], None, dict.fromkeys(good, ()))
    assessment = validate(data, strict=strict)
    identical = b"".join(interchange.encode() for interchange in interchanges) == data
    values = {path: tuple(_values(interchanges, path)) for path in good}
    return _inspection(assessment, [*assessment.findings, *findings], identical, values)


def _refused(found: Assessment, error: FormatError) -> Iterator[Finding]:
    """The reason that reading stopped, unless validation names that place already."""
    if not any(finding.place == error.location for finding in found.findings):
        yield Finding(code="not-x12", place=error.location or "file", text=error.reason)


def _compiled(paths: Sequence[str]) -> tuple[list[str], list[Finding]]:
    good: list[str] = []
    findings: list[Finding] = []
    for path in paths:
        try:
            compile_path(path)
        except ValueError as error:
            findings.append(Finding(code="path-unknown", place=path, text=str(error)))
        else:
            good.append(path)
    return good, findings


def _values(interchanges: Sequence[Interchange], path: str) -> Iterator[str]:
    for interchange in interchanges:
        for transaction in interchange.transactions:
            yield from transaction.values(path)


def _inspection(
    assessment: Assessment, findings: Sequence[Finding], identical: bool | None, values: Mapping[str, Sequence[str]]
) -> Inspection:
    groups = [group for interchange in assessment.interchanges for group in interchange.groups]
    sets = [summary for group in groups for summary in group.sets]
    answers = sum(interchange.acknowledgements for interchange in assessment.interchanges)
    counts = Counter(interchanges=len(assessment.interchanges), groups=len(groups), sets=len(sets))
    counts.update(segments=assessment.segments, acknowledgements=answers)
    kinds = dict.fromkeys([summary.id for summary in sets] + ["TA1"] * bool(answers))
    versions = dict.fromkeys(summary.version for summary in sets if summary.version)
    return Inspection(
        format=FORMAT, type=",".join(kinds), version=",".join(versions), counts=dict(counts), findings=findings,
        identical=identical, values=values,
    )  # fmt: skip
