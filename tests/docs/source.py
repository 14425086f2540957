"""What the product's source says of its errors: the tree, the kinds of cases, the problems, the codes."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.docs.markdown import ROOT

import careloom
from careloom.cases.catalogue import shipped
from careloom.core.errors import CareloomError
from careloom.systems.mllp import recognise
from careloom.systems.registry import kinds

SOURCE = ROOT / "src" / "careloom"
_NO_PRODUCT = ("sim", "testing", "__main__")
# The opening of a case, and the argument that names its kind; of a `Trouble` it may be the first, without a name.
_OPENERS = {"NewCase": "kind", "Park": "case", "Trouble": "kind"}
_TREE = "careloom.core.errors"

Errors = Iterator[tuple[type[CareloomError], int]]


def error_tree() -> Errors:
    """Every error of the product with its depth, each once, children below their parent."""
    for module in pkgutil.walk_packages(careloom.__path__, "careloom."):
        if _is_product(module.name):
            importlib.import_module(module.name)
    yield from _below(CareloomError, 0, set())


def _below(error: type[CareloomError], depth: int, seen: set[type]) -> Errors:
    seen.add(error)
    yield error, depth
    for child in sorted(filter(lambda one: _is_product(one.__module__), error.__subclasses__()), key=_place):
        # A class of two parents stands below its meaning, not below the mix-in that adds a place to it. Of a private
        # one nobody learns: it is met as its parent.
        if child not in seen and error is child.__bases__[-1] and not child.__name__.startswith("_"):
            yield from _below(child, depth + 1, seen)


def _place(error: type) -> tuple[bool, str, int]:
    """Those of the tree itself first, in its order; then by file and line, since import order must not decide."""
    return error.__module__ != _TREE, error.__module__, inspect.getsourcelines(error)[1]


def case_kinds() -> set[str]:
    """The kinds of cases that the code opens, wherever it does, and those that a manifest declares."""
    return opened() | {case for kind in kinds().values() for case in kind.manifest.cases}


def declared_kinds() -> dict[str, str]:
    """Every kind of case that is declared, and when it is opened."""
    return {kind.name: kind.meaning for kind in shipped()}


def opened(folder: Path = SOURCE) -> set[str]:
    """The kinds of cases that the code below a folder opens. A name stands for what its module holds under it."""
    return {
        kind
        for path in _files(folder)
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        for kind in _cases_of(node, path)
    }


def _cases_of(node: ast.AST, path: Path) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef) and node.name == "case":
        for inner in ast.walk(node):
            if isinstance(inner, ast.Return) and inner.value is not None:
                yield from filter(None, map(_text, ast.walk(inner.value)))
    elif isinstance(node, ast.Call) and (argument := _OPENERS.get(_called(node))):
        given = [one.value for one in node.keywords if one.arg == argument]
        given += node.args[:1] if _called(node) == "Trouble" else []
        yield from filter(None, (_held(one, path) for one in given))


def _held(node: ast.expr, path: Path) -> str | None:
    if not isinstance(node, ast.Name):
        return _text(node)
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    held = getattr(importlib.import_module(".".join(parts)), node.id, None)
    return held if isinstance(held, str) else None


def problem_types() -> list[tuple[str, int, str]]:
    """Each `ProblemError` of the gateway: its kind, status and detail, a `…` for what is filled in."""
    found: dict[str, tuple[str, int, str]] = {}
    for tree in _trees(SOURCE / "gateway"):
        nodes = list(ast.walk(tree))
        words = {one.targets[0].id: _text(one.value) for one in nodes if _names_one(one)}  # type: ignore[attr-defined]
        for call in nodes:
            if isinstance(call, ast.Call) and _called(call) == "ProblemError" and (kind := _text(call.args[1])):
                found[kind] = (kind, int(ast.literal_eval(call.args[0])), _detail(call.args[2], words))
    return sorted(found.values(), key=lambda one: (one[1], one[0]))


def _detail(node: ast.expr, words: Mapping[str, str | None]) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) or "…" for part in node.values)
    said = words.get(node.id) if isinstance(node, ast.Name) else _text(node)
    return said or "says what is wrong with the message"


def _names_one(node: ast.AST) -> bool:
    return isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)


def hl7_codes() -> dict[str, int]:
    """The codes of HL7 v2.5.1 table 0357 that acknowledgements carry, by their names in the code."""
    numbers = {name: value for name, value in vars(recognise).items() if isinstance(value, int) and name.isupper()}
    return {name: value for name, value in numbers.items() if 100 <= value <= 207}


def _trees(folder: Path) -> Iterator[ast.AST]:
    yield from (ast.parse(path.read_text("utf-8")) for path in _files(folder))


def _files(folder: Path) -> Iterator[Path]:
    yield from (one for one in sorted(folder.rglob("*.py")) if one.relative_to(SOURCE).parts[0] not in _NO_PRODUCT)


def _called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _text(node: ast.AST) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _is_product(module: str) -> bool:
    package, _, rest = module.partition(".")
    return package == "careloom" and rest.split(".")[0] not in _NO_PRODUCT
