"""Sealing: bodies open only where they belong, and stand-ins say nothing without the key."""

from __future__ import annotations

import hashlib
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from careloom.core.errors import ConfigurationError
from careloom.security.sealing import DataKey, MasterKey, SealBroken, new_data_key

MASTER = MasterKey(bytes(range(32)))
OTHER = MasterKey(bytes(32))
SUBJECT, TOKEN = "Patient/GENHOSP/MRN1", UUID(int=5)


def _key() -> DataKey:
    return DataKey(1, TOKEN, AESGCM(new_data_key()))


KEY = _key()


@given(st.text(max_size=300), st.binary(max_size=2000), st.uuids())
def test_what_is_sealed_opens_as_it_was(subject: str, data: bytes, entry: UUID) -> None:
    assert KEY.open(KEY.seal(subject, data, entry), entry) == (subject, data)


@given(st.data())
def test_any_changed_byte_and_any_cut_is_noticed(data: st.DataObject) -> None:
    entry = uuid4()
    sealed = bytearray(KEY.seal(SUBJECT, b"body", entry))
    place = data.draw(st.integers(0, len(sealed) - 1))
    cut = bytes(sealed[:place])
    sealed[place] ^= data.draw(st.integers(1, 255))
    for broken in (bytes(sealed), cut):
        with pytest.raises(SealBroken, match=str(entry)):
            KEY.open(broken, entry)


def test_bodies_swapped_between_entries_do_not_open() -> None:
    first, second = uuid4(), uuid4()
    sealed = {first: KEY.seal(SUBJECT, b"first", first), second: KEY.seal(SUBJECT, b"second", second)}
    for entry, other in ((first, second), (second, first)):
        with pytest.raises(SealBroken, match="altered"):
            KEY.open(sealed[other], entry)


def test_the_key_of_another_subject_does_not_open_it() -> None:
    entry = uuid4()
    with pytest.raises(SealBroken):
        _key().open(KEY.seal(SUBJECT, b"body", entry), entry)


def test_the_same_body_is_never_sealed_to_the_same_bytes() -> None:
    entry = uuid4()
    assert len({KEY.seal(SUBJECT, b"body", entry) for _ in range(100)}) == 100


def test_nothing_of_subject_or_body_shows_in_the_sealed_bytes() -> None:
    sealed = KEY.seal(SUBJECT, b"Quillfeather" * 10, uuid4())
    assert b"MRN1" not in sealed and b"Quill" not in sealed


def test_a_wrapped_key_opens_with_its_master_and_token_only() -> None:
    data_key = new_data_key()
    wrapped = MASTER.wrap(data_key, TOKEN)
    assert data_key not in wrapped
    assert MASTER.unwrap(wrapped, TOKEN) == data_key
    for master, token, bytes_ in (
        (OTHER, TOKEN, wrapped),
        (MASTER, UUID(int=6), wrapped),
        (MASTER, TOKEN, wrapped[:5]),
    ):
        with pytest.raises(SealBroken, match="check that the configured master key is the one"):
            master.unwrap(bytes_, token)


def test_tokens_are_stable_and_not_what_anyone_could_compute() -> None:
    token = MASTER.token(SUBJECT)
    assert token == MasterKey(bytes(range(32))).token(SUBJECT)
    assert len({token, OTHER.token(SUBJECT), MASTER.token(SUBJECT + "0")}) == 3
    plain = {
        hashlib.new(name, SUBJECT.encode()).digest()[:16] for name in ("md5", "sha1", "sha256", "sha512", "blake2b")
    }
    assert token.bytes not in plain


def test_fingerprints_tell_bodies_apart_and_are_no_plain_hash() -> None:
    assert MASTER.fingerprint(b"body") == MASTER.fingerprint(b"body")
    assert len({MASTER.fingerprint(b"body"), MASTER.fingerprint(b"bodz"), OTHER.fingerprint(b"body")}) == 3
    assert MASTER.fingerprint(b"body") != hashlib.blake2b(b"body", digest_size=16).digest()


@pytest.mark.parametrize("text", ["", "00", "00" * 31, "00" * 33])
def test_a_master_key_of_another_length_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="32 bytes"):
        MasterKey.from_text(text)


def test_a_master_key_that_is_no_hexadecimal_is_refused_without_quoting_it() -> None:
    with pytest.raises(ConfigurationError, match="openssl rand") as refused:
        MasterKey.from_text("correct horse battery staple")
    assert "horse" not in str(refused.value)


def test_a_master_key_is_read_with_the_line_end_of_its_file() -> None:
    assert MasterKey.from_text("00" * 32 + "\n").token("x") == OTHER.token("x")
