"""Every statement of store/queries is run by the product: what nobody names is left over, and is deleted."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import careloom
from careloom.console.searching import LISTS
from careloom.store.sql import queries
from careloom.telemetry.catalogue import GAUGES
from careloom.telemetry.figures import FIGURES, OTHER

SOURCE = Path(careloom.__file__).parent
FILES = [path.stem for path in sorted((SOURCE / "store" / "queries").glob("*.sql"))]
BY_KEY = (
    {("telemetry", one.statement) for one in GAUGES}
    | {("console_log", name) for name in LISTS.values()}
    | {("figures", one.rows) for one in FIGURES.values()}
    | {
        ("figures", name)
        for file in ("figures", "telemetry")
        for text in queries(file).values()
        for name in OTHER.findall(text)
    }
)
"""Statements that are looked up by a name that is data."""


def _file(node: ast.expr | None) -> str | None:
    """The file of `queries("file")`, if that is what it is."""
    match node:
        case ast.Call(func=ast.Name("queries"), args=[ast.Constant(str(file))]):
            return file
    return None


def named(text: str) -> Iterator[tuple[str, str]]:
    """The (file, statement) that a module names: `SQL.one` where `SQL = queries("file")`, and `queries("file").one`."""
    nodes = list(ast.walk(ast.parse(text)))
    bound = {
        target.id: file
        for node in nodes
        if isinstance(node, ast.Assign) and (file := _file(node.value))
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in nodes:
        match node:
            case ast.Attribute(value=ast.Name(id=name), attr=statement) if name in bound:
                yield bound[name], statement
            case ast.Attribute(value=value, attr=statement) if file := _file(value):
                yield file, statement


def test_what_counts_as_naming() -> None:
    text = 'A = queries("log")\nB = Other()\nasync def f():\n    A.one, B.two, queries("keys").three, A["four"]\n'
    assert set(named(text)) == {("log", "one"), ("keys", "three")}


def test_every_statement_is_named() -> None:
    modules = [text for path in SOURCE.rglob("*.py") if "queries(" in (text := path.read_text("utf-8"))]
    used = BY_KEY | {one for text in modules for one in named(text)}
    assert len(FILES) > 10
    assert sorted({(file, name) for file in FILES for name in queries(file)} - used) == []
