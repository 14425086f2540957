"""A folder on an SFTP server as a `Place`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import asyncssh

from careloom.core.errors import FormatError
from careloom.systems.drop import Entry
from careloom.systems.sftp.line import SftpLine


class SftpPlace:
    """The files of one folder there."""

    def __init__(self, line: SftpLine, folder: str) -> None:
        self._line = line
        self._folder = folder.rstrip("/") or "/"

    async def list(self) -> Sequence[Entry]:
        """See `Place.list`."""
        return await self._line.run(self._list)

    async def read(self, name: str, limit: int) -> bytes:
        """See `Place.read`."""

        async def read(client: asyncssh.SFTPClient) -> bytes:
            async with client.open(self._path(name), "rb") as file:
                return cast(bytes, await file.read(limit + 1))

        data = await self._line.run(read)
        if len(data) > limit:
            raise FormatError(f"the file is longer than {limit} octets; raise `largest` if it is meant to be")
        return data

    async def move(self, name: str, folder: str, new_name: str) -> None:
        """See `Place.move`. SFTP's rename does not overwrite (draft-ietf-secsh-filexfer-02 section 6.5)."""

        async def move(client: asyncssh.SFTPClient) -> None:
            await client.makedirs(self._path(folder), exist_ok=True)
            await client.rename(self._path(name), f"{self._path(folder)}/{new_name}")

        await self._line.run(move)

    async def _list(self, client: asyncssh.SFTPClient) -> Sequence[Entry]:
        found: list[Entry] = []
        async for entry in client.scandir(self._folder):
            attributes = entry.attrs
            if attributes.type == asyncssh.FILEXFER_TYPE_REGULAR:
                name = entry.filename if isinstance(entry.filename, str) else entry.filename.decode("utf-8", "replace")
                found.append(Entry(name, attributes.size or 0, float(attributes.mtime or 0)))
        return found

    def _path(self, name: str) -> str:
        return f"{self._folder}/{name}"
