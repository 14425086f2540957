"""A folder on an SFTP server as a `Place`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import IO, Final, cast

import asyncssh

from careloom.systems.drop import Entry, spooled, too_long
from careloom.systems.sftp.line import SftpLine

_PIECE: Final = 1 << 20


class SftpPlace:
    """The files of one folder there."""

    def __init__(self, line: SftpLine, folder: str) -> None:
        self._line = line
        self._folder = folder.rstrip("/") or "/"

    async def list(self) -> Sequence[Entry]:
        """See `Place.list`."""
        return await self._line.run(self._list)

    async def open(self, name: str, limit: int) -> IO[bytes]:
        """See `Place.open`."""
        copy = spooled()

        async def fetch(client: asyncssh.SFTPClient) -> None:
            copy.seek(0)
            async with client.open(self._path(name), "rb") as file:
                while copy.tell() <= limit and (octets := cast(bytes, await file.read(_PIECE))):
                    copy.write(octets)
            copy.truncate()

        try:
            await self._line.run(fetch)
            if copy.tell() > limit:
                raise too_long(limit)
            copy.seek(0)
        except BaseException:
            copy.close()
            raise
        return copy

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
