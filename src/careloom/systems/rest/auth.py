"""Who we are to the system: headers for each call, and tokens that are fetched, kept and renewed."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Container, Mapping
from urllib.parse import quote, quote_plus, urljoin

from careloom.core.clock import Clock
from careloom.core.errors import AmbiguousError, ContractBroken
from careloom.core.secrets import Resolver
from careloom.systems.http.calls import CredentialsRefused, HttpCaller, document, error_for, unanswered
from careloom.systems.http.client import Answer
from careloom.systems.http.origin import OriginSettings, open_caller, printable_secret
from careloom.systems.rest.settings import Auth, Settings
from careloom.systems.seam import Surroundings

_MARGIN = 60.0  # a token is not used in its last minute, since a call may take that long
_UNTOLD = 300.0  # seconds that a token is kept whose life is not told
_REFUSED = frozenset({400, 401, 403})  # RFC 6749 section 5.2: 400 or 401 with the reason


class Caller:
    """Every call to the system, with our credentials; a token that is refused is renewed once."""

    def __init__(self, settings: Settings, around: Surroundings) -> None:
        """Raises ConfigurationError when the TLS files cannot be used."""
        self._calls = open_caller(
            around.system, settings, secrets=around.secrets, clock=around.clock, limit=settings.largest_answer
        )
        self._auth = settings.auth
        self._secrets = around.secrets
        self._tokens = Tokens(around.system, settings, around) if settings.auth.by == "client_credentials" else None

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return self._calls.origin

    @property
    def retry_after(self) -> float:
        """Seconds until a call has a chance; 0 when calls go through."""
        return max(self._calls.retry_after, self._tokens.retry_after if self._tokens else 0.0)

    async def request(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        *,
        accept: Container[int] = (),
        repeatable: bool | None = None,
    ) -> Answer:
        """As `HttpCaller.request`; `path` stands below the URL of the system."""
        below = self._calls.path.rstrip("/") + path

        async def call() -> Answer:
            everything = {**headers, **await self._credentials()}
            return await self._calls.request(method, below, everything, body, accept=accept, repeatable=repeatable)

        try:
            return await call()
        except CredentialsRefused:
            if self._tokens is None or not self._tokens.forget():
                raise
            return await call()  # refused means that nothing was done

    def path_to(self, reference: str, page: str) -> str:
        """The path, below the URL of the system, of a reference on that page. Raises ContractBroken when it leads
        elsewhere."""
        base = self._calls.path.rstrip("/")
        found = self._calls.path_to(urljoin(base + page, reference))
        if not found.startswith(f"{base}/"):
            raise ContractBroken(f"{self.origin} refers to a path that is not below its URL")
        return found[len(base) :]

    async def close(self) -> None:
        """Close the connections."""
        await self._calls.close()
        if self._tokens is not None:
            await self._tokens.close()

    async def _credentials(self) -> Mapping[str, str]:
        if self._tokens is not None:
            return {"authorization": f"Bearer {await self._tokens.get()}"}
        return fixed_credentials(self._auth, self._secrets)


def fixed_credentials(auth: Auth, secrets: Resolver) -> Mapping[str, str]:
    """The header that says who we are, with the secret as it is now."""
    if auth.by == "bearer" and auth.token:
        return {"authorization": f"Bearer {printable_secret(auth.token, secrets)}"}
    if auth.by == "header" and auth.key:
        return {auth.name.lower(): printable_secret(auth.key, secrets)}
    if auth.by == "basic" and auth.password:
        pair = f"{auth.user}:{secrets(auth.password)}".encode()
        return {"authorization": f"Basic {base64.b64encode(pair).decode()}"}
    return {}


class Tokens:
    """Access tokens by client credentials (RFC 6749 section 4.4), fetched when first needed, kept while they live."""

    def __init__(self, system: str, settings: Settings, around: Surroundings) -> None:
        self._auth = settings.auth
        self._secrets = around.secrets
        self._clock: Clock = around.clock
        origin = OriginSettings(
            url=settings.auth.token_url,
            tls=settings.tls if settings.auth.token_url.startswith("https:") else None,
            connect_timeout=settings.connect_timeout,
            answer_timeout=settings.answer_timeout,
        )
        self._calls: HttpCaller = open_caller(f"{system} (tokens)", origin, secrets=around.secrets, clock=around.clock)
        self._one_at_a_time = asyncio.Lock()
        self._token = ""
        self._until = 0.0

    @property
    def retry_after(self) -> float:
        """Seconds until a token may be asked for again; 0 at once."""
        return self._calls.retry_after

    async def get(self) -> str:
        """A token that lives. Raises what a call may raise, CredentialsRefused when we are given none."""
        async with self._one_at_a_time:
            if not self._token or self._clock.monotonic() >= self._until:
                await self._fetch()
            return self._token

    def forget(self) -> bool:
        """Drop the token that was refused; whether there was one that may have grown old."""
        had, self._token = bool(self._token), ""
        return had

    async def close(self) -> None:
        """Close the connections."""
        await self._calls.close()

    async def _fetch(self) -> None:
        answer = await self._calls.gate.run(self._asked, self._secrets(str(self._auth.client_secret)))
        given = document(answer, self._calls.origin)
        token = given.get("access_token") if isinstance(given, dict) else None
        if not isinstance(token, str) or not token.isascii() or not token.isprintable() or not token:
            raise ContractBroken(f"{self._calls.origin} gave no access_token; correct auth.token_url")
        life = given.get("expires_in")
        seconds = float(life) if isinstance(life, int | float) and not isinstance(life, bool) else _UNTOLD
        self._token = token
        self._until = self._clock.monotonic() + max(seconds - min(_MARGIN, seconds / 2), 0.0)

    async def _asked(self) -> Answer:
        auth = self._auth
        # RFC 6749 section 2.3.1: both are form-encoded before they become the user and the password.
        pair = f"{quote_plus(auth.client_id)}:{quote_plus(self._secrets(str(auth.client_secret)))}"
        headers = {
            "authorization": f"Basic {base64.b64encode(pair.encode()).decode()}",
            "content-type": "application/x-www-form-urlencoded",
            "accept": "application/json",
        }
        body = "grant_type=client_credentials" + (f"&scope={quote(auth.scope)}" if auth.scope else "")
        answer = await self._exchanged(headers, body.encode())
        if answer.status in _REFUSED:
            raise CredentialsRefused(f"{self._calls.origin} gives us no token: correct client_id and client_secret")
        if not 200 <= answer.status < 300:
            raise error_for(answer, self._calls.origin, self._clock.now())
        return answer

    async def _exchanged(self, headers: Mapping[str, str], body: bytes) -> Answer:
        try:
            return await self._calls.exchange("POST", self._calls.path, headers, body)
        except AmbiguousError as error:
            raise unanswered(error, self._calls.origin, repeatable=True) from error
