"""The payer's side of the conformance suite: asked in real time, and answering in files."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self, cast

import msgspec

from careloom.core.envelope import Recorded
from careloom.core.errors import TransientError
from careloom.core.outcomes import Outcome
from careloom.model import (
    AuthorizationItem,
    AuthorizationRequest,
    AuthorizationRequested,
    CodeableConcept,
    Coding,
    Coverage,
    HumanName,
    Identifier,
    Organization,
    Patient,
    encode,
)
from careloom.systems.http.fake import Reply, Request, answering
from careloom.systems.payer.fake import FakePayer
from careloom.systems.seam import Connection, Polled, Target
from careloom.systems.trial import START, SURNAME, Answer, Behaviour, Trial, event

_PAYER = Organization(name="EXAMPLE HEALTH PLAN", identifier=(Identifier(value="EX001", type="NIIP"),))
_HOSPITAL = Organization(name="EXAMPLE GENERAL HOSPITAL", identifier=(Identifier(value="1999999992", type="NPI"),))


def request(number: int, member: str = "A9000012345") -> Recorded:
    """A request for authorization, whose trace number tells which one it is."""
    asked = AuthorizationRequested(
        trigger="trial",
        occurred=START,
        request=AuthorizationRequest(
            identifier=(Identifier(value=f"TRIAL-{number}"),),
            insurer=_PAYER,
            provider=_HOSPITAL,
            item=(
                AuthorizationItem(
                    sequence=1, product_or_service=CodeableConcept(coding=(Coding(code="27447", system="HC"),))
                ),
            ),
        ),
        patient=Patient(
            identifier=(Identifier(value=member, type="MB"),),
            name=(HumanName(family=SURNAME.upper(), given=("RUFUS",)),),
        ),
        coverage=(Coverage(payor=_PAYER, subscriber_id=member, relationship="self"),),
    )
    return msgspec.structs.replace(event(number), type=AuthorizationRequested.type, data=encode(asked))


class Asked:
    """A payer that is asked for authorizations, and knows repeats by their control number."""

    direction: ClassVar[str] = "out"
    foreign: ClassVar[Mapping[str, str]] = {}
    source: ClassVar[Mapping[str, Any]] = {}
    secrets: ClassVar[Mapping[str, str]] = {"TRIAL_PASSWORD": "trial-password"}

    def __init__(self) -> None:
        self._payer = FakePayer("core-mime")
        self._payer.target.reply = self._answer
        self._behaviour = Behaviour.WILLING
        self._changed = asyncio.Event()

    @property
    def settings(self) -> Mapping[str, Any]:
        return {
            "sender": "EXAMPLEHOSP", "receiver": "EXAMPLEPAYER", "company": "9EXAMPLEHO",
            "realtime": {
                "url": self._payer.url, "style": "core-mime", "user": "trial", "password": "env:TRIAL_PASSWORD",
                "knows_repeats": True, "answer_timeout": 0.2,
            },
        }  # fmt: skip

    async def __aenter__(self) -> Self:
        await self._payer.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._payer.__aexit__(*error)

    async def behave(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        await self._payer.target.open(behaviour is not Behaviour.DOWN)

    async def deliver(self, connection: Connection, number: int) -> Outcome:
        return await cast(Target, connection).post(request(number))

    async def effects(self) -> Sequence[int]:
        return [int(asked.get("2000E/TRN02").removeprefix("TRIAL-")) for asked in self._payer.asked]

    async def until(self, count: int) -> None:
        while len(self._payer.asked) < count:
            self._changed.clear()
            await self._changed.wait()

    def _answer(self, request: Request) -> bytes | None:
        refusals: dict[Behaviour, Reply] = {
            Behaviour.BUSY: answering(429, retry_after="1"),
            Behaviour.FAILING: answering(503),
            Behaviour.STRICT: answering(400),
            Behaviour.CLOSED: answering(401),
            Behaviour.DEAF: lambda _: None,
        }
        if (refusal := refusals.get(self._behaviour)) is not None:
            return refusal(request)
        answer = self._payer.answer(request)
        self._changed.set()
        return None if self._behaviour is Behaviour.MUTE else answer


class Answering:
    """A payer that drops status reports into a folder. Three in a row are from one sender, as all of them are."""

    direction: ClassVar[str] = "in"
    foreign: ClassVar[Mapping[str, str]] = {"stranger": "the rights of the folder say who may write into it"}
    source: ClassVar[Mapping[str, Any]] = {}
    secrets: ClassVar[Mapping[str, str]] = {}

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="careloom-payer-"))
        self._count = 0
        for name in ("in", "out"):
            (self._folder / name).mkdir()

    @property
    def settings(self) -> Mapping[str, Any]:
        folders = {"outbox": str(self._folder / "out"), "inbox": str(self._folder / "in")}
        return {
            "sender": "EXAMPLEHOSP", "receiver": "EXAMPLEPAYER",
            "batch": {**folders, "stable_seconds": 0, "acknowledge": ["999", "TA1"]},
        }  # fmt: skip

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    async def meet(self, connection: Connection) -> None:
        self._connection = cast(Polled, connection)

    async def send(
        self,
        number: int,
        *,
        other: bool = False,
        spoiled: bool = False,
        stranger: bool = False,  # noqa: ARG002
    ) -> Answer:
        self._count += 1
        name = f"{SURNAME}-{self._count}.edi"
        inbox = self._folder / "in"
        (inbox / name).write_bytes(b"ISA-spoiled" if spoiled else report(number, other=other))
        try:
            await self._connection.poll()
        except TransientError:
            (inbox / name).unlink()
            return Answer.LATER
        if any((inbox / "archive").glob(f"*-{name}")):
            return Answer.TAKEN
        return Answer.REFUSED if any((inbox / "rejected").glob(f"*-{name}")) else Answer.LATER


def report(number: int, *, other: bool = False) -> bytes:
    """A 277 that tells where one claim stands."""
    lines = [
        f"ST*277*{number:04}*005010X212", f"BHT*0010*08*STAT-{number}*20260310*0920*DG", "HL*1**20*1",
        "NM1*PR*2*EXAMPLE HEALTH PLAN*****PI*EX001", "HL*2*1*21*1", "NM1*41*2*EXAMPLE GENERAL HOSPITAL*****46*EXHOSP",
        "HL*3*2*19*1", "NM1*1P*2*EXAMPLE GENERAL HOSPITAL*****XX*1999999992", "HL*4*3*22*0",
        f"NM1*IL*1*{SURNAME.upper()}*RUFUS****MI*A9000012345", f"TRN*2*STAT-{number}-1",
        f"STC*{'F2:109' if other else 'F1:65'}*20260308**500*360", f"REF*EJ*ENC-{number}", "DTP*472*D8*20260201",
    ]  # fmt: skip
    head = [
        f"ISA*00*          *00*          *ZZ*EXAMPLEPAYER   *ZZ*EXAMPLEHOSP    *260310*0915*^*00501*{number:09}*0*T*:",
        f"GS*HN*EXAMPLEPAYER*EXAMPLEHOSP*20260310*0915*{number}*X*005010X212",
    ]
    tail = [f"SE*{len(lines) + 1}*{number:04}", f"GE*1*{number}", f"IEA*1*{number:09}"]
    return ("~\n".join([*head, *lines, *tail]) + "~\n").encode()


def trials() -> Mapping[str, Callable[[], Trial]]:
    """For the conformance suite."""
    return {"out": Asked, "in": Answering}
