"""A short, private folder for PostgreSQL's socket: the kernel allows 107 bytes for the whole name (103 on macOS)."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

from careloom.core.errors import ConfigurationError
from careloom.store.service_account import ServiceAccount

_LONGEST = 103
_NAME = ".s.PGSQL."


class SocketFolder:
    """The folder of one data folder's socket; its name is a digest, so it is the same at each start."""

    def __init__(self, data: Path, account: ServiceAccount) -> None:
        self._account = account
        digest = hashlib.sha256(os.fsencode(data) + b"\0" + str(account.uid).encode()).hexdigest()[:16]
        self.path = _base(account) / f"careloom-{digest}"

    def make(self) -> None:
        """Make it, or take over the one a killed hub left. Raises `ConfigurationError` if it is not ours alone."""
        try:
            self.path.mkdir(mode=0o700)
        except FileExistsError:
            self._check(self.path.lstat(), {self._account.uid, os.geteuid()})
        descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            self._check(os.fstat(descriptor), {self._account.uid, os.geteuid()})
            self._account.own(descriptor)
        finally:
            os.close(descriptor)
        self.clear()

    def clear(self) -> None:
        """Remove sockets whose server is gone: a lock file with a process id used again would block the next."""
        for left in self.path.glob(f"{_NAME}*"):
            left.unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove the folder with what PostgreSQL left in it."""
        if self.path.is_dir() and not self.path.is_symlink():
            self.clear()
            self.path.rmdir()

    def _check(self, found: os.stat_result, owners: set[int]) -> None:
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in owners or found.st_mode & 0o077:
            raise ConfigurationError(
                f"{self.path} should be a folder of the user {self._account.name} with mode 0700, and is something "
                "else: find out who made it and remove it, then start again"
            )


def _base(account: ServiceAccount) -> Path:
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime and not account.dropping and _private(Path(runtime)):
        return Path(runtime)
    return Path("/tmp")  # noqa: S108 - the folder in it is made with mode 0700 and its owner is checked


def _private(folder: Path) -> bool:
    if len(os.fsencode(folder)) + len("/careloom-0123456789abcdef/.s.PGSQL.65535.lock") > _LONGEST:
        return False
    return folder.is_dir() and folder.stat().st_uid == os.geteuid() and os.access(folder, os.W_OK)
