"""Which values of an event tell who a person is: what must be masked where somebody may see the rest."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, get_args, get_origin

import msgspec

from careloom.model.datatypes import Element


@lru_cache(maxsize=512)
def personal_paths(element: type[Element]) -> tuple[str, ...]:
    """Paths into the JSON of an element, such as `patient` (all of it) and `coverage[].subscriberId`.

    What is personal is said once, by `personal` of the class that has the field.
    """
    return tuple(_paths(element))


def _paths(element: type[Element]) -> Iterator[str]:
    for field in msgspec.structs.fields(element):
        if field.name in element.personal:
            yield field.encode_name
            continue
        inner, marks = _element_in(field.type)
        if inner is None:
            continue
        if "*" in inner.personal:
            yield field.encode_name
        else:
            yield from (f"{field.encode_name}{marks}.{path}" for path in personal_paths(inner))


def _element_in(hint: Any) -> tuple[type[Element] | None, str]:
    """The element that a value of this type is or lists, and `[]` where it lists."""
    if isinstance(hint, type) and issubclass(hint, Element):
        return hint, ""
    mark = "[]" if get_origin(hint) is tuple else ""
    for part in get_args(hint):
        inner, marks = _element_in(part)
        if inner is not None:
            return inner, mark + marks
    return None, ""
