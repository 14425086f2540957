"""External ids: the names under which Odoo knows our records, and the ground on which `load()` never doubles one."""

from __future__ import annotations

import hashlib
import re

LONGEST = 128
_ODD = re.compile(rb"[^A-Za-z0-9-]")
_MODULE = re.compile(r"[a-z_][a-z0-9_]*")


def external_id(kind: str, assigner: str, value: str, *, module: str = "careloom") -> str:
    """`careloom.patient_GENHOSP_MRN00042`: the external id for an identifier of a source.

    Letters, digits and hyphens stay; every other octet of UTF-8 becomes a dot and two hex digits, so different
    identifiers never meet. Past 128 characters the tail is a SHA-256 hash, after `.-`, which no encoding makes.
    It contains the identifier: treat it like one in logs.
    """
    if not value:
        raise ValueError("an external id needs an identifier; this one is empty")
    if not _MODULE.fullmatch(module):
        raise ValueError("the module of an external id is lower-case letters, digits and underscores")
    whole = f"{module}." + "_".join(_encode(part) for part in (kind, assigner, value))
    if len(whole) <= LONGEST:
        return whole
    tail = ".-" + hashlib.sha256(whole.encode()).hexdigest()[:40]
    return whole[: LONGEST - len(tail)] + tail


def _encode(part: str) -> str:
    return _ODD.sub(lambda odd: b".%02x" % odd[0][0], part.encode()).decode()


def split(external_id: str) -> tuple[str, str]:
    """Module and name: Odoo cuts at the first dot and takes `__import__` where there is none."""
    module, dot, name = external_id.partition(".")
    return (module, name) if dot else ("__import__", external_id)


def fingerprint(external_id: str) -> str:
    """A short stand-in for log lines: the same id gives the same 8 digits, and they tell nobody the identifier."""
    return hashlib.sha256(external_id.encode()).hexdigest()[:8]
