"""One session with an SFTP server, opened when it is needed and again when it broke."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import asyncssh

from careloom.core.errors import AccessRefused, AmbiguousError, ConfigurationError, ContractBroken, Unavailable
from careloom.core.secrets import Resolver
from careloom.systems.resilience import Gate

T = TypeVar("T")
# It logs each path at INFO, and names of files may name patients.
asyncssh.set_log_level(logging.WARNING)
_GONE = (asyncssh.SFTPConnectionLost, asyncssh.SFTPNoConnection, asyncssh.ConnectionLost, TimeoutError)


class LoginRefused(AccessRefused):
    """The server refuses our account, or is not the server we know."""

    stops = True


@dataclass(frozen=True, slots=True)
class Account:
    """Where and as whom. `password` and `private_key` are references."""

    host: str
    port: int
    user: str
    password: str | None
    private_key: str | None
    host_key: str
    connect_timeout: float
    answer_timeout: float


class SftpLine:
    """Does things on the server, one after another. What breaks is told as one of our errors."""

    def __init__(self, account: Account, gate: Gate, secrets: Resolver) -> None:
        self._account = account
        self._gate = gate
        self._secrets = secrets
        self._connection: asyncssh.SSHClientConnection | None = None
        self._client: asyncssh.SFTPClient | None = None

    @property
    def retry_after(self) -> float:
        """Seconds until a call has a chance; 0 when calls go through."""
        return self._gate.breaker.retry_after

    async def run(self, work: Callable[[asyncssh.SFTPClient], Awaitable[T]], *, repeatable: bool = True) -> T:
        """The result of `work` on a session. Raises Unavailable, AccessRefused, ContractBroken (no such path), and
        AmbiguousError when work that is not `repeatable` was cut off."""
        return await self._gate.run(lambda: self._attempt(work, repeatable), self._account.password)

    async def close(self) -> None:
        """End the session."""
        connection, self._connection, self._client = self._connection, None, None
        if connection is not None:
            connection.abort()
            await connection.wait_closed()

    async def _attempt(self, work: Callable[[asyncssh.SFTPClient], Awaitable[T]], repeatable: bool) -> T:
        client = await self._session()
        with _told(self._account.host, repeatable):
            try:
                async with asyncio.timeout(self._account.answer_timeout):
                    return await work(client)
            except (
                OSError,
                TimeoutError,
                asyncssh.ConnectionLost,
                asyncssh.SFTPConnectionLost,
                asyncssh.SFTPNoConnection,
            ):
                await self.close()
                raise

    async def _session(self) -> asyncssh.SFTPClient:
        if self._client is not None:
            return self._client
        account = self._account
        keys = self._keys()
        with _told(account.host, repeatable=True):
            async with asyncio.timeout(account.connect_timeout):
                self._connection = await asyncssh.connect(
                    account.host,
                    account.port,
                    username=account.user,
                    password=self._secrets(account.password) if account.password else None,
                    client_keys=keys,
                    known_hosts=asyncssh.import_known_hosts(f"* {account.host_key}\n"),
                    config=None,
                    agent_path=None,
                )
                self._client = await self._connection.start_sftp_client()
        return self._client

    def _keys(self) -> list[asyncssh.SSHKey]:
        reference = self._account.private_key
        if reference is None:
            return []
        try:
            return [asyncssh.import_private_key(self._secrets(reference))]
        except asyncssh.KeyImportError:
            raise ConfigurationError(
                f"{reference} holds no private key that can be read without a passphrase"
            ) from None


@contextmanager
def _told(host: str, repeatable: bool) -> Iterator[None]:
    try:
        yield
    except asyncssh.HostKeyNotVerifiable:
        raise LoginRefused(f"{host} shows another host key than the settings say: is it the right server?") from None
    except asyncssh.PermissionDenied:
        raise LoginRefused(f"{host} refuses our account: correct its user, password or key") from None
    except asyncssh.SFTPPermissionDenied:
        raise AccessRefused(f"our account on {host} may not do this in the folder; ask for the right") from None
    except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
        raise ContractBroken(f"the folder, or a file in it, is not there on {host}; correct `path`") from None
    except _GONE:
        if repeatable:
            raise Unavailable(f"{host} did not answer; it is tried again") from None
        raise AmbiguousError(f"{host} did not answer; look there before it is sent again") from None
    except (asyncssh.Error, OSError) as error:
        raise Unavailable(f"{host} cannot be used by SFTP: {type(error).__name__}") from None
