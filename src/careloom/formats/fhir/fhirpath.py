"""FHIRPath: the values at a path (FHIRPath 2.0, by fhirpathrs, which is loaded when first asked for)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from careloom.core.errors import FormatError
from careloom.formats.fhir.reading import Resource, encode

MOST_LENGTH: Final = 500
_REGULAR: Final = re.compile(r"\b(?:matches|replaceMatches|repeat|resolve|trace)\s*\(")


def values_at(resource: Resource, path: str) -> Sequence[str]:
    """The values at a FHIRPath of a resource, as text; elements as JSON. FormatError when the path is none.

    Functions that could run long or reach outside (`matches`, `repeat`, `resolve`, `trace`) are refused.
    """
    if len(path) > MOST_LENGTH or _REGULAR.search(path):
        raise FormatError("too long a path, or one with a function that is not offered")
    import fhirpathrs  # type: ignore[import-untyped]

    spelled: dict[float, set[str]] = {}
    try:
        found = fhirpathrs.evaluate(path, _floats(resource, spelled))
    except Exception:
        raise FormatError("no FHIRPath, or none that can be followed here") from None
    return [_text(one, spelled) for one in (found if isinstance(found, list) else [found]) if one is not None]


def _text(value: Any, spelled: Mapping[float, set[str]]) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    found = _restored(value, spelled)
    return encode(found).decode() if isinstance(found, dict) else str(found)


def _restored(value: Any, spelled: Mapping[float, set[str]]) -> Any:
    """A copy with each number as it was written, and members by name, since the library gives them in no order."""
    if isinstance(value, dict):
        return {name: _restored(value[name], spelled) for name in sorted(value)}
    if isinstance(value, list):
        return [_restored(inner, spelled) for inner in value]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        ways = spelled.get(float(value), set())
        return Decimal(next(iter(ways))) if len(ways) == 1 else value
    return value


def _floats(value: Any, spelled: dict[float, set[str]]) -> Any:
    """A copy without `Decimal`, which the library does not take; `spelled` gets how each number was written."""
    if isinstance(value, dict):
        return {name: _floats(inner, spelled) for name, inner in value.items()}
    if isinstance(value, list):
        return [_floats(inner, spelled) for inner in value]
    if isinstance(value, Decimal):
        spelled.setdefault(float(value), set()).add(str(value))
        return float(value)
    return value
