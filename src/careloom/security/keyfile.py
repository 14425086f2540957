"""The master key of the embedded default: made on first run, 0600, with a warning to keep it safe."""

from __future__ import annotations

import logging
import os
import secrets
from pathlib import Path

from careloom.core.errors import ConfigurationError
from careloom.security.sealing import KEY_BYTES, MasterKey

_log = logging.getLogger(__name__)


def load_or_create(path: Path, *, may_create: bool = True) -> MasterKey:
    """The key in `path`; a missing file is created, if that is allowed.

    Raises ConfigurationError when others may read it, or when it is missing and must not be made anew because bodies
    sealed under it are there already.
    """
    if not path.exists() and not may_create:
        raise ConfigurationError(
            f"the master key {path} is missing, and the database holds bodies sealed under it: put it back from its "
            "backup; a new key could open none of them"
        )
    if not path.exists():
        _create(path)
    mode = path.stat().st_mode & 0o077
    if mode and os.name == "posix":
        raise ConfigurationError(f"the master key {path} can be read by others; run: chmod 600 '{path}'")
    return MasterKey.from_text(path.read_text("ascii"))


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    staged = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_hex(KEY_BYTES) + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(staged, path)  # fails rather than replaces, when another process was first
        _persist(path.parent)
    except FileExistsError:
        return
    finally:
        staged.unlink()
    _log.warning(
        "made a new master key in %s: back it up apart from the database; without it no stored body can be read", path
    )


def _persist(folder: Path) -> None:
    """A key that a power cut takes away would take every body with it: the folder's entry must be on disk too."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
