"""Answers with an entity tag, and 304 for callers that have the same already (RFC 9110 section 13.1.2)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final

from fastapi import Request, Response

JSON: Final = "application/json"


def tagged(
    request: Request,
    body: bytes,
    *,
    etag: str | None = None,
    media_type: str = JSON,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """200 with `body`, or 304 without. The tag is made of the body unless one is given, quoted."""
    tag = etag or f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    made = {"ETag": tag, **(headers or {})}
    if _has(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=made)
    return Response(body, media_type=media_type, headers=made)


def _has(header: str, tag: str) -> bool:
    """The weak comparison of RFC 9110 section 8.8.3.2."""
    given = {one.strip().removeprefix("W/") for one in header.split(",")}
    return "*" in given or tag in given
