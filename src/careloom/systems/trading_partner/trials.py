"""The partner's side of the conformance suite: ordered from, and answering."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar, Self, cast

import msgspec

from careloom.core.envelope import Recorded
from careloom.core.outcomes import Outcome
from careloom.formats import x12
from careloom.model import (
    Identifier,
    Money,
    Organization,
    PurchaseOrderPlaced,
    Quantity,
    SupplyRequest,
    SupplyRequestLine,
    encode,
)
from careloom.systems.folder.fake import Dropper, Picker
from careloom.systems.seam import Connection, Target
from careloom.systems.sftp.fake import PASSWORD, FakeServer, Server
from careloom.systems.trading_partner.fake import FakePartner
from careloom.systems.trial import START, SURNAME, Behaviour, Trial, event

PARTIES: Mapping[str, Any] = {"sender": "EXAMPLEHOSP", "receiver": "EXSUPPLIER"}


def ordered(number: int) -> Recorded:
    """An order whose number tells which one it is, to the attention of somebody."""
    order = SupplyRequest(
        identifier=(Identifier(value=f"PO-{number}"),),
        date="2026-03-02",
        supplier=Organization(name="EXAMPLE MEDICAL SUPPLY"),
        line=(_line("1", "GLV-M-100", 12, "BX", "18.4"), _line("2", "KNEE-STEM-12", 4, "EA", "245")),
        note=f"ATTENTION {SURNAME.upper()}",
    )
    placed = PurchaseOrderPlaced(trigger="trial", occurred=START, order=order)
    made = event(number)
    return msgspec.structs.replace(made, source="odoo", type=PurchaseOrderPlaced.type, data=encode(placed))


def _line(number: str, part: str, quantity: int, unit: str, price: str) -> SupplyRequestLine:
    return SupplyRequestLine(
        identifier=number,
        item=(Identifier(value=part, type="VP"),),
        quantity=Quantity(value=Decimal(quantity), unit=unit),
        unit_price=Money(value=Decimal(price), currency="USD"),
    )


class _Ordered:
    """What both places share: orders go out, and are counted by their numbers."""

    direction: ClassVar[str] = "out"
    source: ClassVar[Mapping[str, Any]] = {}

    def __init__(self, folder: Path | None = None) -> None:
        self.partner = FakePartner(folder)

    async def deliver(self, connection: Connection, number: int) -> Outcome:
        return await cast(Target, connection).post(ordered(number))

    async def effects(self) -> Sequence[int]:
        files = sorted(self.partner.incoming.glob("[!.]*.edi"), key=lambda file: file.stat().st_mtime_ns)
        sets = [one for file in files for one in x12.parse(file.read_bytes())[0].transactions]
        return [int(one.get("BEG03").removeprefix("PO-")) for one in sets]


class Folder(_Ordered):
    """Its place is a folder, which is there or not."""

    foreign: ClassVar[Mapping[str, str]] = Picker.foreign
    secrets: ClassVar[Mapping[str, str]] = {}

    @property
    def settings(self) -> Mapping[str, Any]:
        return {**PARTIES, "outbox": str(self.partner.incoming), "inbox": str(self.partner.outgoing)}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        self.partner.remove()

    async def behave(self, behaviour: Behaviour) -> None:
        if behaviour is Behaviour.DOWN:
            self.partner.incoming.rmdir()
        else:
            self.partner.incoming.mkdir(exist_ok=True)

    async def until(self, count: int) -> None:
        assert len(await self.effects()) >= count, "a file is there when its writer returns"


class SftpServer(_Ordered):
    """Its place is on an SFTP server, which behaves as it is told."""

    foreign: ClassVar[Mapping[str, str]] = Server.foreign
    secrets: ClassVar[Mapping[str, str]] = {"SFTP_PASSWORD": PASSWORD}

    def __init__(self) -> None:
        self.server = FakeServer()
        super().__init__(self.server.folder)

    @property
    def settings(self) -> Mapping[str, Any]:
        sftp = {
            "host": "127.0.0.1", "port": self.server.port, "user": "trial", "host_key": self.server.host_key,
            "password": "env:SFTP_PASSWORD", "outbox": "/to-partner", "inbox": "/from-partner", "answer_timeout": 0.5,
        }  # fmt: skip
        return {**PARTIES, "sftp": sftp, "stable_seconds": 0}

    async def __aenter__(self) -> Self:
        await self.server.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.server.__aexit__(*error)

    async def behave(self, behaviour: Behaviour) -> None:
        self.server.behaviour = behaviour
        await self.server.open(behaviour is not Behaviour.DOWN)

    async def until(self, count: int) -> None:
        await self.server.until(lambda: len(list(self.partner.incoming.glob("[!.]*.edi"))) >= count)


class Answering(Dropper):
    """Leaves answers to orders, and is acknowledged."""

    source: ClassVar[Mapping[str, Any]] = {}
    suffix: ClassVar[str] = ".edi"

    def __init__(self) -> None:
        super().__init__()
        self.partner = FakePartner(self.folder)

    @property
    def settings(self) -> Mapping[str, Any]:
        places = {"outbox": str(self.partner.incoming), "inbox": str(self.partner.outgoing)}
        return {**PARTIES, **places, "stable_seconds": 0, "acknowledge": ["997", "TA1"]}

    @property
    def inbox(self) -> Path:
        return self.partner.outgoing

    def content(self, number: int, *, other: bool, spoiled: bool) -> bytes:
        return b"ISA-spoiled" if spoiled else answer(number, other=other)


def answer(number: int, *, other: bool = False) -> bytes:
    """An 855 to an order, with a note for somebody."""
    lines = [
        f"ST*855*{number:04}", f"BAK*00*{'RD' if other else 'AD'}*PO-{number}*20260302", "N9*ZZ*NOTE",
        f"MSG*ASK {SURNAME.upper()}", "PO1*1*12*BX*18.4**VC*GLV-M-100", "ACK*IA*12*BX", "CTT*1",
    ]  # fmt: skip
    head = [
        f"ISA*00*          *00*          *ZZ*EXSUPPLIER     *ZZ*EXAMPLEHOSP    *260302*0915*^*00501*{number:09}*0*T*:~",
        f"GS*PR*EXSUPPLIER*EXAMPLEHOSP*20260302*0915*{number}*X*005010",
    ]
    tail = [f"SE*{len(lines) + 1}*{number:04}", f"GE*1*{number}", f"IEA*1*{number:09}~"]
    return (head[0] + "~".join([head[1], *lines, *tail])).encode()


def trials() -> Mapping[str, Callable[[], Trial]]:
    """For the conformance suite."""
    return {"folder": Folder, "sftp": SftpServer, "in": Answering}
