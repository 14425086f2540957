"""How a FHIR server is told who calls: nothing, a fixed header, or a token that is fetched for a signed statement."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from typing import Any, Final, Protocol
from urllib.parse import urlencode, urlsplit

import msgspec
from joserfc import jwk, jwt
from joserfc.errors import JoseError

from careloom.core.clock import Clock
from careloom.core.errors import ConfigurationError, ContractBroken
from careloom.core.secrets import Resolver
from careloom.systems.fhir.settings import ServerSettings, SmartSettings
from careloom.systems.http.calls import CredentialsRefused, HttpCaller, document, path_of
from careloom.systems.http.origin import is_private, open_caller

_LIFETIME: Final = 300  # seconds; SMART allows no longer statement
_EARLY: Final = 30.0
_SHORTEST: Final = 5.0
_FORM: Final = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
_ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class Credentials(Protocol):
    """Gives the headers that say who calls."""

    async def headers(self) -> Mapping[str, str]:
        """For the next call."""

    def refused(self) -> None:
        """The server did not take the last ones."""

    async def close(self) -> None:
        """Let go of connections."""


class Fixed:
    """What the settings say: basic authentication, or what `HttpCaller` sends by itself."""

    def __init__(self, settings: ServerSettings, resolver: Resolver) -> None:
        self._settings = settings
        self._secrets = resolver

    async def headers(self) -> Mapping[str, str]:
        user, password = self._settings.user, self._settings.password
        if user is None or password is None:
            return {}
        pair = f"{user}:{self._secrets(password)}".encode()
        return {"authorization": f"Basic {base64.b64encode(pair).decode()}"}

    def refused(self) -> None:
        """They are read anew at each call."""

    async def close(self) -> None:
        """Nothing is open."""


class SmartToken:
    """A token of SMART backend services, kept until shortly before it ends.

    Errors are those of a call; ConfigurationError for a key that is none, ContractBroken for an answer without token.
    """

    def __init__(
        self,
        system: str,
        server: ServerSettings,
        smart: SmartSettings,
        caller: HttpCaller,
        secrets: Resolver,
        clock: Clock,
    ) -> None:
        self._system = system
        self._server = server
        self._smart = smart
        self._caller = caller
        self._secrets = secrets
        self._clock = clock
        self._tokens: HttpCaller | None = None
        self._url = smart.token_url or ""
        self._token = ""
        self._until = 0.0

    async def headers(self) -> Mapping[str, str]:
        if not self._token or self._clock.monotonic() >= self._until:
            await self._fetch()
        return {"authorization": f"Bearer {self._token}"}

    def refused(self) -> None:
        self._token = ""

    async def close(self) -> None:
        if self._tokens is not None:
            await self._tokens.close()

    async def _fetch(self) -> None:
        if not self._url:
            self._url = await self._discovered()
        if self._tokens is None:
            settings = self._server.model_copy(
                update={"url": self._url, "token": None, "secret_headers": {}, "headers": {}}
            )
            self._tokens = open_caller(f"{self._system}.token", settings, secrets=self._secrets, clock=self._clock)
        form = {
            "grant_type": "client_credentials",
            "scope": " ".join(self._smart.scopes),
            "client_assertion_type": _ASSERTION,
            "client_assertion": self._statement(),
        }
        body = urlencode(form).encode()
        answer = await self._tokens.request(
            "POST", path_of(urlsplit(self._url)), _FORM, body, accept=(400,), repeatable=True
        )
        if answer.status == 400:  # RFC 6749 section 5.2: invalid_client, invalid_scope
            raise CredentialsRefused(f"{self._tokens.origin} gives no token: correct client_id, key and scopes")
        self._keep(document(answer, self._tokens.origin))

    def _keep(self, said: Any) -> None:
        token = said.get("access_token") if isinstance(said, dict) else None
        if not isinstance(token, str) or not token.isascii() or not token.isprintable() or not token:
            raise ContractBroken(f"{self._system}: the token endpoint answered without a token")
        lasts = said.get("expires_in")
        seconds = float(lasts) if isinstance(lasts, int) and lasts > 0 else _LIFETIME
        self._token = token
        self._until = self._clock.monotonic() + max(seconds - _EARLY, min(seconds, _SHORTEST))

    async def _discovered(self) -> str:
        base = self._caller.path.partition("?")[0].rstrip("/")
        answer = await self._caller.request(
            "GET", f"{base}/.well-known/smart-configuration", {"accept": "application/json"}
        )
        said = document(answer, self._caller.origin)
        url = said.get("token_endpoint") if isinstance(said, dict) else None
        if not isinstance(url, str) or not is_private(url) or not urlsplit(url).hostname:
            raise ContractBroken(f"{self._caller.origin} names no token endpoint over https; set smart.token_url")
        return url

    def _statement(self) -> str:
        smart, now = self._smart, int(self._clock.now().timestamp())
        header = {"alg": smart.algorithm, "kid": smart.key_id, "typ": "JWT"}
        claims = {"iss": smart.client_id, "sub": smart.client_id, "aud": self._url, "jti": secrets.token_hex(16)}
        try:
            key = _key(self._secrets(smart.key), smart.algorithm)
            return jwt.encode(header, {**claims, "iat": now, "exp": now + _LIFETIME}, key, [smart.algorithm])
        except (JoseError, ValueError, TypeError) as error:
            problem = f"smart.key is no private key for {smart.algorithm}: {type(error).__name__}"
            raise ConfigurationError(f"{self._system}: {problem}") from None


def _key(secret: str, algorithm: str) -> Any:
    """From PEM, or from a JWK as JSON."""
    made: Any = msgspec.json.decode(secret) if secret.lstrip().startswith("{") else secret
    if algorithm == "RS384":
        return jwk.import_key(made, "RSA")
    return jwk.import_key(made, "EC")


def credentials(
    system: str, settings: ServerSettings, caller: HttpCaller, resolver: Resolver, clock: Clock
) -> Credentials:
    """The way in that the settings declare."""
    if settings.smart is None:
        return Fixed(settings, resolver)
    return SmartToken(system, settings, settings.smart, caller, resolver, clock)
