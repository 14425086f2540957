"""OpenPGP (RFC 9580) around files: opening what partners encrypted to us, and closing what is for them.

Needs the extra `careloom[pgp]`.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, TypeAlias

from careloom.core.errors import ConfigurationError, FormatError
from careloom.core.secrets import Resolver

Unwrap: TypeAlias = Callable[[bytes], bytes]


def opener(key: str | None, signer: str | None, secrets: Resolver) -> Unwrap | None:
    """What opens files: decrypts them with our private key, and with `signer` checks that this partner signed them.

    The references are read at each file, so that keys may be replaced. None without a key: files are taken as they are.
    Raises ConfigurationError when the extra is not installed.
    """
    if key is None:
        return None
    pgp = _library()

    def open_(data: bytes) -> bytes:
        ours = _key(pgp.Tsk, secrets(key), key)
        certificates = [_key(pgp.Cert, secrets(signer), signer)] if signer else None
        store = (lambda _ids: certificates) if certificates else None
        try:
            opened = pgp.decrypt(bytes=data, decryptor=ours.decryptor(), store=store)
        except Exception:  # its errors are of no class of their own, and may quote what was signed
            wish = " and signed with the certificate given" if signer else ""
            raise FormatError(f"is not encrypted to our key{wish}; ask its sender", "OpenPGP") from None
        if certificates and not opened.valid_sigs:
            raise FormatError("is not signed by the sender whose certificate we have", "OpenPGP")
        return bytes(opened.bytes)

    return open_


def _library() -> Any:
    try:
        return import_module("pysequoia")
    except ImportError:
        raise ConfigurationError("OpenPGP needs a library: pip install 'careloom[pgp]'") from None


def _key(kind: Any, armored: str, reference: str) -> Any:
    try:
        return kind.from_bytes(armored.encode())
    except Exception:
        raise ConfigurationError(f"{reference} holds no OpenPGP key of the kind that is needed, armored") from None
