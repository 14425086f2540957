"""Each kind of case that a flow asks for, in its own code or in steps that it shares, is decided in a test of flows."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
FLOWS = HERE.parents[1] / "src" / "careloom" / "flows"
ASKS = {"case", "case_unless"}


def asked(module: Path) -> set[str]:
    """The kinds that stand in calls of `run.case` and `run.case_unless`."""
    return set(_kinds(ast.parse(module.read_text())))


def _kinds(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ASKS:
            yield from (one.value for one in node.args[:1] if isinstance(one, ast.Constant))


def named(tests: str) -> set[str]:
    """Every word that stands in these tests as a text of its own."""
    trees = [ast.parse(path.read_text()) for path in HERE.glob(tests)]
    words = (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return {node.value for node in words if isinstance(node.value, str)}


MODULES = {path.stem: path for path in FLOWS.glob("*.py") if asked(path)}
SHARED = {path.stem: path for path in (FLOWS / "steps").glob("*.py") if asked(path)}


ELSEWHERE = {"stewardship": "test_authority_of_writes.py", "supply_reporting": "test_mapped_goods.py"}
"""Tests of a flow that stand where what they are about stands."""


@pytest.mark.parametrize("name", sorted(MODULES))
def test_a_flow_decides_its_own_cases_in_its_tests(name: str) -> None:
    words = named(f"test_{name}*.py") | named(ELSEWHERE.get(name, "no such tests"))
    assert asked(MODULES[name]) <= words


@pytest.mark.parametrize("name", sorted(SHARED))
def test_cases_of_shared_steps_are_decided_somewhere(name: str) -> None:
    assert asked(SHARED[name]) <= named("test_*.py")


def test_there_are_some() -> None:
    assert len(MODULES) >= 8
    assert SHARED
