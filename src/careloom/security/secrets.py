"""Reads secrets by reference, at the moment of use."""

from __future__ import annotations

import os
from pathlib import Path

from careloom.core.errors import ConfigurationError
from careloom.core.secrets import Resolver


def resolver(base: Path) -> Resolver:
    """A resolver for `env:NAME` and `file:PATH`; relative paths are below `base`."""

    def resolve(reference: str) -> str:
        scheme, _, rest = reference.partition(":")
        if scheme == "env":
            return _from_environment(rest)
        if scheme == "file":
            return _from_file(base / Path(rest).expanduser())
        raise ConfigurationError("a secret reference starts with env: or file:")

    return resolve


def _from_environment(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise ConfigurationError(f"the secret env:{name} is not set; export {name} before starting the hub")
    return value


def _from_file(path: Path) -> str:
    try:
        value = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"the secret file:{path} cannot be read: {type(error).__name__}") from None
    if not value:
        raise ConfigurationError(f"the secret file:{path} is empty")
    return value
