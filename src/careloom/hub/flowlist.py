"""Finds the flows that a deployment runs, and its kinds of cases: in modules of ours and of the project."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from pathlib import Path

from careloom.cases.catalogue import shipped
from careloom.cases.kinds import CaseKind, CaseKinds
from careloom.core.errors import ConfigurationError
from careloom.flows import Flow


def find_flows(modules: Iterable[str], base: Path) -> list[Flow]:
    """The flows in these modules; those of the project are below `base`. Raises ConfigurationError."""
    flows: dict[str, Flow] = {}
    for module, names in _modules(modules, base):
        found = [value for value in names.values() if isinstance(value, Flow)]
        if not found:
            raise ConfigurationError(f"hub.flows: {module} holds no Flow; write one, or remove the module")
        for flow in found:
            if open_ := flow.undeclared():
                raise ConfigurationError(
                    f"hub.flows: flow {flow.name} of {module} does not say its {', '.join(open_)}; "
                    "everybody must be able to read these of a flow"
                )
            if flows.setdefault(flow.name, flow) is not flow:
                raise ConfigurationError(f"hub.flows: two flows are named {flow.name}; rename one of them")
    return list(flows.values())


def find_kinds(modules: Iterable[str], base: Path) -> CaseKinds:
    """Our kinds of cases, and those that stand in these modules beside the flows that open them.

    Raises ConfigurationError for a kind that is not whole, and for two of one name.
    """
    kinds = shipped()
    known: list[CaseKind] = []
    for _, names in _modules(modules, base):
        for kind in names.values():
            # A module may import the kind of another: that is one kind.
            if isinstance(kind, CaseKind) and not any(kind is other for other in known):
                kinds.register(kind)
                known.append(kind)
    return kinds


def _modules(modules: Iterable[str], base: Path) -> Iterator[tuple[str, Mapping[str, object]]]:
    folder = str(base)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    for module in modules:
        try:
            yield module, vars(import_module(module))
        except ImportError as error:
            raise ConfigurationError(f"hub.flows: {module} cannot be imported: {error}") from error
