"""Those who are told: a mail server and an endpoint of webhooks, both of others' making, and the settings for them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from typing import Any

from aiosmtpd.smtp import SMTP
from standardwebhooks.webhooks import Webhook
from tests.hub.hospital import Hospital

from careloom.systems.webhook_out.fake import SECRET, Endpoint


@dataclass
class Office:
    """Where staff are told: `mails` are recipient and subject of each, in the order in which they came."""

    port: int
    desk: Endpoint
    mails: list[tuple[str, str]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        mail = message_from_bytes(envelope.content)
        [to] = envelope.rcpt_tos
        self.mails.append((to, str(mail["Subject"])))
        self.texts.append(mail.get_payload(decode=True).decode())
        return "250 kept"

    @property
    def posts(self) -> Sequence[Mapping[str, Any]]:
        """What the webhooks said; their bodies are signed."""
        return [_body(one) for one in self.desk.target.requests]

    def settings(self, hospital: Hospital, **owners: str) -> str:
        """Each owner by mail and webhook; what they are told leads to the console."""
        (hospital.folder / "hook").write_text(SECRET)
        alerts = "".join(
            f'[alerts.{owner.replace("_", "-")}]\nmail = ["{address}"]\nwebhook = true\n'
            'link = "https://careloom.example.org/console/cases/"\n'
            for owner, address in owners.items()
        )
        return (
            f'[systems.post]\nkind = "smtp"\nhost = "127.0.0.1"\nport = {self.port}\nsecurity = "none"\n'
            'sender = "hub@example.org"\nrecipients = ["desk@example.org"]\n'
            f'[systems.desk]\nkind = "webhook_out"\nurl = "http://127.0.0.1:{self.desk.target.port}/hooks"\n'
            f'secret = "file:hook"\nallow = ["127.0.0.0/8"]\nports = [{self.desk.target.port}]\n'
            f'[notices]\nmail = "post"\nwebhook = "desk"\n{alerts}'
        )


def _body(request: Any) -> Mapping[str, Any]:
    # The library has no clock but the machine's; what is signed is the same.
    signed = Webhook(SECRET)
    at = datetime.fromtimestamp(int(request.headers["webhook-timestamp"]), UTC)
    expected = signed.sign(request.headers["webhook-id"], at, request.body.decode())
    assert expected in request.headers["webhook-signature"].split()
    found: Mapping[str, Any] = json.loads(request.body)["data"]
    return found


@asynccontextmanager
async def office() -> AsyncIterator[Office]:
    """Open for the length of the block."""
    loop = asyncio.get_running_loop()
    async with Endpoint() as desk:
        desk.effect = _any  # type: ignore[method-assign]
        made = Office(0, desk)
        server = await loop.create_server(lambda: SMTP(made, loop=loop), "127.0.0.1")
        made.port = server.sockets[0].getsockname()[1]
        try:
            yield made
        finally:
            server.close()


def _any(request: Any) -> tuple[str, int]:
    return request.headers["webhook-id"], 0
