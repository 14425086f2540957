"""The kinds of systems there are, found by their folders: `systems/<kind>/manifest.toml`, and `connector.py` beside it.

Ours are in this package, a project's own in the folder `systems` beside its `careloom.toml`. Adding a kind is adding a
folder; there is no list to edit.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from functools import cache
from importlib import import_module, resources
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any

from pydantic import BaseModel, ValidationError

from careloom.core.errors import ConfigurationError
from careloom.systems.manifest import Guarantees, Manifest, problems, read_manifest
from careloom.systems.seam import Connection, Surroundings

__all__ = ["Guarantees", "Kind", "Manifest", "kinds", "problems", "settings_for"]

_PACKAGE = "careloom.systems"
_KIND = re.compile(r"[a-z][a-z0-9_]*")


class Kind:
    """One kind of system. Its code is imported when its settings are first asked for.

    A kind that `extends` another is that one with other defaults, and has no code of its own.
    """

    def __init__(self, manifest: Manifest, folder: Path, base: Kind | None = None) -> None:
        self.manifest = manifest
        self.folder = folder
        self.base = base
        self._ours = folder.parent == _our_folder()

    @property
    def name(self) -> str:
        """The name of the folder, and the value of `kind` in a system's settings."""
        return self.manifest.name

    @property
    def preset(self) -> Mapping[str, Any]:
        """The defaults of this kind, over those of the kind that it extends."""
        return self.manifest.preset if self.base is None else _over(self.base.preset, self.manifest.preset)

    @property
    def settings(self) -> type[BaseModel]:
        """`Settings` of the kind's connector."""
        if self.base is not None:
            return self.base.settings
        found = getattr(self.module("connector"), "Settings", None)
        if not (isinstance(found, type) and issubclass(found, BaseModel)):
            raise ConfigurationError(f"{self._where('connector')} has no pydantic model `Settings`; write one")
        return found

    def read(self, given: Mapping[str, Any], base: Path | None = None) -> BaseModel:
        """Settings checked, over the kind's own defaults. Raises pydantic's ValidationError."""
        return self.settings.model_validate(_over(self.preset, given), context={"base": base})

    def connect(self, settings: BaseModel, around: Surroundings) -> Connection:
        """What the hub and the flows work with; nothing is connected yet. Raises ConfigurationError."""
        if self.base is not None:
            return self.base.connect(settings, around)
        connect = getattr(self.module("connector"), "connect", None)
        if not callable(connect):
            raise ConfigurationError(
                f"{self._where('connector')} has no function `connect(settings, around)`; write it"
            )
        made = connect(settings, around)
        if not isinstance(made, Connection):
            raise ConfigurationError(f"{self._where('connector')}: what `connect` gives has no `close()`")
        return made

    def module(self, name: str) -> ModuleType:
        """A module of the kind's folder, such as `fake`. Raises ConfigurationError when there is none."""
        if self._ours:
            return import_module(f"{_PACKAGE}.{self.name}.{name}")
        return _project_module(self.folder, name)

    def _where(self, module: str) -> str:
        return f"systems/{self.name}/{module}.py"


def kinds(base: Path | None = None) -> Mapping[str, Kind]:
    """Every kind by its name, in alphabetical order; with those of the project in `base`.

    Raises ConfigurationError for a manifest that cannot be read, and for a project's kind named like one of ours.
    """
    folder = None if base is None else (base / "systems").resolve()
    return _ours() if folder is None or not folder.is_dir() else _with_project(folder)


def settings_for(
    kind: str, mapping: Mapping[str, Any], *, system: str | None = None, base: Path | None = None
) -> BaseModel:
    """The settings of one system, checked. `kind` in the mapping is allowed and left out; relative paths are put below
    `base` where it is given.

    Raises ConfigurationError that lists every problem with its path, `systems.ehr.port`; `system` is that name.
    """
    path = f"systems.{system or kind}"
    known = kinds(base).get(kind)
    if known is None:
        raise ConfigurationError(f"{path}.kind: there is no such kind; there are {', '.join(kinds(base))}")
    try:
        return known.read({name: value for name, value in mapping.items() if name != "kind"}, base)
    except ValidationError as error:
        raise ConfigurationError("\n".join(problems(error, path))) from None


@cache
def _ours() -> Mapping[str, Kind]:
    return MappingProxyType(_found_in(_our_folder(), {}))


def _with_project(folder: Path) -> Mapping[str, Kind]:
    ours = _ours()
    theirs = _found_in(folder, ours)
    taken = ", ".join(theirs.keys() & ours.keys())
    if taken:
        raise ConfigurationError(f"{folder}: there is a kind named {taken} already; rename the folder")
    return MappingProxyType(dict(sorted({**ours, **theirs}.items())))


def _found_in(folder: Path, known: Mapping[str, Kind]) -> dict[str, Kind]:
    manifests = {
        path.name: read_manifest(path / "manifest.toml")
        for path in sorted(folder.iterdir())
        if _KIND.fullmatch(path.name) and (path / "manifest.toml").is_file()
    }
    found: dict[str, Kind] = {}

    def find(name: str, above: tuple[str, ...] = ()) -> Kind | None:
        manifest = manifests.get(name)
        if manifest is None or name in found:
            return found.get(name) or known.get(name)
        if name in above:
            circle = " extends ".join((*above[above.index(name) :], name))
            raise ConfigurationError(f"systems/{name}/manifest.toml: {circle}; one of them must have its own code")
        base = manifest.extends and find(manifest.extends, (*above, name))
        if manifest.extends and not base:
            raise ConfigurationError(
                f"systems/{name}/manifest.toml: extends {manifest.extends}, and there is none such;"
                f" there are {', '.join(sorted({**known, **manifests}))}"
            )
        return found.setdefault(name, Kind(manifest, folder / name, base or None))

    for name in manifests:
        find(name)
    return found


def _our_folder() -> Path:
    return Path(str(resources.files(_PACKAGE)))


def _project_module(folder: Path, name: str) -> ModuleType:
    full = f"careloom_project_systems.{folder.name}_{name}"
    file = folder / f"{name}.py"
    loaded = sys.modules.get(full)
    if loaded is not None and loaded.__file__ == str(file):
        return loaded
    spec = spec_from_file_location(full, file)
    if spec is None or spec.loader is None or not file.is_file():
        raise ConfigurationError(f"there is no {file}; write it, or remove the manifest beside it")
    module = module_from_spec(spec)
    sys.modules[full] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[full]
        raise ConfigurationError(f"{file} cannot be imported: {type(error).__name__}: {error}") from error
    return module


def _over(preset: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The settings given, over those of the kind, table by table."""
    merged = dict(preset)
    for name, value in given.items():
        below = merged.get(name)
        merged[name] = _over(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return merged
