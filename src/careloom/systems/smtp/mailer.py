"""Sends mails, one connection each, and says what came of each."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any, Final

from careloom.core.envelope import Recorded
from careloom.core.errors import AccessRefused, AmbiguousError, CareloomError, Rejected, Throttled, Unavailable
from careloom.core.outcomes import Done, Outcome
from careloom.core.secrets import Resolver
from careloom.systems.resilience import Gate
from careloom.systems.seam import Finding

_BUSY: Final = frozenset({421, 450, 451, 452})  # RFC 5321 section 4.2.3: try later


class LoginRefused(AccessRefused):
    """The mail server refuses our account or our certificate."""

    stops = True


@dataclass(frozen=True, slots=True)
class Server:
    """Where and as whom. `password` is a reference."""

    host: str
    port: int
    security: str
    tls: ssl.SSLContext | None
    user: str | None
    password: str | None
    connect_timeout: float
    answer_timeout: float


class Mailer:
    """Tells people of events: what happened, and where to look. Mail is no place for patients."""

    def __init__(
        self,
        library: Any,
        server: Server,
        gate: Gate,
        secrets: Resolver,
        sender: str,
        recipients: Sequence[str],
        subject: str,
        link: str,
    ) -> None:
        self._smtp = library
        self._server = server
        self._gate = gate
        self._secrets = secrets
        self._sender = sender
        self._recipients = recipients
        self._subject = subject
        self._link = link

    @property
    def retry_after(self) -> float:
        """Seconds until a call has a chance; 0 when calls go through."""
        return self._gate.breaker.retry_after

    async def post(self, event: Recorded) -> Outcome:
        """Tell the recipients of one event: its type, its source, its id."""
        words = {"type": event.type, "source": event.source, "id": str(event.id)}
        link = f"\n{_filled(self._link, words)}\n" if self._link else ""
        text = f"{event.type} from {event.source}\nrecorded {event.recorded.isoformat()}\nid {event.id}\n{link}"
        message = self.message(_filled(self._subject, words), text, key=str(event.id))
        message["Date"] = format_datetime(event.recorded)
        try:
            await self.send(message)
        except CareloomError as error:
            return error.outcome()
        return Done(str(message["Message-ID"]))

    def message(self, subject: str, text: str, *, key: str, to: Sequence[str] = ()) -> EmailMessage:
        """A mail, to the recipients of the settings unless others are named. The same `key` gives the same Message-ID,
        by which readers drop a repeat."""
        message = EmailMessage()
        message["From"] = self._sender
        message["To"] = ", ".join(to or self._recipients)
        message["Subject"] = " ".join(subject.split())
        message["Message-ID"] = f"<{key}@{self._sender.partition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text)
        return message

    async def send(self, message: EmailMessage) -> None:
        """Raises Unavailable, Throttled, Rejected, AccessRefused, or AmbiguousError when it was handed over and the
        server said nothing."""
        await self._gate.run(lambda: self._attempt(message), self._server.user)

    async def check(self) -> Sequence[Finding]:
        """Whether the server answers and takes our account. Sends nothing."""
        try:
            client = await self._connected()
            await client.quit()
        except CareloomError as error:
            return [Finding(str(error), "correct the server, the account or the security of this system")]
        return []

    async def close(self) -> None:
        """Nothing is open between two mails."""

    async def _attempt(self, message: EmailMessage) -> None:
        client = await self._connected()
        try:
            with self._told(sent=True):
                await client.send_message(message)
        finally:
            client.close()

    async def _connected(self) -> Any:
        server = self._server
        client = self._smtp.SMTP(
            hostname=server.host,
            port=server.port,
            timeout=server.connect_timeout,
            use_tls=server.security == "tls",
            start_tls=server.security == "starttls",
            tls_context=server.tls,
        )
        with self._told(sent=False):
            await client.connect()
            if server.user is not None and server.password is not None:
                await client.login(server.user, self._secrets(server.password))
        client.timeout = server.answer_timeout
        return client

    @contextmanager
    def _told(self, *, sent: bool) -> Iterator[None]:
        """What the library raises, as our errors. Its texts may quote addresses: ours name the code only."""
        smtp, host = self._smtp, self._server.host
        try:
            yield
        except smtp.SMTPAuthenticationError as error:
            raise LoginRefused(f"{host} refuses our account ({error.code}); correct user and password") from None
        except smtp.SMTPRecipientsRefused as error:
            code = max((one.code for one in error.recipients), default=550)
            raise _answered(host, code) from None
        except smtp.SMTPResponseException as error:
            raise _answered(host, error.code) from None
        except ssl.SSLError:
            raise LoginRefused(f"the certificate of {host} is not trusted; check `tls`") from None
        except (smtp.SMTPException, OSError) as error:
            if sent:
                raise AmbiguousError(
                    f"{host} did not answer after the mail was handed over; look before sending again"
                ) from None
            raise Unavailable(f"{host} cannot be reached by SMTP: {type(error).__name__}") from None


def _answered(host: str, code: int) -> CareloomError:
    said = f"{host} answered {code}"
    if code == 452 or code == 450:
        return Throttled(f"{said}: it asks for time")
    if code in _BUSY or 400 <= code < 500:
        return Unavailable(said)
    return Rejected(f"{said}: it refuses this mail")


def _filled(text: str, words: dict[str, str]) -> str:
    for word, value in words.items():
        text = text.replace("{" + word + "}", value)
    return text
