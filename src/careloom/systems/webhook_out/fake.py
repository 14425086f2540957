"""The other side of webhooks that go out: an endpoint that verifies each, and drops what it has seen."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from careloom.systems.http.fake import Receiver, Request
from careloom.systems.signing import covered, key_of, matches, scheme, shown_in
from careloom.systems.trial import Trial, number_of

SECRET = "whsec_dHJpYWwtc2VjcmV0LW9mLXR3ZW50eS1mb3Vy"  # noqa: S105 - of the fake alone
_SCHEME = scheme("standard", {})


class Endpoint(Receiver):
    """Takes webhooks that are signed with SECRET, each event once."""

    secrets: ClassVar[Mapping[str, str]] = {"HOOK": SECRET}

    @property
    def settings(self) -> Mapping[str, Any]:
        return {
            "url": f"http://127.0.0.1:{self.target.port}/hooks",
            "secret": "env:HOOK",
            "allow": ["127.0.0.0/8"],
            "ports": [self.target.port],
            "answer_timeout": 0.2,
        }

    def effect(self, request: Request) -> tuple[str, int] | None:
        if not _genuine(request):
            return None
        return request.headers["webhook-id"], number_of(json.loads(request.body)["id"])


def _genuine(request: Request) -> bool:
    id_, sent = request.headers["webhook-id"], request.headers["webhook-timestamp"]
    text = covered(_SCHEME, request.body, id=id_, timestamp=sent)
    key = key_of(_SCHEME, SECRET, "HOOK")
    return any(matches(_SCHEME, key, text, one) for one in shown_in(_SCHEME, request.headers["webhook-signature"]))


def trials() -> Mapping[str, Callable[[], Trial]]:
    """For the conformance suite."""
    return {"out": Endpoint}
