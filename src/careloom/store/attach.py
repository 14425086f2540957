"""Finds the embedded PostgreSQL that a running hub keeps, for commands run beside it."""

from __future__ import annotations

import os
from pathlib import Path

from careloom.store.data_folder import DataFolder
from careloom.store.launch import Address
from careloom.store.service_account import service_account
from careloom.store.socket_folder import SocketFolder
from careloom.store.supervisor import DEFAULT_PORT


def running(data: Path, *, service_user: str | None = None, port: int | None = None) -> str | None:
    """The address of the server on this data folder, or None when no hub keeps one now.

    It holds the password: never log it.
    """
    account = service_account(service_user)
    folder = DataFolder(data, passable=account.dropping)
    if not folder.path.is_dir():
        return None
    password = folder.password()
    sockets = SocketFolder(folder.path, account)
    listening = sockets.path / f".s.PGSQL.{port or DEFAULT_PORT}"
    if password is None or not os.path.lexists(listening):
        return None
    return Address(sockets.path, port or DEFAULT_PORT, password).dsn
