"""Typed resources from bytes or from the plain form, and back."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cache
from typing import Any, Final, NoReturn, TypeVar

import msgspec

from careloom.core.errors import FormatError
from careloom.formats.fhir.reading import Resource, parse
from careloom.formats.fhir.resources.bases import Resource as TypedResource

T = TypeVar("T", bound=TypedResource)

_WRONG_TYPE: Final = re.compile(r"^Expected `([\w| ]+)`, got `(\w+)`")
_AT: Final = re.compile(r"at `\$\.?([^`]*)`$")


def decode(data: bytes, kind: type[T]) -> T:
    """The resource of this type in `data`; elements that `kind` has not are passed over.

    The quick way, without the structure check: only elements of the wrong JSON type are refused. FormatError, with its
    place (`Patient.name[0].given`), also for another resource type and for whatever `parse` refuses.
    """
    try:
        found: T = _decoder(kind).decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError, ArithmeticError):
        # The slow way says where and why, and takes what only a byte order mark or a number's spelling hid.
        return typed(parse(data), kind)
    return found


def typed(resource: Resource, kind: type[T]) -> T:
    """The typed form of a plain resource; errors as of `decode`."""
    try:
        return msgspec.convert(resource, kind, strict=True)
    except msgspec.ValidationError as error:
        _refuse(resource, kind, str(error))


def plain(resource: TypedResource) -> Resource:
    """The plain form of a typed resource; what is absent is left out, as is every empty list."""
    made: Resource = msgspec.to_builtins(resource, builtin_types=(Decimal,))
    return made


@cache
def _decoder(kind: type[Any]) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind, float_hook=Decimal)


def _refuse(resource: Resource, kind: type[Any], said: str) -> NoReturn:
    """The library's words without the values that some of them quote."""
    name = kind.__name__
    if resource.get("resourceType") != name:
        raise FormatError(f"another resource type than {name}, which was asked for", "resourceType") from None
    found, wrong = _AT.search(said), _WRONG_TYPE.match(said)
    place = f"{name}.{found[1]}" if found and found[1] else name
    reason = f"expected {wrong[1]}, got {wrong[2]}" if wrong else "not a value of this element's type"
    raise FormatError(reason, place) from None
