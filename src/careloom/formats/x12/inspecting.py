"""X12 for `careloom inspect`. Paths are those of `careloom.formats.x12.paths`: `835:2100/CLP04`,
`2300[2]/CLM05-1`, `ISA13`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from typing import BinaryIO

from careloom.core.errors import FormatError
from careloom.formats.inspection import Finding, Inspection
from careloom.formats.x12.codes import CodeLists
from careloom.formats.x12.delimiters import opens_interchange, start_of
from careloom.formats.x12.interchange import is_kept, parse
from careloom.formats.x12.paths import compile_path
from careloom.formats.x12.pieces import pieces
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


def inspect(
    data: bytes | BinaryIO, *, strict: bool = False, paths: Sequence[str] = (), codes: CodeLists | None = None
) -> Inspection:
    """Validates, writes back and compares, and reads the values at the paths. `codes` are your own lists.

    Of a file that is open, and can seek, little is held at a time however large it is; with paths, one set.
    """
    file = BytesIO(data) if isinstance(data, bytes) else data
    good, findings = _compiled(paths)
    assessment = validate(_from_start(file), strict=strict, codes=codes)
    try:
        identical = is_kept(_from_start(file))
    except FormatError as error:
        refused = [*_refused(assessment, error), *assessment.findings, *findings]
        return _inspection(assessment, refused, None, dict.fromkeys(good, ()))
    values = _values(_from_start(file), good)
    return _inspection(assessment, [*assessment.findings, *findings], identical, values)


def _from_start(file: BinaryIO) -> BinaryIO:
    file.seek(0)
    return file


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


def _values(file: BinaryIO, paths: Sequence[str]) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = {path: [] for path in paths}
    for piece in pieces(file) if paths else ():
        if piece.error is not None and not piece.set_id:
            continue  # strays, which are no set
        for transaction in parse(piece.data)[0].transactions:
            for path, values in found.items():
                values += transaction.values(path)
    return {path: tuple(values) for path, values in found.items()}


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
