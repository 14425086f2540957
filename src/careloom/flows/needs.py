"""What a flow needs in Odoo, read from its own code: the sorts of documents that its steps bring in, and their models.

It follows the functions of the flow into the steps that they name. So nobody keeps a list beside the code, and a flow
of a project is looked at as ours are.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any, Final

from careloom.flows import Flow
from careloom.systems.odoo.documents import LOOKED_UP, models_of

_OURS: Final = "careloom."
_FLOWS: Final = "careloom.flows"


def models_written(flow: Flow) -> frozenset[str]:
    """The models of Odoo that its documents are made of: to be read, written and created."""
    return frozenset(model for sort in documents_of(flow) - LOOKED_UP for model in models_of(sort))


def models_read(flow: Flow) -> frozenset[str]:
    """Those in which it only looks something up."""
    return frozenset(model for sort in documents_of(flow) & LOOKED_UP for model in models_of(sort))


def documents_of(flow: Flow) -> frozenset[str]:
    """The sorts of documents that its handlers and the steps of its workflows bring in: `invoices`, `receipts`."""
    waiting: list[Callable[..., Any]] = [
        *(one.function for one in flow.reactions), *(one.function for one in flow.workflows if not one.retired)
    ]  # fmt: skip
    seen: set[object] = set()
    found: set[str] = set()
    while waiting:
        function = inspect.unwrap(waiting.pop())
        if function in seen or not _is_a_step(function):
            continue
        seen.add(function)
        tree = _tree(function)
        found.update(_sorts(tree))
        waiting.extend(_named(tree, function))
    return frozenset(found)


def _is_a_step(function: object) -> bool:
    """Code of flows, ours or a project's; what lies beneath them brings in what it is told to."""
    module = getattr(function, "__module__", "") or ""
    return isinstance(function, FunctionType) and (module.startswith(_FLOWS) or not module.startswith(_OURS))


def _tree(function: Callable[..., Any]) -> ast.AST:
    try:
        return ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, SyntaxError, TypeError):
        return ast.Module([], [])


def _sorts(tree: ast.AST) -> Iterator[str]:
    """Each X of `erp.documents.X`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute) and node.value.attr == "documents":
            yield node.attr


def _named(tree: ast.AST, function: Callable[..., Any]) -> Iterator[Callable[..., Any]]:
    """The functions that the code names, and those of the workflows that it names."""
    known = inspect.getclosurevars(function)
    names = {**known.globals, **known.nonlocals}
    for node in ast.walk(tree):
        value = names.get(node.id) if isinstance(node, ast.Name) else None
        value = getattr(value, "function", value)
        if isinstance(value, FunctionType) and _is_local(value, function):
            yield value


def _is_local(value: FunctionType, function: Callable[..., Any]) -> bool:
    """Of the flows, or of the project that the function is of: not of a library."""
    return value.__module__.startswith(_FLOWS) or value.__module__.split(".")[0] == function.__module__.split(".")[0]
