"""Reading members of plain FHIR JSON, whatever shape it has: what is not of the expected shape is as if absent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

Node: TypeAlias = Mapping[str, Any]
"""An element or a resource."""

_EMPTY: Node = {}


def text(node: Node, name: str) -> str | None:
    """A text that says anything; None otherwise."""
    value = node.get(name)
    if type(value) is not str:
        return None
    return value.strip() or None


def texts(node: Node, name: str) -> tuple[str, ...]:
    """The texts of a list."""
    value = node.get(name)
    if type(value) is not list:
        return ()
    return tuple([one.strip() for one in value if type(one) is str and one.strip()])


def child(node: Node, name: str) -> Node:
    """An element, empty where there is none."""
    value = node.get(name)
    return value if isinstance(value, dict) else _EMPTY


def children(node: Node, name: str) -> list[Node]:
    """The elements of a list."""
    value = node.get(name)
    return [one for one in value if isinstance(one, dict)] if type(value) is list else []


def first(node: Node, name: str) -> Node:
    """The first element of a list, empty where there is none."""
    found = children(node, name)
    return found[0] if found else _EMPTY


def flag(node: Node, name: str) -> bool | None:
    """A boolean."""
    value = node.get(name)
    return value if type(value) is bool else None


def whole(node: Node, name: str, least: int = 0) -> int | None:
    """A whole number from `least` on."""
    value = node.get(name)
    return value if type(value) is int and value >= least else None
