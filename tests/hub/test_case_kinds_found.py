"""Kinds of cases stand beside the flows that open them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from careloom.core.errors import ConfigurationError
from careloom.hub.flowlist import find_flows, find_kinds

OURS = "careloom.flows.registration"
KIND = """
from datetime import timedelta
from careloom.cases.kinds import Action, CaseKind
{name} = CaseKind(name="{kind}", meaning="m", owner="{owner}", sla=timedelta(hours=1), runbook="r",
                  actions=(Action.RETRY,))
"""


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    """A folder for modules of a project."""
    yield tmp_path
    sys.path[:] = [one for one in sys.path if one != str(tmp_path)]


def module(project: Path, name: str, kind: str, owner: str = "beds", more: str = "") -> str:
    (project / f"{name}.py").write_text(KIND.format(name="KIND", kind=kind, owner=owner) + more)
    return name


def test_ours_are_always_there(tmp_path: Path) -> None:
    assert find_kinds([OURS], tmp_path).of("mapping").owner == "integration"


def test_a_project_adds_its_own_and_one_that_is_imported_is_one(project: Path) -> None:
    first = module(project, "beds_a", "bed-blocked")
    second = module(project, "beds_b", "bed-dirty", more="from beds_a import KIND as OTHER\n")
    found = find_kinds([OURS, first, second], project)
    assert (found.of("bed-blocked").owner, found.of("bed-dirty").owner) == ("beds", "beds")


def test_a_kind_that_is_not_whole_stops_the_start(project: Path) -> None:
    with pytest.raises(ConfigurationError, match="lacks an owner"):
        find_kinds([module(project, "beds_c", "bed-blocked", owner="")], project)


def test_a_name_that_is_taken_stops_the_start(project: Path) -> None:
    with pytest.raises(ConfigurationError, match="two kinds of case are named 'mapping'"):
        find_kinds([module(project, "beds_d", "mapping")], project)


def test_a_module_without_a_flow_is_still_refused_as_one(project: Path) -> None:
    with pytest.raises(ConfigurationError, match="holds no Flow"):
        find_flows([module(project, "beds_e", "bed-blocked")], project)
    with pytest.raises(ConfigurationError, match="cannot be imported"):
        find_kinds(["beds_nowhere"], project)
