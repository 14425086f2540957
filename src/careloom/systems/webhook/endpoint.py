"""Takes webhooks at the gateway: proves who sent them, stores them, and only then says so."""

from __future__ import annotations

from typing import Final

import msgspec

from careloom.core.errors import FormatError
from careloom.core.receipts import Refusal
from careloom.systems.reception import Reception, Taken
from careloom.systems.seam import Reply, Request, Surroundings
from careloom.systems.webhook import sameness
from careloom.systems.webhook.handshake import BodyHandshake, QueryHandshake, body_answer, query_answer
from careloom.systems.webhook.refusing import Code, DoorBook, Refused
from careloom.systems.webhook.settings import Settings
from careloom.systems.webhook.verification import Verifier

_METHODS: Final = frozenset({"POST", "PUT"})


class Webhook:
    """One sender's way in."""

    def __init__(self, settings: Settings, around: Surroundings, reception: Reception, verifier: Verifier) -> None:
        self.system = around.system
        self.clock = around.clock
        self._settings = settings
        self._around = around
        self._reception = reception
        self._verifier = verifier
        self._book = DoorBook(around.system, around.intake, around.clock)
        # A body may hold several messages, which one id cannot tell apart: then each is known by its own.
        shape = around.source.json
        self.by_id = settings.format == "json" and (shape is None or shape.items is None)

    @property
    def authenticates(self) -> bool:
        """Senders have no API key: they sign."""
        return True

    @property
    def max_body(self) -> int:
        """Octets of the largest request."""
        return self._settings.max_body

    async def answer(self, request: Request) -> Reply:
        """Store what came and say so; else a problem with a code of `Code`.

        Raises Unavailable when the store did not take it, ConfigurationError when no secret can be read.
        """
        handshake = self._settings.handshake
        if isinstance(handshake, QueryHandshake):
            found = query_answer(handshake, request, self._around.secrets)
            if found is not None:
                return found
        try:
            id_ = self._admitted(request)
        except Refused as refused:
            self._book.keep(refused, request.peer)
            return refused.reply()
        if isinstance(handshake, BodyHandshake) and (found := body_answer(handshake, request.body)) is not None:
            return found
        try:
            return _stored(await self._take(request, id_))
        except Refused as refused:
            return refused.reply()

    async def close(self) -> None:
        """Nothing is open."""

    def _admitted(self, request: Request) -> str:
        """The id of the delivery, "" where none is signed. Raises Refused."""
        if request.method not in _METHODS:
            raise Refused(Code.METHOD_UNKNOWN, "send webhooks by POST")
        if len(request.body) > self.max_body:
            raise Refused(Code.BODY_TOO_LARGE, f"this system takes webhooks of up to {self.max_body} octets")
        return self._verifier.verify(request).id

    async def _take(self, request: Request, id_: str) -> Taken:
        if request.headers.get("content-encoding", "identity").lower() not in ("identity", ""):
            raise Refused(Code.BODY_UNREADABLE, "send the body uncompressed", "header content-encoding")
        key = id_ if id_ and self.by_id else None
        return await self._reception.take(self._form_of(request), origin=request.peer, key=key)

    def _form_of(self, request: Request) -> bytes:
        """The body as it is; where a list is looked into as well, in the form that both have."""
        poll = self._settings.poll
        if poll is None:
            return request.body
        try:
            return sameness.written(sameness.read(request.body), poll.ignore)
        except FormatError as error:
            refusal = Refusal(self._around.system, error.reason, error.location, request.body, request.peer)
            self._around.intake.refuse(refusal)
            raise Refused(Code.BODY_UNREADABLE, error.reason, error.location) from None


def _stored(taken: Taken) -> Reply:
    """What the sender is told once everything is committed. Raises Refused when some of it is not ours."""
    if taken.refused:
        first = taken.refused[0]
        detail = first.reason if not taken.receipts else f"{first.reason}; the rest is stored ({taken})"
        raise Refused(Code.BODY_UNREADABLE, detail, first.location)
    if taken.conflicting:
        raise Refused(Code.ID_REUSED, "this id was used before for other content; nothing was changed")
    return Reply(200, msgspec.json.encode({"accepted": taken.accepted, "repeated": taken.repeated}))
