"""The kinds of systems there are, found by their folders: `systems/<kind>/manifest.toml` and `connector.py` beside it.

Adding a kind is adding a folder; there is no list to edit.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache, cached_property
from importlib import import_module, resources
from importlib.resources.abc import Traversable
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from careloom.core.errors import ConfigurationError

_PACKAGE = "careloom.systems"
_KIND = re.compile(r"[a-z][a-z0-9_]*")


class Guarantees(BaseModel):
    """What a kind promises; conformance tests and the console read it. Further promises may be named by a kind."""

    model_config = ConfigDict(extra="allow", frozen=True)

    durable_acknowledgement: bool = Field(default=False, description="acknowledges only what is committed")
    ordered: bool = Field(default=False, description="keeps the order of one sender or one subject")
    deduplicates: bool = Field(default=False, description="a repeat has no second effect")
    tells_ambiguous: bool = Field(default=False, description="a result that is not known is reported as such")


class Manifest(BaseModel):
    """What `manifest.toml` says."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    summary: str = Field(min_length=10)
    direction: Literal["in", "out", "both"]
    guarantees: Guarantees = Guarantees()


class Kind:
    """One kind of system. Its connector is imported when its settings are first asked for."""

    def __init__(self, manifest: Manifest) -> None:
        self.manifest = manifest

    @property
    def name(self) -> str:
        """The name of the folder, and the value of `kind` in a system's settings."""
        return self.manifest.name

    @cached_property
    def settings(self) -> type[BaseModel]:
        """`Settings` of the kind's connector."""
        found = getattr(import_module(f"{_PACKAGE}.{self.name}.connector"), "Settings", None)
        if not (isinstance(found, type) and issubclass(found, BaseModel)):
            raise ConfigurationError(f"systems/{self.name}/connector.py has no pydantic model `Settings`; write one")
        return found


@cache
def kinds() -> Mapping[str, Kind]:
    """Every kind by its name, in alphabetical order. Raises ConfigurationError for a manifest that cannot be read."""
    folders = sorted(resources.files(_PACKAGE).iterdir(), key=lambda entry: entry.name)
    found = (_kind_in(folder) for folder in folders if _KIND.fullmatch(folder.name) and folder.is_dir())
    return MappingProxyType({kind.name: kind for kind in found if kind is not None})


def settings_for(
    kind: str, mapping: Mapping[str, Any], *, system: str | None = None, base: Path | None = None
) -> BaseModel:
    """The settings of one system, checked. `kind` in the mapping is allowed and left out; relative paths are put below
    `base` where it is given.

    Raises ConfigurationError that lists every problem with its path, `systems.ehr.port`; `system` is that name.
    """
    path = f"systems.{system or kind}"
    known = kinds().get(kind)
    if known is None:
        raise ConfigurationError(f"{path}.kind: there is no such kind; there are {', '.join(kinds())}")
    try:
        given = {name: value for name, value in mapping.items() if name != "kind"}
        return known.settings.model_validate(given, context={"base": base})
    except ValidationError as error:
        raise ConfigurationError("\n".join(problems(error, path))) from None


def problems(error: ValidationError, path: str) -> list[str]:
    """Each problem as `path.field: what is wrong`, without the value, which may be a secret."""
    return [
        f"{'.'.join([path, *(str(part) for part in one['loc'])])}: {_worded(one['type'], one['msg'])}"
        for one in error.errors(include_input=False, include_url=False, include_context=False)
    ]


def _worded(type_: str, message: str) -> str:
    if type_ == "extra_forbidden":
        return "there is no such setting; remove it or correct its name"
    return message.removeprefix("Value error, ")


def _kind_in(folder: Traversable) -> Kind | None:
    file = folder.joinpath("manifest.toml")
    if not file.is_file():
        return None
    where = f"systems/{folder.name}/manifest.toml"
    try:
        manifest = Manifest.model_validate(tomllib.loads(file.read_text("utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{where} is no TOML: {type(error).__name__}") from None
    except ValidationError as error:
        raise ConfigurationError("\n".join(problems(error, where))) from None
    if manifest.name != folder.name:
        raise ConfigurationError(f"{where}: name must be that of its folder, {folder.name}")
    return Kind(manifest)
