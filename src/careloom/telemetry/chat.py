"""The incoming webhook of a chat, as Slack, Teams and Mattermost have it: a POST of `{"text": ...}` to a secret URL."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

import msgspec

from careloom.core.clock import Clock
from careloom.core.errors import ConfigurationError
from careloom.systems.http.calls import HttpCaller, path_of
from careloom.systems.http.client import HttpClient, Origin
from careloom.systems.http.origin import is_private
from careloom.systems.resilience import Breaker, Gate, TokenBucket
from careloom.systems.tls import TlsClient
from careloom.workflow.notifying import Message, Recipient

RATE: Final = 1.0
"""Posts a second: what these services take."""
CONNECT_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 10.0


class ChatChannel:
    """A `Channel` to one room. The URL is the credential: it is in no error, no log line and no metric."""

    def __init__(self, url: str, clock: Clock) -> None:
        """Raises ConfigurationError for what is no https URL (or http on this machine)."""
        parts = urlsplit(url)
        if parts.hostname is None or parts.scheme not in ("http", "https") or not is_private(url):
            raise ConfigurationError("alerts: a chat's webhook is an https URL; correct the secret that holds it")
        secure = parts.scheme == "https"
        self._path = path_of(parts)
        origin = Origin(
            host=parts.hostname,
            port=parts.port or (443 if secure else 80),
            tls=TlsClient().context(_no_secret) if secure else None,
            connections=1,
            connect_timeout=CONNECT_SECONDS,
            answer_timeout=ANSWER_SECONDS,
        )
        gate = Gate(Breaker("chat", clock), TokenBucket(clock, RATE, 5), 1)
        self._client = HttpClient(origin, clock.monotonic)
        self._caller = HttpCaller(f"{parts.scheme}://{parts.netloc}", self._client, gate, clock)

    async def tell(self, recipient: Recipient, message: Message) -> str:  # noqa: ARG002
        """See `Channel.tell`. A second post of the same would be read twice, so it is not tried again on doubt."""
        body = msgspec.json.encode({"text": f"{message.subject}\n{message.text}".strip()})
        await self._caller.request("POST", self._path, {"content-type": "application/json"}, body)
        return ""

    async def close(self) -> None:
        """Let go of what is open."""
        await self._client.close()


def _no_secret(reference: str) -> str:
    raise ConfigurationError(f"a chat's webhook needs no {reference}")
