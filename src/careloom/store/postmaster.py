"""Is a PostgreSQL still running on a data folder? Asked of `postmaster.pid` and of the process itself."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import time
from pathlib import Path

from careloom.core.errors import Unavailable

FAST_SHUTDOWN_SECONDS = 20.0
IMMEDIATE_SHUTDOWN_SECONDS = 10.0


def running_postmaster(cluster: Path) -> int | None:
    """The process id of the live postgres that serves this folder. A zombie, or a process id that is another
    program's by now, counts as not running."""
    process = _recorded(cluster)
    return process if process is not None and _serves(process, cluster) else None


def stop_orphan(cluster: Path) -> None:
    """Stop a postgres that outlived its hub. Only for the holder of the folder's lock.

    Raises `Unavailable` when it does not go.
    """
    process = running_postmaster(cluster)
    if process is None:
        return
    for how, seconds in ((signal.SIGINT, FAST_SHUTDOWN_SECONDS), (signal.SIGQUIT, IMMEDIATE_SHUTDOWN_SECONDS)):
        _signal(process, how)
        if _gone(process, cluster, seconds):
            return
    raise Unavailable(f"the PostgreSQL of an earlier run (process {process}) does not stop: end it, then start again")


def forget_reused_process(cluster: Path) -> None:
    """Let PostgreSQL start although its `postmaster.pid` names a process that is not a PostgreSQL.

    The file is not removed: it also names the shared memory by which PostgreSQL sees backends that are still
    leaving. PostgreSQL takes its parent's process id in it for its own last life, so ours is put in.
    """
    process = _recorded(cluster)
    if process is None or _serves(process, cluster):
        return
    # The folder belongs to the service user, who must not be able to aim our rights at another file.
    descriptor = os.open(cluster / "postmaster.pid", os.O_RDWR | os.O_NOFOLLOW)
    with os.fdopen(descriptor, "r+", encoding="utf-8") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
            return
        rest = file.read().partition("\n")[2]
        file.seek(0)
        file.write(f"{os.getpid()}\n{rest}")
        file.truncate()


def _recorded(cluster: Path) -> int | None:
    try:
        first = (cluster / "postmaster.pid").read_text(encoding="utf-8", errors="replace").partition("\n")[0]
    except FileNotFoundError:
        return None
    return int(first) if first.isdecimal() and int(first) > 1 else None


def _serves(process: int, cluster: Path) -> bool:
    entry = Path("/proc") / str(process)
    return _serves_by_proc(entry, cluster) if Path("/proc/self").exists() else _serves_by_ps(process, cluster)


def _serves_by_ps(process: int, cluster: Path) -> bool:
    listed = subprocess.run(
        ["/bin/ps", "-ww", "-o", "stat=,command=", "-p", str(process)], capture_output=True, check=False, text=True
    ).stdout.strip()
    return bool(listed) and not listed.startswith("Z") and "postgres" in listed and f"-D {cluster}" in listed


def _serves_by_proc(entry: Path, cluster: Path) -> bool:
    try:
        # A zombie's command line is empty.
        command = (entry / "cmdline").read_bytes().split(b"\0")
        if Path(os.fsdecode(command[0])).name != "postgres":
            return False
        return os.fsencode(cluster) in command or (entry / "cwd").samefile(cluster)
    except OSError:
        return False


def _signal(process: int, how: signal.Signals) -> None:
    try:
        os.kill(process, how)
    except ProcessLookupError:
        pass
    except PermissionError:
        raise Unavailable(
            f"a PostgreSQL of another user (process {process}) runs on this data folder: stop it, then start again"
        ) from None


def _gone(process: int, cluster: Path, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while _serves(process, cluster):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
