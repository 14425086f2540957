"""Calls from Odoo that say that there is something new, and nothing else: the next look comes now and not later.

The addon signs its call (Standard Webhooks). Odoo's own webhooks (base_automation) are not signed: they come under a
path that is a secret, and since whatever they say is thrown away, who guesses it wins an extra look.
"""

from __future__ import annotations

from typing import Final

from careloom.core.secrets import SecretRef
from careloom.systems.rotation import KeyRing, Secret
from careloom.systems.seam import Memory, Reply, Request, Surroundings
from careloom.systems.signing import scheme
from careloom.systems.webhook.refusing import Code, DoorBook, Refused
from careloom.systems.webhook.verification import Verifier

_WOKEN: Final = "feed/woken"
_TOLERANCE: Final = 300.0
_LARGEST: Final = 64 * 1024
WAKE: Final = "wake"
HINT: Final = "hint"


class Alarm:
    """Whether somebody asked for a look; known on every node."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._here = False

    async def ring(self) -> None:
        """There is something new."""
        self._here = True
        await self._memory.put(_WOKEN, b"1")

    async def rang(self) -> bool:
        """Whether it was rung since it was asked last, on whichever node."""
        if not self._here and await self._memory.get(_WOKEN) is None:
            return False
        self._here = False
        await self._memory.delete(_WOKEN)
        return True


class Door:
    """Answers the calls at `/v1/systems/NAME/wake` and `.../hint/SECRET`."""

    max_body: Final = _LARGEST

    def __init__(self, alarm: Alarm, around: Surroundings, wake: SecretRef | None, hint: SecretRef | None) -> None:
        self._alarm = alarm
        self._book = DoorBook(around.system, around.intake, around.clock)
        self._verifiers = {
            path: _verifier(name, secret, around)
            for path, name, secret in ((WAKE, "standard", wake), (HINT, "path", hint))
            if secret is not None
        }

    async def answer(self, request: Request) -> Reply:
        """204 when it was heard; else a problem with a code."""
        try:
            self._verify(request)
        except Refused as refused:
            self._book.keep(refused, request.peer)
            return refused.reply()
        await self._alarm.ring()
        return Reply(204)

    def _verify(self, request: Request) -> None:
        if request.method != "POST":
            raise Refused(Code.METHOD_UNKNOWN, "send it by POST")
        verifier = self._verifiers.get(request.path.strip("/").partition("/")[0])
        if verifier is None:
            raise Refused(Code.SIGNATURE_MISSING, "nothing is heard under this path; use wake, or hint and its secret")
        verifier.verify(request)


def _verifier(name: str, secret: SecretRef, around: Surroundings) -> Verifier:
    found = scheme(name, {})
    keyring = KeyRing(found, [Secret(ref=secret)], around.secrets, around.clock)
    return Verifier(found, keyring, around.clock, tolerance=_TOLERANCE)
