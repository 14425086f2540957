"""How each system of a configuration writes, with what its kind says where the settings say nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from careloom.core.errors import ConfigurationError
from careloom.hub.configuration import Configuration
from careloom.hub.sections import SourceSection
from careloom.mapping.source import Settings as SenderSettings
from careloom.systems.registry import Kind, kinds

MAPPING: Final = "mapping.toml"
_ANY_WRITER: Final = SourceSection()


def source_of(configuration: Configuration, name: str) -> SenderSettings:
    """Of one system. Raises ConfigurationError when the rules of its kind are wrong; its own are checked already."""
    section = configuration.settings.sources.get(name, _ANY_WRITER)
    kind = kinds(configuration.base)[configuration.systems[name].kind]
    try:
        return msgspec.structs.replace(section.for_mapping(rules_beside(kind)), name=name)
    except ValueError as error:
        raise ConfigurationError(str(error)) from None


def sources_of(configuration: Configuration) -> dict[str, SenderSettings]:
    """Of all systems, by name."""
    return {name: source_of(configuration, name) for name in configuration.systems}


def rules_beside(kind: Kind) -> Path | None:
    """The rules in the folder of a kind, or of the kind that it extends."""
    file = kind.folder / MAPPING
    if file.is_file():
        return file
    return None if kind.base is None else rules_beside(kind.base)
