"""Findings about a resource: where, in FHIR's own terms (`Patient.contact[1].name`), and never a value."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from careloom.formats.inspection import Finding, Severity

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_TOO_LONG: Final = 512


class Place(str):
    """A place in a resource, `Bundle.entry[3].resource.birthDate`."""

    __slots__ = ()

    def down(self, path: str | int) -> Place:
        """The place of a member, an item, or a path of both below this one."""
        if isinstance(path, int):
            return Place(f"{self}[{path}]")
        return Place(f"{self}.{path}") if path else self


def finding(code: str, place: str, text: str, *, severity: Severity = "error") -> Finding:
    """A finding; one about too deep a place keeps the end of it."""
    shown = place if len(place) <= _TOO_LONG else "..." + place[-_TOO_LONG:]
    return Finding(code=code, place=str(shown), text=text, severity=severity)


def place_of(root: Place, path: Iterable[str | int]) -> Place:
    """The place that a path of member names and positions leads to."""
    for step in path:
        root = root.down(step if isinstance(step, int) else said(step, "?"))
    return root


def said(name: Any, instead: str) -> str:
    """A name out of a file if it is one; a text of somebody's that stands where a name should is not repeated."""
    return name if type(name) is str and _NAME.fullmatch(name) else instead
