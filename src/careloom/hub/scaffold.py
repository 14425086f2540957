"""Makes the project of a hospital, and new kinds of systems in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from careloom.core.errors import ConfigurationError
from careloom.hub.configuration import FILE
from careloom.systems.registry import kinds

_SUFFIX = ".template"
_KIND = re.compile(r"[a-z][a-z0-9_]*")


def create_project(folder: Path) -> Iterator[Path]:
    """Write the files of a new project below `folder`, yielding each as it is made."""
    yield from _copy(files("careloom.hub").joinpath("project"), folder, {"name": folder.name})


def create_system(name: str, project: Path) -> Iterator[Path]:
    """Write a new kind of system into a project, with a fake and a test, yielding each file as it is made.

    It works as it stands: a partner that takes events and posts documents, as JSON. Raises ConfigurationError.
    """
    if not _KIND.fullmatch(name):
        raise ConfigurationError(f"{name!r} cannot name a kind: lower case letters, digits and _, such as lab_orders")
    if not (project / FILE).is_file():
        raise ConfigurationError(f"there is no {FILE} in {project}: run this in a project, or make one: careloom new")
    if name in kinds(project):
        raise ConfigurationError(f"there is a kind named {name} already; choose another name")
    words = {"name": name, "module": f"{name}_system", "dialect": name.replace("_", "-")}
    yield from _copy(files("careloom.hub").joinpath("system"), project / "systems" / name, words)
    yield from _copy(files("careloom.hub").joinpath("system_test"), project / "tests", words)


def _copy(source: Traversable, target: Path, words: Mapping[str, str]) -> Iterator[Path]:
    for entry in sorted(source.iterdir(), key=lambda one: one.name):
        if entry.is_dir():
            yield from _copy(entry, target / entry.name, words)
        elif entry.name.endswith(_SUFFIX):
            made = target / _filled(entry.name.removesuffix(_SUFFIX), words)
            made.parent.mkdir(parents=True, exist_ok=True)
            made.write_text(_filled(entry.read_text("utf-8"), words), "utf-8")
            yield made


def _filled(text: str, words: Mapping[str, str]) -> str:
    for word, value in words.items():
        text = text.replace("{{" + word + "}}", value)
    return text
