"""References to secrets. A setting holds `env:NAME` or `file:PATH`, never the value."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, TypeAlias

from pydantic import AfterValidator

_REFERENCE = re.compile(r"(env|file):.+")


def _check(value: str) -> str:
    # The message must not repeat the value: somebody may have pasted the secret itself.
    if not _REFERENCE.fullmatch(value):
        raise ValueError("a secret is given by reference: write env:NAME or file:PATH, never the value itself")
    return value


SecretRef = Annotated[str, AfterValidator(_check)]
"""A reference in settings; pydantic refuses anything that is not `env:NAME` or `file:PATH`."""

Resolver: TypeAlias = Callable[[str], str]
"""Reads a reference at the moment of use, so that a rotated secret needs no restart. Raises ConfigurationError."""
