"""A folder on a server that files are put into, each in one step."""

from __future__ import annotations

from collections.abc import Sequence

import asyncssh
import msgspec

from careloom.core.envelope import Recorded
from careloom.core.errors import CareloomError
from careloom.core.outcomes import Done, Outcome
from careloom.systems.broker import cloud_event
from careloom.systems.seam import Finding
from careloom.systems.sftp.line import SftpLine


class SftpOut:
    """Puts events as CloudEvents, `<id>.json`, and whatever files flows make. A file put again is the same file."""

    def __init__(self, line: SftpLine, folder: str) -> None:
        self._line = line
        self._folder = folder.rstrip("/") or "/"

    @property
    def retry_after(self) -> float:
        """Seconds until a call has a chance; 0 when calls go through."""
        return self._line.retry_after

    async def post(self, event: Recorded) -> Outcome:
        """Deliver one event."""
        try:
            await self.write(f"{event.id}.json", msgspec.json.encode(cloud_event(event)))
        except CareloomError as error:
            return error.outcome()
        return Done(f"{event.id}.json")

    async def write(self, name: str, data: bytes) -> None:
        """A whole file of this name: written under another, then renamed over. Raises Unavailable, AccessRefused."""
        draft, target = f"{self._folder}/.{name}.tmp", f"{self._folder}/{name}"

        async def put(client: asyncssh.SFTPClient) -> None:
            async with client.open(draft, "wb") as file:
                await file.write(data)
            await _rename_over(client, draft, target)

        await self._line.run(put)

    async def check(self) -> Sequence[Finding]:
        """Whether the folder is there and may be listed."""
        try:
            await self._line.run(lambda client: client.listdir(self._folder))
        except CareloomError as error:
            return [Finding(str(error), "correct the account, the host key or `path`")]
        return []

    async def close(self) -> None:
        """End the session."""
        await self._line.close()


async def _rename_over(client: asyncssh.SFTPClient, draft: str, target: str) -> None:
    try:
        await client.posix_rename(draft, target)
    except asyncssh.SFTPOpUnsupported:
        if await client.exists(target):
            await client.remove(target)
        await client.rename(draft, target)
