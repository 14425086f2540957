"""Signatures against the published library, its vectors, and what vendors document of theirs."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from standardwebhooks import Webhook as Reference
from standardwebhooks import WebhookVerificationError

from careloom.core.errors import ConfigurationError
from careloom.systems.signing import MOST_SIGNATURES, PRESETS, covered, key_of, matches, scheme, shown_in, signature

STANDARD = scheme("standard", {})
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def sign(secret: str, body: bytes, *, id: str = "msg_1", at: int = 1_772_352_000) -> str:
    text = covered(STANDARD, body, id=id, timestamp=str(at))
    return signature(STANDARD, key_of(STANDARD, secret, "env:X"), text)


def accepts(secret: str, body: bytes, header: str, *, id: str = "msg_1", at: int = 1_772_352_000) -> bool:
    text = covered(STANDARD, body, id=id, timestamp=str(at))
    key = key_of(STANDARD, secret, "env:X")
    return any(matches(STANDARD, key, text, one) for one in shown_in(STANDARD, header))


def test_the_vector_of_the_published_library() -> None:
    """`msg_p5jXN8AQM9LWM0D4loKWxJek` of its own test suite."""
    body = b'{"test": 2432232314}'
    signed = sign(SECRET, body, id="msg_p5jXN8AQM9LWM0D4loKWxJek", at=1_614_265_330)
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@given(
    body=st.text(st.characters(exclude_categories=["Cs"])),
    id=st.text("abcdefghijklmnopqrstuvwxyz0123456789_", min_size=1),
    secret=st.binary(min_size=1, max_size=64),
    at=st.integers(0, 4_000_000_000),
)
def test_we_sign_as_the_published_library_does(body: str, id: str, secret: bytes, at: int) -> None:
    written = "whsec_" + base64.b64encode(secret).decode()
    theirs = Reference(written).sign(id, datetime.fromtimestamp(at, UTC), body)
    assert sign(written, body.encode(), id=id, at=at) == theirs
    assert accepts(written, body.encode(), f"v1a,AAAA v1,bm9uc2Vuc2U= {theirs}", id=id, at=at)
    assert not accepts(written, body.encode() + b" ", theirs, id=id, at=at)
    assert not accepts(written, body.encode(), theirs, id=id + "x", at=at)
    assert not accepts(written, body.encode(), theirs, id=id, at=at + 1)


def test_the_published_library_accepts_ours_during_a_rotation() -> None:
    now = int(datetime.now(UTC).timestamp())
    body = json.dumps({"type": "registration.created.v1"}).encode()
    old, new = SECRET, "whsec_" + base64.b64encode(b"n" * 32).decode()
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(now),
        "webhook-signature": f"{sign(new, body, at=now)} {sign(old, body, at=now)}",
    }
    for secret in (old, new):
        assert Reference(secret).verify(body, headers) == json.loads(body)
    with pytest.raises(WebhookVerificationError):
        Reference("whsec_" + base64.b64encode(b"x" * 32).decode()).verify(body, headers)


def test_ed25519_signatures_verify_with_the_public_key_alone() -> None:
    private = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
    public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    asymmetric = scheme("standard-asymmetric", {})
    key = key_of(asymmetric, "whsk_" + base64.b64encode(b"k" * 32).decode(), "env:X")
    text = covered(asymmetric, b"{}", id="msg_1", timestamp="1")
    signed = signature(asymmetric, key, text)
    assert signed.startswith("v1a,")
    known = key_of(asymmetric, "whpk_" + base64.b64encode(public).decode(), "env:X")
    (shown,) = shown_in(asymmetric, f"v1,AAAA {signed}")
    assert matches(asymmetric, known, text, shown)
    assert not matches(asymmetric, known, text + b" ", shown)
    assert not matches(asymmetric, b"short", text, shown)


def mac(text: bytes, digest: str = "sha256") -> bytes:
    return hmac.new(b"s3cret", text, getattr(hashlib, digest)).digest()


VENDORS = {
    "stripe": (f"t=17,v1=00,v0=11,v1={mac(b'17.{}').hex()}", {}),
    "github": (f"sha256={mac(b'{}').hex()}", {}),
    "shopify": (base64.b64encode(mac(b"{}")).decode(), {}),
    "slack": (f"v0={mac(b'v0:17:{}').hex()}", {}),
    "square": (base64.b64encode(mac(b"https://hub.example.org/h{}")).decode(), {}),
    "hmac-sha256": (mac(b"{}").hex().upper(), {}),
    "hmac-sha1": (f"sha1={mac(b'{}', 'sha1').hex()}", {"prefix": "sha1="}),
    "hmac-sha512": (base64.b64encode(mac(b"17{}", "sha512")).decode(),
                    {"encoding": "base64", "signed": "{timestamp}{body}", "timestamp_header": "x-time"}),
    "token": ("Bearer s3cret", {}),
    "basic": (f"Basic {base64.b64encode(b's3cret').decode()}", {}),
    "path": ("s3cret", {}),
}  # fmt: skip


@pytest.mark.parametrize("name", VENDORS)
def test_a_vendors_own_way_is_a_declaration(name: str) -> None:
    value, over = VENDORS[name]
    declared = scheme(name, over)
    key = key_of(declared, "s3cret", "env:X")
    text = covered(declared, b"{}", id="i", timestamp="17", url="https://hub.example.org/h")
    assert any(matches(declared, key, text, one) for one in shown_in(declared, value))
    other = key_of(declared, "S3cret", "env:X")
    assert not any(matches(declared, other, text, one) for one in shown_in(declared, value))


def test_every_preset_is_tried_here_or_against_the_library() -> None:
    assert set(PRESETS) == {*VENDORS, "standard", "standard-asymmetric", "svix"}


def test_a_part_named_in_a_body_is_not_filled_in() -> None:
    """The body is what it is: a template in it is text."""
    body = b"{id}{timestamp}"
    assert covered(STANDARD, body, id="a", timestamp="1") == b"a.1.{id}{timestamp}"


def test_a_flood_of_signatures_in_one_header_is_not_all_looked_at() -> None:
    assert len(shown_in(STANDARD, "v1,AAAA " * 10_000)) == MOST_SIGNATURES


@pytest.mark.parametrize("value", ["", " ", "v1", "v1,", "v2,AAAA", "v1,&&&", "v1,AA=A", "\x00", "v1,é"])
def test_what_is_no_signature_is_left_out(value: str) -> None:
    assert [one for one in shown_in(STANDARD, value) if one] == []


@pytest.mark.parametrize(
    ("secret", "over"),
    [("whsec_", {}), ("whsec_&&&&", {}), ("", {}), ("zz", {"written": "hex"}), ("", {"written": "text"})],
)
def test_a_secret_that_is_none_is_told_by_its_reference_only(secret: str, over: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="env:HOOK") as caught:
        key_of(scheme("standard", over), secret, "env:HOOK")
    assert not secret or secret not in str(caught.value)


@pytest.mark.parametrize(
    "over",
    [{"signed": "{nonce}{body}"}, {"signed": "{id}"}, {"header": ""}, {"id_header": ""}, {"timestamp_header": ""},
     {"algorithm": "md5"}, {"colour": "red"}],
)  # fmt: skip
def test_a_declaration_that_cannot_work_is_refused(over: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        scheme("standard", over)
    with pytest.raises(ValueError, match="there are standard"):
        scheme("nobody", {})
