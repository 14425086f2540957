"""Where the demo keeps its files: a folder of its own, made anew at each start, that no real data is in."""

from __future__ import annotations

import fcntl
import os
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from careloom.core.errors import ConfigurationError
from careloom.hub.configuration import FILE
from careloom.sim.deployment import CONFIGURATION, PLACES, SECRET
from careloom.sim.odoo import SimulatedOdoo
from careloom.store.data_folder import closed_parent
from careloom.store.service_account import ServiceAccount, service_account

DATABASE_VARIABLE = "CARELOOM_DATABASE_URL"
_MARK = ".careloom-demo"
_MARK_TEXT = "Made by `careloom demo`, which wipes this folder at each start.\n"
_NAME = "careloom-demo"
_TEMPORARY = tuple(dict.fromkeys((Path("/var/tmp"), Path(tempfile.gettempdir()))))  # noqa: S108 - ownership is checked


@dataclass(frozen=True, slots=True)
class Stage:
    """The folder of one demo."""

    folder: Path

    @property
    def config(self) -> Path:
        """The generated careloom.toml."""
        return self.folder / FILE

    @property
    def log(self) -> Path:
        """What the hub logs, which is kept off the screen."""
        return self.folder / "hub.log"

    def configure(self, odoo: SimulatedOdoo, payer: str, warehouse: str) -> None:
        """Write careloom.toml for that Odoo and the URLs of the others, and the secrets beside it, for us alone."""
        text = CONFIGURATION.format(
            url=odoo.url, database=odoo.database, login=odoo.login, payer=payer, warehouse=warehouse
        )
        self.config.write_text(text, "utf-8")
        for place in PLACES:
            (self.folder / place).mkdir(parents=True, exist_ok=True)
        for name, secret in (("odoo.key", odoo.api_key), ("wms.key", "invented"), ("paygate.secret", SECRET)):
            key = os.open(self.folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
            with os.fdopen(key, "w", encoding="ascii") as file:
                file.write(secret + "\n")

    def remove(self) -> None:
        """Leave nothing behind."""
        shutil.rmtree(self.folder)


def open_stage(chosen: Path | None = None) -> Stage:
    """An empty folder: the chosen one, else `build/demo` below the current folder, else one in a temporary folder.

    Raises ConfigurationError when none can be used; a folder that holds anything but an earlier demo is never touched.
    """
    if chosen is not None:
        return _prepare(Path(os.path.abspath(chosen)))  # noqa: PTH100 - a link to another disk stays a link
    reasons: list[str] = []
    for folder in _candidates():
        try:
            return _prepare(folder)
        except ConfigurationError as error:
            reasons.append(str(error))
    raise ConfigurationError("\n".join([*reasons, "name a folder for the demo with --data"]))


def _candidates() -> Iterator[Path]:
    yield Path.cwd() / "build" / "demo"
    for temporary in _TEMPORARY:
        if temporary.is_dir():
            yield temporary / f"{_NAME}-{os.geteuid()}"


def _prepare(folder: Path) -> Stage:
    try:
        _wipe(folder)
        _make(folder, service_account())
        (folder / _MARK).write_text(_MARK_TEXT, "utf-8")
    except OSError as error:
        raise ConfigurationError(f"the demo cannot use {folder}: {error.strerror}") from None
    return Stage(folder)


def _make(folder: Path, account: ServiceAccount) -> None:
    """As root PostgreSQL runs as another user, who must be able to pass every folder above its own."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    there = missing[-1].parent if missing else folder
    closed = closed_parent(there / "data", account.uid) if account.dropping else None
    if closed is not None:
        who = f"{account.name}, who runs PostgreSQL"
        raise ConfigurationError(f"the demo cannot use {folder}: {who}, may not pass {closed}")
    for one in reversed(missing):
        one.mkdir()
        if account.dropping:
            one.chmod(one.stat().st_mode | 0o111)


def _wipe(folder: Path) -> None:
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise ConfigurationError(f"the demo cannot use {folder}: it is no folder")
    if not folder.exists():
        return
    if not _ours(folder) or (any(folder.iterdir()) and not (folder / _MARK).is_file()):
        raise ConfigurationError(f"the demo cannot use {folder}: it is not yours, or holds what is not the demo's")
    _unused(folder)
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        elif entry.name != _MARK:
            entry.unlink()


def _ours(folder: Path) -> bool:
    """Root may use anybody's, but not where everybody may have put one for it to find."""
    user = os.geteuid()
    return folder.stat().st_uid == user or (user == 0 and folder.parent not in _TEMPORARY)


def _unused(folder: Path) -> None:
    """Raise ConfigurationError while another demo runs on it: its hub holds the lock of the data folder."""
    lock = folder / "data" / "lock"
    if not lock.is_file():
        return
    with lock.open() as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigurationError(f"a demo is running in {folder}: wait for its end, or choose --data") from None


@contextmanager
def own_database() -> Iterator[None]:
    """For the length of the block, no PostgreSQL that the environment names is used: it may hold real data."""
    named = os.environ.pop(DATABASE_VARIABLE, None)
    try:
        yield
    finally:
        if named is not None:
            os.environ[DATABASE_VARIABLE] = named


def command(*words: str | Path) -> str:
    """A command line to type in this folder, for the way in which this program was started."""
    aside = ["env", "-u", DATABASE_VARIABLE] if os.environ.get(DATABASE_VARIABLE) else []
    return shlex.join([*aside, *_program(), *(_short(word) if isinstance(word, Path) else word for word in words)])


def _program() -> Sequence[str]:
    started = Path(sys.argv[0])
    if started.name != "careloom":
        return [_short(Path(sys.executable)), "-m", "careloom"]
    found = shutil.which("careloom")
    on_path = found is not None and Path(found).absolute() == started.absolute()
    return ["careloom"] if on_path or not started.is_file() else [_short(started)]


def _short(path: Path) -> str:
    whole = path.absolute()
    return str(whole.relative_to(Path.cwd())) if whole.is_relative_to(Path.cwd()) else str(whole)
