"""The folder of one hub: who may enter it, and that only one hub uses it at a time."""

from __future__ import annotations

import fcntl
import os
import secrets
import stat
import sys
from pathlib import Path

from careloom.core.errors import ConfigurationError

_LOCK = "lock"
_PASSWORD = "password"  # noqa: S105 - the name of a file


def default_data_folder() -> Path:
    """CARELOOM_DATA, or /var/lib/careloom for root, or the user's own data folder of the platform."""
    if chosen := os.environ.get("CARELOOM_DATA"):
        return Path(chosen)
    if os.geteuid() == 0:
        return Path("/var/lib/careloom")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "Careloom"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "careloom"


class DataFolder:
    """The folder, made if absent, and held against other hubs from `hold` to `release`.

    Its mode is 0700, or 0711 when PostgreSQL runs as another user, who must pass through but need not look. Parent
    folders are left as they are.
    """

    def __init__(self, path: Path, *, passable: bool) -> None:
        self.path = Path(os.path.abspath(path))  # noqa: PTH100 - a link to another disk stays a link
        self._mode = 0o711 if passable else 0o700
        self._lock: int | None = None

    @property
    def cluster(self) -> Path:
        return self.path / "postgres"

    @property
    def log(self) -> Path:
        return self.path / "postgres.log"

    def hold(self) -> None:
        """Make the folder and lock it. Raises `ConfigurationError` when that cannot be, or another hub has it."""
        try:
            self._make()
            self._take_lock()
        except PermissionError as error:
            raise ConfigurationError(
                f"the data folder {self.path} cannot be used ({error.strerror}): give it to the user of the hub "
                "(chown), or choose another with CARELOOM_DATA"
            ) from None
        except (NotADirectoryError, FileExistsError):
            raise ConfigurationError(
                f"the data folder {self.path} is a file or lies below one: choose another with CARELOOM_DATA"
            ) from None

    def release(self) -> None:
        """Let another hub have the folder."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def password(self) -> str | None:
        """The database password, or None if none was made yet. Raises `ConfigurationError` if others can read it."""
        try:
            mode = (self.path / _PASSWORD).stat().st_mode
            found = (self.path / _PASSWORD).read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return None
        if mode & 0o077:
            raise ConfigurationError(
                f"{self.path / _PASSWORD} can be read by other users: chmod 600 it, and change the password of the "
                "role careloom if somebody may have"
            )
        return found

    def make_password(self) -> str:
        """A new random password, kept in a file of mode 0600 before anything depends on it."""
        made = secrets.token_urlsafe(32)
        unfinished = self.path / f".{_PASSWORD}"
        unfinished.unlink(missing_ok=True)
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(made + "\n")
            file.flush()
            os.fsync(descriptor)
        unfinished.rename(self.path / _PASSWORD)
        self.sync()
        return made

    def sync(self) -> None:
        """Make renames inside the folder survive a loss of power."""
        descriptor = os.open(self.path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _make(self) -> None:
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        found = self.path.stat()
        if found.st_mode & 0o022:
            raise ConfigurationError(
                f"the data folder {self.path} can be written to by other users: choose a folder of its own, or "
                "chmod 700 it"
            )
        # A folder with other things in it may be somebody's home or /var, named by mistake: its mode is not ours.
        if found.st_uid == os.geteuid() and (self._is_ours() or not any(self.path.iterdir())):
            self.path.chmod(self._mode)

    def _is_ours(self) -> bool:
        return (self.path / _LOCK).is_file() or self.cluster.is_dir()

    def _take_lock(self) -> None:
        descriptor = os.open(self.path / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 32).decode("ascii", "replace").strip()
            os.close(descriptor)
            raise ConfigurationError(
                f"the data folder {self.path} is in use by another hub (process {holder or 'unknown'}): stop that "
                "one, or give this one its own folder with CARELOOM_DATA"
            ) from None
        os.truncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        self._lock = descriptor


def closed_parent(path: Path, uid: int) -> Path | None:
    """The first folder above `path` that keeps user `uid` out, judged by its mode; to be named in an error."""
    for folder in reversed(path.parents):
        found = folder.stat()
        allowed = stat.S_IXUSR if found.st_uid == uid else stat.S_IXOTH
        if not found.st_mode & allowed:
            return folder
    return None
