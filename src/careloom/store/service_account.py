"""Whom PostgreSQL runs as: it refuses to run as root, and we refuse to make system users."""

from __future__ import annotations

import ctypes
import os
import pwd
import signal
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from subprocess import DEVNULL, PIPE, STDOUT, Popen, SubprocessError
from typing import IO, Any

from careloom.core.errors import ConfigurationError

CANDIDATES = ("careloom", "postgres", "nobody")

# Linux, prctl(2). Loaded here, since little may be done between fork and exec.
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None

# Nothing of ours: the hub's environment may hold secrets, and PG* variables would redirect the tools.
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """An operating-system user. `dropping` says that it is another one than ours, so rights must be dropped."""

    name: str
    uid: int
    gid: int
    dropping: bool

    def spawn(
        self,
        command: Iterable[str | Path],
        *,
        stdin: int | IO[Any] = DEVNULL,
        output: int | IO[Any] = PIPE,
        before_exec: Callable[[], None] | None = None,
    ) -> Popen[bytes]:
        """Start a program as this user, in a session of its own, with a clean environment and umask 077.

        On Linux it gets SIGINT when the thread that called this ends, so call it from one that lives long enough.
        """
        drop: dict[str, Any] = {"user": self.uid, "group": self.gid, "extra_groups": []} if self.dropping else {}
        return Popen(
            [str(part) for part in command],
            stdin=stdin,
            stdout=output,
            stderr=STDOUT,
            env=_ENVIRONMENT,
            cwd="/",
            umask=0o077,
            # Ctrl-C in a terminal is for the hub, which then stops PostgreSQL in its own time.
            start_new_session=True,
            preexec_fn=partial(_before_exec, os.getpid(), before_exec),
            **drop,
        )

    def own(self, descriptor: int) -> None:
        """Give an open file or folder to this user."""
        if self.dropping:
            os.fchown(descriptor, self.uid, self.gid)

    def reaches(self, folder: Path, program: Path) -> bool:
        """Whether this user can enter `folder`, tried by really doing it, since modes alone do not tell (ACLs)."""
        return self._runs(program, lambda: os.chdir(folder))

    def runs(self, program: Path) -> bool:
        """Whether this user can run `program`."""
        return self._runs(program, None)

    def _runs(self, program: Path, before_exec: Callable[[], None] | None) -> bool:
        try:
            process = self.spawn([program, "--version"], output=DEVNULL, before_exec=before_exec)
        except (OSError, SubprocessError):
            return False
        return process.wait() == 0


def _before_exec(parent: int, more: Callable[[], None] | None) -> None:
    # Runs in the child, after the change of user, which would clear the setting.
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, int(signal.SIGINT), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)  # the hub died before it could be watched
    if more is not None:
        more()


def service_account(name: str | None = None) -> ServiceAccount:
    """The account for PostgreSQL: ours, or, when we are root, the first existing one of `name`, CARELOOM_PG_USER
    and `CANDIDATES`. Raises `ConfigurationError` for a named account that is absent or is root itself."""
    if os.geteuid() != 0:
        return ServiceAccount(_own_name(), os.geteuid(), os.getegid(), dropping=False)
    asked = name or os.environ.get("CARELOOM_PG_USER")
    found = next((entry for entry in map(_entry, [asked] if asked else CANDIDATES) if entry), None)
    if found is None or found.pw_uid == 0:
        raise ConfigurationError(
            f"PostgreSQL cannot run as root, and the system has no ordinary user {asked or ' or '.join(CANDIDATES)}: "
            "create one (useradd --system careloom) or name another in CARELOOM_PG_USER"
        )
    return ServiceAccount(found.pw_name, found.pw_uid, found.pw_gid, dropping=True)


def _entry(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _own_name() -> str:
    # A container may run under a number that has no entry.
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())
