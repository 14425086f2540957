"""Listens for MLLP and acknowledges what the intake has committed, and nothing else.

One connection is one `asyncio.Protocol`; a message costs one future and no task. Acknowledgements leave in the order in
which the messages came. A slow store stops the reading of the socket: the sender waits, our memory does not grow.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address

from careloom.core.clock import Clock, SystemClock
from careloom.core.errors import ConfigurationError
from careloom.core.receipts import Intake
from careloom.systems.mllp.connection import Connection, Counts, Limits
from careloom.systems.mllp.recognise import Recogniser

log = logging.getLogger(__name__)

SWEEP_SECONDS = 1.0
"""How often unfinished blocks and silent connections are looked for; timeouts are exact to this."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to listen and to whom. `port` 0 takes a free one; no `networks` means any peer that reaches the socket."""

    host: str = "127.0.0.1"
    port: int = 0
    tls: ssl.SSLContext | None = None
    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    limits: Limits = field(default_factory=Limits)


class MllpListener:
    """A listening socket of one system."""

    def __init__(
        self, endpoint: Endpoint, recogniser: Recogniser, intake: Intake, *, clock: Clock | None = None
    ) -> None:
        self.counts = Counts()
        self._endpoint = endpoint
        self.recogniser = recogniser
        self._intake = intake
        self._clock = clock or SystemClock()
        self._connections: set[Connection] = set()
        self._server: asyncio.Server | None = None
        self._sweeper: asyncio.Task[None] | None = None
        self._empty = asyncio.Event()
        self._empty.set()

    @property
    def max_message(self) -> int:
        """Octets of the largest message; it holds for the same system's posts to the gateway too."""
        return self._endpoint.limits.message

    @property
    def principals(self) -> frozenset[str]:
        """Any API key may post for it."""
        return frozenset()

    @property
    def port(self) -> int:
        """The port that is listened on."""
        assert self._server is not None, "the listener has not been started"
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    @property
    def connections(self) -> int:
        """Connections that are open now."""
        return len(self._connections)

    async def start(self) -> None:
        """Listen. Raises ConfigurationError when the address cannot be had."""
        loop = asyncio.get_running_loop()
        where = self._endpoint
        try:
            self._server = await loop.create_server(
                self._connection, where.host, where.port, ssl=where.tls, backlog=1024
            )
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise ConfigurationError(
                f"cannot listen for MLLP on {where.host}:{where.port}: {reason}; choose another host or port"
            ) from error
        self._sweeper = loop.create_task(self._sweep_always(), name=f"mllp-sweep-{self.port}")

    async def close(self, timeout: float = 10.0) -> None:
        """Accept no more, let what is in flight be stored and answered, close. After `timeout` seconds, cut."""
        if self._server is not None:
            self._server.close()
        for connection in tuple(self._connections):
            connection.finish()
        try:
            async with asyncio.timeout(timeout):
                await self._empty.wait()
        except TimeoutError:
            log.warning("mllp: %d connections did not finish in %s s and were cut", len(self._connections), timeout)
            for connection in tuple(self._connections):
                connection.cut()
        if self._sweeper is not None:
            self._sweeper.cancel()
            await asyncio.gather(self._sweeper, return_exceptions=True)

    def sweep(self) -> None:
        """Close the connections that have kept a block unfinished, their answers unread or the line silent too long."""
        now = self._clock.monotonic()
        for connection in tuple(self._connections):
            connection.check(now)

    async def _sweep_always(self) -> None:
        while True:
            await self._clock.sleep(SWEEP_SECONDS)
            self.sweep()

    def _connection(self) -> Connection:
        return Connection(self.recogniser, self._intake, self._clock.monotonic, self._endpoint.limits, self)

    # What a connection tells us.

    def admits(self, peer: str) -> str | None:
        """Why a connection from `peer` is not taken, or None."""
        if len(self._connections) >= self._endpoint.limits.connections:
            return "too many connections"
        if self._endpoint.networks and not _within(peer, self._endpoint.networks):
            return "the peer is in none of the allowed networks"
        return None

    def opened(self, connection: Connection) -> None:
        """Keep count of it."""
        self._connections.add(connection)
        self._empty.clear()

    def closed(self, connection: Connection) -> None:
        """Forget it."""
        self._connections.discard(connection)
        if not self._connections:
            self._empty.set()


def _within(peer: str, networks: tuple[IPv4Network | IPv6Network, ...]) -> bool:
    try:
        address = ip_address(peer.partition("%")[0])
    except ValueError:
        return False
    # A socket that listens on IPv6 may show an IPv4 peer in its mapped form (RFC 4291 section 2.5.5.2).
    mapped = getattr(address, "ipv4_mapped", None)
    return any((mapped or address) in network for network in networks)
