"""Request bodies, read as a stream so that a limit holds before memory is used."""

from __future__ import annotations

from fastapi import Request

from careloom.gateway.problems import ProblemError


async def read_body(request: Request, limit: int) -> bytes:
    """The whole body. ProblemError 413 as soon as more than `limit` octets are announced or have come."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit:
        raise _too_large(limit)
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        chunks.append(chunk)
    return b"".join(chunks)


def _too_large(limit: int) -> ProblemError:
    return ProblemError(413, "message-too-large", f"this system takes messages of up to {limit} octets")
