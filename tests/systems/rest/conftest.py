"""A vendor that answers as a test says, and the kind connected to it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from careloom.mapping.declared import Rules
from careloom.mapping.source import JsonShape
from careloom.mapping.source import Settings as SourceSettings
from careloom.systems.http.fake import FakeTarget, Request, answering
from careloom.systems.rest.connector import Rest, Settings, connect
from careloom.testing.clock import VirtualClock
from careloom.testing.surroundings import World

Answers = Callable[[Request], bytes | None]


def document(body: Any, status: int = 200, **headers: str) -> bytes:
    """An answer with a JSON document, or with these octets."""
    octets = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} Fake\r\n{lines}content-length: {len(octets)}\r\n\r\n".encode() + octets


class Bench:
    """`answers` is what the vendor does with a request; by default it has nothing."""

    def __init__(self, base: Path) -> None:
        self.clock = VirtualClock()
        self.world = World(base, self.clock)
        self.world.learn({"KEY": "k", "SECRET": "s:?"})
        self.answers: Answers = answering(404)
        self.target = FakeTarget(lambda request: self.answers(request))
        self._opened: list[Rest] = []

    def connect(self, rules: Rules | None = None, **settings: Any) -> Rest:
        """As the hub would."""
        settings.setdefault("url", f"{self.origin}/api")
        settings.setdefault("answer_timeout", 0.2)
        source = SourceSettings(json=JsonShape(dialect="shop", type="/resource", noun="Thing"), rules=rules)
        made = connect(Settings.model_validate(settings), self.world.around(source=source))
        self._opened.append(made)
        return made

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.target.port}"

    @property
    def asked(self) -> list[str]:
        """Methods and paths, in order."""
        return [f"{one.method} {one.path}" for one in self.target.requests]

    @property
    def stored(self) -> Sequence[tuple[str, str, str]]:
        """Type, key and subject of each message in the log."""
        return [(one.type, one.key, one.subject) for one in self.world.intake.messages]

    def pages(self, **by_path: Any) -> None:
        """Answer each path and query with a document or octets."""
        known: Mapping[str, Any] = {path.lstrip("_"): body for path, body in by_path.items()}
        self.answers = lambda request: (
            document(known[request.path]) if request.path in known else answering(404)(request)
        )

    async def close(self) -> None:
        for one in self._opened:
            await one.close()


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    made = Bench(tmp_path)
    async with made.target:
        yield made
        await made.close()
