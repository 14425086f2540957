"""Which values of an event tell who a person is: what must be masked where somebody may see the rest."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import msgspec
from msgspec import inspect

from careloom.model.datatypes import Element


@lru_cache(maxsize=256)
def personal_paths(element: type[Element]) -> tuple[str, ...]:
    """Paths into the JSON of an element, such as `patient` (all of it) and `coverage[].subscriberId`.

    What is personal is said once, by `personal` of the class that has the field.
    """
    return tuple(_paths(element, ""))


def _paths(element: type[Element], prefix: str) -> Iterator[str]:
    for field in msgspec.structs.fields(element):
        path = prefix + field.encode_name
        if field.name in element.personal:
            yield path
            continue
        inner, marks = struct_in(inspect.type_info(field.type))
        if inner is None:
            continue
        if "*" in inner.personal:
            yield path
        else:
            yield from _paths(inner, f"{path}{marks}.")


def struct_in(info: inspect.Type) -> tuple[type[Element] | None, str]:
    """The element that a value of this type is or lists, and `[]` for each list around it."""
    if isinstance(info, inspect.UnionType):
        return next((found for one in info.types if (found := struct_in(one))[0]), (None, ""))
    if isinstance(info, inspect.VarTupleType):
        inner, marks = struct_in(info.item_type)
        return inner, f"[]{marks}"
    if isinstance(info, inspect.Metadata):
        return struct_in(info.type)
    return (info.cls, "") if isinstance(info, inspect.StructType) else (None, "")
