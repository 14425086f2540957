"""How webhooks are signed: schemes as declarations, for those that come in and those that go out.

A scheme says which text is signed, how, and where the signature, the time and the id stand. `standard` is Standard
Webhooks 1.0 (github.com/standard-webhooks, specification); the others are the habits of vendors, each a few words.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from careloom.core.errors import ConfigurationError

Algorithm: TypeAlias = Literal["hmac-sha256", "hmac-sha1", "hmac-sha512", "ed25519", "equal"]
Encoding: TypeAlias = Literal["hex", "base64", "text"]
SecretForm: TypeAlias = Literal["text", "hex", "base64", "standard"]

_DIGESTS: Final = {"hmac-sha256": "sha256", "hmac-sha1": "sha1", "hmac-sha512": "sha512"}
_PART: Final = re.compile(r"\{(\w*)\}")
_PARTS: Final = frozenset({"body", "id", "timestamp", "url"})
_PREFIXES: Final = ("whsec_", "whpk_", "whsk_")
MOST_SIGNATURES: Final = 16
"""Signatures of one request that are looked at: a rotation needs two, a flood gets no further."""


class Scheme(BaseModel):
    """Where a signature stands and what it covers. Header names are in lower case."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    algorithm: Algorithm = Field(default="hmac-sha256", description="`equal`: the secret itself is sent")
    signed: str = Field(default="{body}", description="the text that is signed, of {body}, {id}, {timestamp}, {url}")
    header: str = Field(default="", description="header of the signature; empty: the last part of the path")
    prefix: str = Field(default="", description="what stands before the signature, such as sha256=")
    separator: str = Field(default="", description="what stands between several signatures in the header")
    encoding: Encoding = Field(default="hex", description="how the signature is written")
    written: SecretForm = Field(default="text", description="how the secret is written")
    id_header: str = Field(default="", description="header of the delivery's id")
    timestamp_header: str = Field(default="", description="header of the time")
    timestamp_prefix: str = Field(default="", description="what stands before the time in a list, such as t=")
    timestamp_unit: Literal["s", "ms"] = Field(default="s", description="seconds or milliseconds since 1970")

    @field_validator("header", "id_header", "timestamp_header")
    @classmethod
    def _lower(cls, name: str) -> str:
        return name.lower()

    @field_validator("signed")
    @classmethod
    def _known_parts(cls, signed: str) -> str:
        if strange := set(_PART.findall(signed)) - _PARTS:
            raise ValueError(f"{{{min(strange)}}} is no part of a request; there are {', '.join(sorted(_PARTS))}")
        return signed

    @model_validator(mode="after")
    def _whole(self) -> Scheme:
        if self.algorithm != "equal" and (not self.header or "{body}" not in self.signed):
            raise ValueError("a signature stands in a header and covers {body}")
        if "{id}" in self.signed and not self.id_header:
            raise ValueError("{id} is signed; say in which header it stands (id_header)")
        if "{timestamp}" in self.signed and not self.timestamp_header:
            raise ValueError("{timestamp} is signed; say in which header it stands (timestamp_header)")
        return self

    @property
    def signs_id(self) -> bool:
        """Whether the id of a delivery can be trusted: it is part of what is signed."""
        return "{id}" in self.signed


def _standard(header: str, **more: str) -> dict[str, str]:
    """Standard Webhooks, section "Signature scheme", under the headers of `header`."""
    return {
        "signed": "{id}.{timestamp}.{body}", "header": f"{header}-signature", "prefix": "v1,", "separator": " ",
        "encoding": "base64", "written": "standard", "id_header": f"{header}-id",
        "timestamp_header": f"{header}-timestamp", **more,
    }  # fmt: skip


PRESETS: Final[Mapping[str, Mapping[str, str]]] = {
    "standard": _standard("webhook"),
    "standard-asymmetric": _standard("webhook", prefix="v1a,", algorithm="ed25519"),
    "svix": _standard("svix"),
    "stripe": {
        "signed": "{timestamp}.{body}", "header": "stripe-signature", "prefix": "v1=", "separator": ",",
        "timestamp_header": "stripe-signature", "timestamp_prefix": "t=",
    },
    "github": {"header": "x-hub-signature-256", "prefix": "sha256=", "id_header": "x-github-delivery"},
    "shopify": {"header": "x-shopify-hmac-sha256", "encoding": "base64", "id_header": "x-shopify-webhook-id"},
    "slack": {
        "signed": "v0:{timestamp}:{body}", "header": "x-slack-signature", "prefix": "v0=",
        "timestamp_header": "x-slack-request-timestamp",
    },
    "square": {"signed": "{url}{body}", "header": "x-square-hmacsha256-signature", "encoding": "base64"},
    "hmac-sha256": {"algorithm": "hmac-sha256", "header": "x-signature"},
    "hmac-sha1": {"algorithm": "hmac-sha1", "header": "x-signature"},
    "hmac-sha512": {"algorithm": "hmac-sha512", "header": "x-signature"},
    "token": {"algorithm": "equal", "encoding": "text", "header": "authorization", "prefix": "Bearer "},
    "basic": {"algorithm": "equal", "encoding": "base64", "header": "authorization", "prefix": "Basic "},
    "path": {"algorithm": "equal", "encoding": "text"},
}  # fmt: skip
"""Schemes by name. A deployment names one and overrides what its vendor does otherwise."""


def scheme(name: str, over: Mapping[str, str]) -> Scheme:
    """A preset with changes. Raises ValueError for a name that there is not, and pydantic's for what does not fit."""
    if name not in PRESETS:
        raise ValueError(f"there is no scheme {name!r}; there are {', '.join(PRESETS)}")
    return Scheme.model_validate({**PRESETS[name], **over})


def covered(scheme: Scheme, body: bytes, *, id: str = "", timestamp: str = "", url: str = "") -> bytes:
    """The octets that are signed."""
    if scheme.signed == "{body}":
        return body
    parts = {"id": id.encode(), "timestamp": timestamp.encode(), "url": url.encode(), "body": body}
    made = b""
    for place, piece in enumerate(_PART.split(scheme.signed)):
        made += parts[piece] if place % 2 else piece.encode()
    return made


def key_of(scheme: Scheme, secret: str, reference: str) -> bytes:
    """The octets of a secret. Raises ConfigurationError that names the reference, never the value."""
    try:
        if scheme.written == "hex":
            return _not_empty(bytes.fromhex(secret))
        if scheme.written == "text":
            return _not_empty(secret.encode())
        return _not_empty(_base64(_bare(secret) if scheme.written == "standard" else secret))
    except ValueError:
        raise ConfigurationError(f"the secret {reference} is empty or is not written as {scheme.written}") from None


def signature(scheme: Scheme, key: bytes, text: bytes) -> str:
    """As it stands in the header, with its prefix."""
    return scheme.prefix + _encoded(scheme.encoding, _signed(scheme.algorithm, key, text))


def matches(scheme: Scheme, key: bytes, text: bytes, shown: bytes) -> bool:
    """Whether a signature that was shown is right; in a time that does not tell how nearly."""
    if scheme.algorithm == "ed25519":
        return _verified(key, text, shown)
    return hmac.compare_digest(_signed(scheme.algorithm, key, text), shown)


def shown_in(scheme: Scheme, value: str) -> list[bytes]:
    """The signatures in a header's value, decoded; those that are not of this scheme are left out."""
    pieces = value.split(scheme.separator, MOST_SIGNATURES)[:MOST_SIGNATURES] if scheme.separator else [value]
    found = []
    for piece in pieces:
        text = piece.strip()
        if text[: len(scheme.prefix)].lower() == scheme.prefix.lower():
            try:
                found.append(_decoded(scheme.encoding, text[len(scheme.prefix) :].strip()))
            except ValueError:
                continue
    return found


def _signed(algorithm: Algorithm, key: bytes, text: bytes) -> bytes:
    if algorithm == "equal":
        return key
    if algorithm == "ed25519":
        return Ed25519PrivateKey.from_private_bytes(key[:32]).sign(text)
    return hmac.digest(key, text, _DIGESTS[algorithm])


def _verified(key: bytes, text: bytes, shown: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(shown, text)
    except (InvalidSignature, ValueError):
        return False
    return True


def _encoded(encoding: Encoding, octets: bytes) -> str:
    if encoding == "hex":
        return octets.hex()
    return base64.b64encode(octets).decode() if encoding == "base64" else octets.decode()


def _decoded(encoding: Encoding, text: str) -> bytes:
    if encoding == "hex":
        return bytes.fromhex(text)
    return _base64(text) if encoding == "base64" else text.encode()


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        raise ValueError("no base64") from None


def _bare(secret: str) -> str:
    for prefix in _PREFIXES:
        secret = secret.removeprefix(prefix)
    return secret


def _not_empty(key: bytes) -> bytes:
    if not key:
        raise ValueError("empty")
    return key
