"""Hypothesis strategies for instances of the model, made of its own type hints."""

from __future__ import annotations

import datetime
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec
from hypothesis import reject
from hypothesis import strategies as st
from msgspec import Meta

from careloom.model.datatypes import Element, Identifier

_DEEP = 2
_TEXT = st.text(min_size=1, max_size=6)
_PLAIN: dict[type, st.SearchStrategy[Any]] = {
    str: _TEXT,
    bool: st.booleans(),
    int: st.integers(1, 999),
    Decimal: st.decimals(min_value=-(10**9), max_value=10**9, places=2)
    | st.decimals(min_value=-(10**17), max_value=10**17, places=9),
    datetime.datetime: st.datetimes(
        min_value=datetime.datetime(1900, 1, 1),
        max_value=datetime.datetime(2199, 1, 1),
        timezones=st.just(datetime.UTC),
    ),
}


@cache
def instances(cls: type[Element], depth: int = 0) -> st.SearchStrategy[Any]:
    """Instances of an element: all that it must have, some of what it may, less the deeper it lies."""
    fields = msgspec.structs.fields(cls)
    required = {one.name: values(one.type, depth) for one in fields if one.required}
    optional = {one.name: values(one.type, depth) for one in fields if not one.required} if depth <= _DEEP else {}
    return st.fixed_dictionaries(required, optional=optional).map(lambda kept: _made(cls, kept))


def _made(cls: type[Element], kept: dict[str, Any]) -> Element:
    """One of it; what an event refuses by itself, such as a patient without a person, is not an instance."""
    try:
        return cls(**kept)
    except ValueError:
        reject()


def values(hint: Any, depth: int) -> st.SearchStrategy[Any]:
    """Values of a type hint of the model."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _annotated(arguments[0], [one for one in arguments[1:] if isinstance(one, Meta)], depth)
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin is tuple:
        return st.lists(values(arguments[0], depth), max_size=1).map(tuple)
    if origin is Union or arguments:
        (inner,) = (one for one in arguments if one is not type(None))
        return values(inner, depth)
    if issubclass(hint, Element):
        return st.deferred(lambda: instances(hint, depth + 1))
    return _PLAIN[hint]


def _annotated(hint: Any, metas: list[Meta], depth: int) -> st.SearchStrategy[Any]:
    for meta in metas:
        if meta.pattern is not None:
            ascii_only = st.characters(codec="ascii")
            found = st.from_regex(meta.pattern, fullmatch=True, alphabet=ascii_only)
            return found.filter(lambda text: not text.endswith("\n"))
        if meta.extra_json_schema and "required" in meta.extra_json_schema:  # with an identifier, in spite of its class
            numbers = st.tuples(instances(Identifier, depth))
            return st.builds(_identified, values(hint, depth), numbers)
        if meta.min_length and get_origin(hint) is tuple:
            return st.lists(values(get_args(hint)[0], depth), min_size=1, max_size=2).map(tuple)
    return values(hint, depth)


def _identified(thing: Any, numbers: tuple[Identifier, ...]) -> Any:
    return msgspec.structs.replace(thing, identifier=numbers)
