"""Finds the flows that a deployment runs: modules of ours and of the project."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

from careloom.core.errors import ConfigurationError
from careloom.flows import Flow


def find_flows(modules: Iterable[str], base: Path) -> list[Flow]:
    """The flows in these modules; those of the project are below `base`. Raises ConfigurationError."""
    folder = str(base)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    flows: dict[str, Flow] = {}
    for module in modules:
        try:
            names = vars(import_module(module))
        except ImportError as error:
            raise ConfigurationError(f"hub.flows: {module} cannot be imported: {error}") from error
        found = [value for value in names.values() if isinstance(value, Flow)]
        if not found:
            raise ConfigurationError(f"hub.flows: {module} holds no Flow; write one, or remove the module")
        for flow in found:
            if flows.setdefault(flow.name, flow) is not flow:
                raise ConfigurationError(f"hub.flows: two flows are named {flow.name}; rename one of them")
    return list(flows.values())
