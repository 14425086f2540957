"""Bank statements, looked at. The format is told by name: `camt.053`, `mt940`, `ofx`, `bai2`.

Paths are a field of the statements (`account`, `currency`, `opening`, `closing`) or of their entries (`entry.amount`,
`entry[3].end_to_end`), entries numbered from 1 through the file.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from careloom.core.errors import FormatError
from careloom.formats.bank.reading import format_of, parse
from careloom.formats.bank.statement import Balance, BankFile, Entry, Statement
from careloom.formats.inspection import Finding, Inspection

_PATH: Final = re.compile(r"(?:(entry)(?:\[([1-9]\d{0,8})\])?\.)?([a-z_]{1,40})", re.ASCII)
_NAMES: Final = {"camt": "camt.053", "mt940": "mt940", "ofx": "ofx", "bai2": "bai2"}
_HIDDEN: Final = frozenset({"entries", "findings", "details"})
_LENIENT: Final = frozenset({"namespace"})


def recognises(data: bytes, name: str) -> bool:  # noqa: ARG001 - banks name their files as they like
    """Whether these bytes begin as a statement in one of the formats."""
    return format_of(data) is not None


def inspect(data: bytes, *, strict: bool = False, paths: Sequence[str] = ()) -> Inspection:
    """Parses all statements and checks their balances and totals. Nothing is written back, so `identical` is None."""
    try:
        file = parse(data)
    except FormatError as error:
        finding = Finding(code="unreadable", place=error.location, text=error.reason)
        return Inspection(format=_NAMES.get(format_of(data) or "", ""), findings=(finding,))
    values, unknown = _asked(file, paths)
    findings = [_severe(finding, strict) for finding in file.all_findings]
    counts = {"statements": len(file.statements), "entries": sum(len(each.entries) for each in file.statements)}
    return Inspection(
        format=file.format,
        type="statement" if file.format not in ("camt.052", "camt.054", "mt942") else "report",
        version=file.version,
        counts=counts,
        findings=(*findings, *unknown),
        values=values,
    )


def _severe(finding: Finding, strict: bool) -> Finding:
    lenient = strict and finding.code in _LENIENT
    return msgspec.structs.replace(finding, severity="error") if lenient else finding


def _asked(file: BankFile, paths: Sequence[str]) -> tuple[dict[str, Sequence[str]], list[Finding]]:
    values: dict[str, Sequence[str]] = {}
    unknown: list[Finding] = []
    for path in paths:
        found = _values(file, path)
        values[path] = found or ()
        if found is None:
            text = "no path of a statement; write a field, entry.field or entry[n].field"
            unknown.append(Finding(code="path-unknown", place=path, text=text))
    return values, unknown


def _values(file: BankFile, path: str) -> Sequence[str] | None:
    found = _PATH.fullmatch(path)
    kind = Entry if found and found[1] else Statement
    if found is None or found[3] not in kind.__struct_fields__ or found[3] in _HIDDEN:
        return None
    if kind is Statement:
        return tuple(_text(getattr(statement, found[3])) for statement in file.statements)
    entries = [entry for statement in file.statements for entry in statement.entries]
    if found[2]:
        entries = entries[int(found[2]) - 1 : int(found[2])]
    return tuple(_text(getattr(entry, found[3])) for entry in entries)


def _text(value: object) -> str:
    if isinstance(value, Balance):
        return str(value.amount)
    return "" if value is None else str(value)
