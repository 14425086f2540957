"""JetStream by nats-py. Needs the extra `careloom[brokers]`."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Any

from careloom.core.errors import (
    AccessRefused,
    AmbiguousError,
    ConfigurationError,
    ContractBroken,
    Rejected,
    Unavailable,
)
from careloom.core.secrets import Resolver
from careloom.systems.broker import CONTENT, Record
from careloom.systems.nats.consumer import Bounds, Numbered


class LoginRefused(AccessRefused):
    """The server refuses our account."""

    stops = True


def open_nats(address: str, options: Mapping[str, Any]) -> NatsWire:
    """A wire, not connected yet. Raises ConfigurationError when the extra is not installed."""
    try:
        library = import_module("nats")
        import_module("nats.js.errors")
    except ImportError:
        raise ConfigurationError("NATS needs a library: pip install 'careloom[brokers]'") from None
    return NatsWire(library, address, options["settings"], options["secrets"], options["tls"])


class NatsWire:
    """One connection, opened when it is needed. The library does not reconnect by itself: our breaker decides."""

    def __init__(
        self, library: Any, address: str, settings: Any, secrets: Resolver, tls: ssl.SSLContext | None
    ) -> None:
        self._nats = library
        self._address = address
        self._settings = settings
        self._secrets = secrets
        self._tls = tls
        self._client: Any = None
        self._subscription: Any = None
        self._pending = 0  # records that the server has for the subscription, as it said last
        self._turn = asyncio.Lock()

    async def publish(self, topic: str, record: Record) -> None:
        """See `Wire.publish`. The server drops a repeat of the id within its window (120 s unless the stream says)."""
        client = await self._connected()
        headers = {"Nats-Msg-Id": record.id, "Careloom-Key": record.key, "Content-Type": CONTENT}
        with self._told(sent=True):
            await client.jetstream().publish(
                topic, record.body, timeout=self._settings.answer_timeout, headers={**headers, **record.headers}
            )

    async def bounds(self, stream: str) -> Bounds:
        """See `Stream.bounds`."""
        client = await self._connected()
        with self._told(sent=False):
            state = (await client.jetstream().stream_info(stream)).state
            return Bounds(int(state.first_seq), int(state.last_seq))

    async def begin(self, stream: str, subject: str, sequence: int) -> None:
        """See `Stream.begin`. The consumer is the server's until we are silent for a minute, and has no name."""
        client = await self._connected()
        await self._end()
        api = self._nats.js.api
        config = api.ConsumerConfig(
            deliver_policy=api.DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=max(1, sequence),
            ack_policy=api.AckPolicy.NONE,
            filter_subject=None if subject == ">" else subject,
            inactive_threshold=60.0,
            mem_storage=True,
            num_replicas=1,
        )
        with self._told(sent=False):
            manager = client.jetstream()
            made = await manager.add_consumer(stream, config)
            self._subscription = await manager.pull_subscribe_bind(consumer=made.name, stream=stream)
            self._pending = made.num_pending or 0

    async def fetch(self, count: int) -> Sequence[Numbered]:
        """See `Stream.fetch`. What the server has is waited for; that it has nothing, it says itself."""
        with self._told(sent=False):
            if self._pending == 0:
                self._pending = (await self._subscription.consumer_info()).num_pending or 0
            if self._pending == 0:
                return []
            wanted = min(count, self._pending)
            messages = await self._subscription.fetch(wanted, timeout=self._settings.answer_timeout)
            self._pending = messages[-1].metadata.num_pending
        return [_numbered(message) for message in messages]

    async def close(self) -> None:
        """See `Wire.close`."""
        await self._end()
        client, self._client = self._client, None
        if client is not None:
            with suppress(Exception):
                await client.close()

    async def _end(self) -> None:
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            with suppress(Exception):  # the connection may be gone, and the consumer with it
                await subscription.unsubscribe()

    async def _connected(self) -> Any:
        async with self._turn:
            if self._client is not None and self._client.is_connected:
                return self._client
            await self.close()
            settings = self._settings
            given: dict[str, Any] = {"user": settings.user} if settings.user else {}
            if settings.password:
                given["password"] = self._secrets(settings.password)
            if settings.token:
                given["token"] = self._secrets(settings.token)
            if self._tls:
                given["tls"] = self._tls
            with self._told(sent=False):
                async with asyncio.timeout(settings.connect_timeout):
                    self._client = await self._nats.connect(
                        self._address,
                        allow_reconnect=False,
                        max_reconnect_attempts=1,
                        reconnect_time_wait=0.05,
                        connect_timeout=settings.connect_timeout,
                        error_cb=_quiet,
                        name="careloom",
                        **given,
                    )
            return self._client

    @contextmanager
    def _told(self, *, sent: bool) -> Iterator[None]:
        errors, js = self._nats.errors, self._nats.js.errors
        try:
            yield
        except errors.AuthorizationError:
            raise LoginRefused("the NATS server refuses our account; correct user, password or token") from None
        except js.NoStreamResponseError:
            raise ContractBroken("no stream takes this subject; make the stream, or correct `subject`") from None
        except js.NotFoundError:
            raise ContractBroken("there is no such stream; make it, or correct `stream`") from None
        except js.BadRequestError:
            raise Rejected("the stream refuses this record") from None
        except (js.ServiceUnavailableError, js.ServerError):
            raise Unavailable("the NATS server cannot take records now") from None
        except errors.NoRespondersError:
            raise Unavailable("no JetStream answers: is it enabled, and has it a leader?") from None
        except errors.Error as error:
            refused = "authorization" in str(error).lower()
            if refused:
                raise LoginRefused("the NATS server refuses our account; correct user, password or token") from None
            if sent and isinstance(error, errors.TimeoutError | errors.ConnectionClosedError):
                raise AmbiguousError("the NATS server did not answer; the id makes a repeat harmless") from None
            raise Unavailable(f"the NATS server cannot be used: {type(error).__name__}") from None
        except (OSError, TimeoutError) as error:
            raise Unavailable(f"the NATS server cannot be reached: {type(error).__name__}") from None


async def _quiet(error: Exception) -> None:
    """What the library would print is told where it matters."""


def _numbered(message: Any) -> Numbered:
    headers = {str(name): str(value) for name, value in (message.headers or {}).items()}
    record = Record(
        body=message.data, key=headers.get("Careloom-Key", ""), id=headers.get("Nats-Msg-Id", ""), headers=headers
    )
    sequence = message.metadata.sequence
    return Numbered(record, sequence.stream, sequence.consumer)
