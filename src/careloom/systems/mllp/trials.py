"""The other side of MLLP for the conformance suite: an EHR that sends, and a receiver that answers on command."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Self, cast

from careloom.core.outcomes import Outcome
from careloom.formats import hl7v2
from careloom.systems.mllp.fake import FakeReceiver, FakeSender, Reply, answering
from careloom.systems.mllp.listener import MllpListener
from careloom.systems.mllp.target import MllpTarget, control_id_of
from careloom.systems.seam import Connection
from careloom.systems.trial import SURNAME, Answer, Behaviour, Trial, event

_LATER = 207  # HL7 table 0357: application internal error
_NOWHERE = "127.0.0.2"


def admission(number: int, *, other: bool = False) -> bytes:
    """An ADT^A04 of an invented person; three in a row are about one patient."""
    name = f"{SURNAME.upper()}^OTHER" if other else f"{SURNAME.upper()}^GIVEN{number}"
    return (
        f"MSH|^~\\&|EHR|LAKESIDE|HUB|ERP|20260302081500||ADT^A04^ADT_A01|C{number:05}|P|2.5.1\r"
        f"EVN|A04|20260302081500\rPID|1||MRN{(number - 1) // 3:05}^^^LAKESIDE^MR||{name}||19810203|F\r"
    ).encode()


class Sender:
    """Sends admissions; what is spoiled has no message type, and strangers come from another address."""

    direction: ClassVar[str] = "in"
    foreign: ClassVar[Mapping[str, str]] = {}
    settings: ClassVar[Mapping[str, Any]] = {"port": 0, "networks": ["127.0.0.1/32"]}
    source: ClassVar[Mapping[str, Any]] = {}
    secrets: ClassVar[Mapping[str, str]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        pass

    async def meet(self, connection: Connection) -> None:
        self._port = cast(MllpListener, connection).port

    async def send(self, number: int, *, other: bool = False, spoiled: bool = False, stranger: bool = False) -> Answer:
        message = admission(number, other=other)
        if spoiled:
            message = message.replace(b"ADT^A04^ADT_A01", b"")
        async with FakeSender(self._port, origin=_NOWHERE if stranger else None) as ehr:
            raw = await _answer(ehr, message)
        if raw is None:
            return Answer.STRANGER if stranger else Answer.LATER
        answered = hl7v2.parse(raw)
        if answered.get("MSA-1") in ("AA", "CA"):
            return Answer.TAKEN
        return Answer.LATER if answered.get("ERR-3.1") == str(_LATER) else Answer.REFUSED


async def _answer(ehr: FakeSender, message: bytes) -> bytes | None:
    try:
        await ehr.write(b"\x0b" + message + b"\x1c\r")
        return await ehr.read_raw()
    except ConnectionError:
        return None


class Receiver:
    """Takes each control id once, as receivers do."""

    direction: ClassVar[str] = "out"
    foreign: ClassVar[Mapping[str, str]] = {
        Behaviour.BUSY: "MLLP cannot ask for time",
        Behaviour.CLOSED: "MLLP has no credentials; TLS has, and tests of its own",
    }
    source: ClassVar[Mapping[str, Any]] = {}
    secrets: ClassVar[Mapping[str, str]] = {}

    def __init__(self) -> None:
        self._receiver = FakeReceiver(self._reply)
        self._behaviour = Behaviour.WILLING
        self._taken: dict[str, int] = {}
        self._numbers: dict[str, int] = {}
        self._changed = asyncio.Event()

    @property
    def settings(self) -> Mapping[str, Any]:
        return {"direction": "out", "port": self._receiver.port, "answer_timeout": 0.2}

    async def __aenter__(self) -> Self:
        await self._receiver.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._receiver.__aexit__(None, None, None)

    async def behave(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        await self._receiver.open(behaviour is not Behaviour.DOWN)

    async def deliver(self, connection: Connection, number: int) -> Outcome:
        told = event(number)
        self._numbers[control_id_of(told.id)] = number
        return await cast(MllpTarget, connection).post(told)

    async def effects(self) -> Sequence[int]:
        return list(self._taken.values())

    async def until(self, count: int) -> None:
        while len(self._taken) < count:
            self._changed.clear()
            await self._changed.wait()

    def _reply(self, message: bytes) -> bytes | None:
        refusals: dict[Behaviour, Reply] = {
            Behaviour.FAILING: answering("AR"),
            Behaviour.STRICT: answering("AE"),
            Behaviour.DEAF: lambda _: None,
        }
        if (refusal := refusals.get(self._behaviour)) is not None:
            return refusal(message)
        control_id = hl7v2.peek(message).control_id
        self._taken.setdefault(control_id, self._numbers[control_id])
        self._changed.set()
        return None if self._behaviour is Behaviour.MUTE else answering("AA")(message)


def trials() -> Mapping[str, Callable[[], Trial]]:
    """For the conformance suite."""
    return {"in": Sender, "out": Receiver}
