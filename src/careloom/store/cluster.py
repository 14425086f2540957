"""PostgreSQL's own files below the data folder: made once, whole or not at all."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from careloom.core.errors import ConfigurationError
from careloom.store.binaries import MAJOR, Binaries
from careloom.store.data_folder import DataFolder, closed_parent
from careloom.store.service_account import ServiceAccount

USER = "careloom"
DATABASE = "careloom"

# What an installation may change; memory and disk differ.
TUNING: Mapping[str, str] = {
    "shared_buffers": "128MB",
    "max_wal_size": "2GB",
    "max_connections": "60",
    "jit": "off",
}

# What it may not: the promise "acknowledged means durable", and no row value in a log file. Errors reach the hub by
# its connection; log_min_messages=log keeps their text, which quotes values, out of the log.
FIXED: Mapping[str, str] = {
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "logging_collector": "off",
    "log_destination": "stderr",
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_min_duration_sample": "-1",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_error_verbosity": "terse",
    "log_startup_progress_interval": "5s",
    "log_timezone": "UTC",
    "unix_socket_permissions": "0700",
}


class Cluster:
    """The files of one PostgreSQL server, at `DataFolder.cluster`, owned by the service account."""

    def __init__(self, folder: DataFolder, account: ServiceAccount, binaries: Binaries) -> None:
        self._folder = folder
        self._account = account
        self._binaries = binaries

    def prepare(self) -> str:
        """Make the cluster unless it is there, and give its password.

        Raises `ConfigurationError` for one that this PostgreSQL or this account cannot run.
        """
        if not self._account.reaches(self._folder.path, self._binaries.postgres):
            raise self._unreachable()
        if not (self._folder.cluster / "PG_VERSION").exists():
            return self._create()
        self._check()
        password = self._folder.password()
        if password is None:
            raise ConfigurationError(
                f"the file password is missing from {self._folder.path}, beside the cluster it belongs to: restore it "
                "from a backup"
            )
        return password

    def command(self, sockets: Path, port: int | None, tuning: Mapping[str, str]) -> list[str]:
        """The command line that serves this cluster. Its settings win over every configuration file."""
        settings = {
            **TUNING,
            **tuning,
            **FIXED,
            "listen_addresses": "127.0.0.1" if port else "",
            "unix_socket_directories": f'"{sockets}"',
        }
        if port:
            settings["port"] = str(port)
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [str(self._binaries.postgres), "-D", str(self._folder.cluster), *options]

    def _create(self) -> str:
        # Made under another name and renamed when whole: an interrupted initdb leaves nothing like a cluster.
        unfinished = self._folder.path / "postgres.unfinished"
        if unfinished.exists():
            shutil.rmtree(unfinished)
        self._make_owned(unfinished)
        password = self._folder.password() or self._folder.make_password()
        self._initdb(unfinished, password)
        try:
            unfinished.rename(self._folder.cluster)
        except OSError as error:
            raise ConfigurationError(
                f"{self._folder.cluster} exists and is no PostgreSQL cluster ({error.strerror}): move it away"
            ) from None
        self._folder.sync()
        return password

    def _make_owned(self, path: Path) -> None:
        path.mkdir(mode=0o700)
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            self._account.own(descriptor)
        finally:
            os.close(descriptor)

    def _initdb(self, target: Path, password: str) -> None:
        command: list[str | Path] = [
            self._binaries.initdb,
            *("-D", target, "--username", USER, "--pwfile", "/dev/stdin"),
            *("--auth-local", "scram-sha-256", "--auth-host", "scram-sha-256"),
            *("--encoding", "UTF8", "--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"),
            *("--data-checksums", "--no-instructions"),
        ]
        reader, writer = os.pipe()
        try:
            # initdb opens the pipe by name, which its owner alone may do.
            self._account.own(reader)
            process = self._account.spawn(command, stdin=reader, output=subprocess.PIPE)
        finally:
            os.close(reader)
            os.write(writer, password.encode() + b"\n")
            os.close(writer)
        output, _ = process.communicate()
        if process.returncode:
            raise ConfigurationError(
                f"initdb could not make {target} (exit {process.returncode}): {_last_line(output)}; "
                "check free space and rights"
            )

    def _check(self) -> None:
        cluster = self._folder.cluster
        made_by = (cluster / "PG_VERSION").read_text(encoding="ascii").strip()
        if made_by != str(MAJOR):
            raise ConfigurationError(
                f"{cluster} was made by PostgreSQL {made_by} and this is {MAJOR}: dump it with the former and load it "
                "with this one, or run pg_upgrade"
            )
        found = cluster.stat()
        if found.st_uid != self._account.uid:
            raise ConfigurationError(
                f"{cluster} belongs to user id {found.st_uid}, and PostgreSQL would run as {self._account.name}: name "
                "its owner in CARELOOM_PG_USER, or give it to that user (chown -R)"
            )
        if found.st_mode & 0o077:
            raise ConfigurationError(f"{cluster} can be entered by other users: chmod 700 it")

    def _unreachable(self) -> ConfigurationError:
        closed = closed_parent(self._folder.path / "postgres", self._account.uid) or self._folder.path
        return ConfigurationError(
            f"the data folder {self._folder.path} cannot be reached by the user {self._account.name}, whom PostgreSQL "
            f"runs as, because of {closed}: choose a folder outside of it with CARELOOM_DATA, or let that user pass "
            "(chmod o+x)"
        )


def _last_line(output: bytes) -> str:
    lines = output.decode("utf-8", "replace").strip().splitlines()
    return next((line for line in reversed(lines) if "error" in line.lower() or "fatal" in line.lower()), "no output")
