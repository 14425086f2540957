"""The other side of webhooks that go out: an endpoint that verifies each, and drops what it has seen."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Self, cast

from careloom.core.outcomes import Outcome
from careloom.systems.http.fake import FakeTarget, Reply, Request, answering
from careloom.systems.seam import Connection, Target
from careloom.systems.signing import covered, key_of, matches, scheme, shown_in
from careloom.systems.trial import Behaviour, Trial, event, number_of

SECRET = "whsec_dHJpYWwtc2VjcmV0LW9mLXR3ZW50eS1mb3Vy"  # noqa: S105 - of the fake alone


class Endpoint:
    """Takes webhooks that are signed with SECRET. `seen` are the numbers of their events, in order, each once."""

    direction: ClassVar[str] = "out"
    foreign: ClassVar[Mapping[str, str]] = {}
    source: ClassVar[Mapping[str, Any]] = {}
    secrets: ClassVar[Mapping[str, str]] = {"HOOK": SECRET}

    def __init__(self) -> None:
        self.target = FakeTarget(self._answer)
        self._scheme = scheme("standard", {})
        self._behaviour = Behaviour.WILLING
        self._seen: dict[str, int] = {}
        self._changed = asyncio.Event()

    @property
    def settings(self) -> Mapping[str, Any]:
        return {
            "url": f"http://127.0.0.1:{self.target.port}/hooks",
            "secret": "env:HOOK",
            "allow": ["127.0.0.0/8"],
            "ports": [self.target.port],
            "answer_timeout": 0.2,
        }

    async def __aenter__(self) -> Self:
        await self.target.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.target.__aexit__(None, None, None)

    async def behave(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        await self.target.open(behaviour is not Behaviour.DOWN)

    async def deliver(self, connection: Connection, number: int) -> Outcome:
        return await cast(Target, connection).post(event(number))

    async def effects(self) -> Sequence[int]:
        return list(self._seen.values())

    async def until(self, count: int) -> None:
        while len(self._seen) < count:
            self._changed.clear()
            await self._changed.wait()

    def _answer(self, request: Request) -> bytes | None:
        refusals: dict[Behaviour, Reply] = {
            Behaviour.BUSY: answering(429, retry_after="1"),
            Behaviour.FAILING: answering(503),
            Behaviour.STRICT: answering(422),
            Behaviour.CLOSED: answering(401),
            Behaviour.DEAF: lambda _: None,
        }
        if (refusal := refusals.get(self._behaviour)) is not None:
            return refusal(request)
        if not self._genuine(request):
            return answering(400)(request)
        said = json.loads(request.body)
        self._seen.setdefault(request.headers["webhook-id"], number_of(said["id"]))
        self._changed.set()
        return None if self._behaviour is Behaviour.MUTE else answering(204)(request)

    def _genuine(self, request: Request) -> bool:
        id_, sent = request.headers["webhook-id"], request.headers["webhook-timestamp"]
        text = covered(self._scheme, request.body, id=id_, timestamp=sent)
        key = key_of(self._scheme, SECRET, "HOOK")
        shown = shown_in(self._scheme, request.headers["webhook-signature"])
        return any(matches(self._scheme, key, text, one) for one in shown)


def trials() -> Mapping[str, Callable[[], Trial]]:
    """For the conformance suite."""
    return {"out": Endpoint}
