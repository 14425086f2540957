"""Makes the project of a hospital: a small package of settings, flows and samples."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

_SUFFIX = ".template"


def create_project(folder: Path) -> Iterator[Path]:
    """Write the files of a new project below `folder`, yielding each as it is made."""
    yield from _copy(files("careloom.hub").joinpath("project"), folder, folder.name)


def _copy(source: Traversable, target: Path, name: str) -> Iterator[Path]:
    for entry in sorted(source.iterdir(), key=lambda one: one.name):
        if entry.is_dir():
            yield from _copy(entry, target / entry.name, name)
        elif entry.name.endswith(_SUFFIX):
            made = target / entry.name.removesuffix(_SUFFIX)
            made.parent.mkdir(parents=True, exist_ok=True)
            made.write_text(entry.read_text("utf-8").replace("{{name}}", name), "utf-8")
            yield made
