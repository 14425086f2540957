"""API keys: long, distinct, and only a digest is kept."""

from __future__ import annotations

import hashlib

from careloom.security.apikeys import digest, new_key


def test_keys_are_distinct_recognisable_and_hold_256_bits() -> None:
    keys = {new_key() for _ in range(1000)}
    assert len(keys) == 1000
    assert all(key.startswith("clm_") and len(key) == 4 + 43 for key in keys)


def test_the_digest_is_stable_and_does_not_hold_the_key() -> None:
    key = new_key()
    assert digest(key) == digest(key) == hashlib.sha256(key.encode()).digest()
    assert digest(key) != digest(new_key())
    assert key.encode() not in digest(key)
