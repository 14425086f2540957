"""A large file is taken in as it is read: memory does not follow its size."""

from __future__ import annotations

import asyncio
import tracemalloc
from asyncio import Future
from pathlib import Path
from uuid import UUID

import pytest

from careloom.core.envelope import Position
from careloom.core.receipts import Accepted, Receipt, Received, Refusal
from careloom.systems import drop
from careloom.systems.folder.connector import Settings, connect
from careloom.testing.surroundings import World

MEGABYTE = 1024 * 1024
HEAD = (
    "ISA*00*          *00*          *ZZ*EXAMPLEHOSP    *ZZ*EXAMPLEPAYER   *260301*1015*^*00501*000000418*0*T*:~"
    "GS*HP*EXAMPLEHOSP*EXAMPLEPAYER*20260301*1015*418*X*005010X221A1~ST*835*0001~"
    "BPR*I*0*C*NON************20260301~TRN*1*T-1*1999999999~N1*PR*EXAMPLE PAYER~"
    "N1*PE*EXAMPLE HOSPITAL*XX*1999999992~LX*1~"
)
CLAIM = "CLP*C{number:07}*1*100*0**12*P{number}~NM1*QC*1*QUILL*TAMSIN****MI*M0000001~SVC*HC:99213*100*0~CAS*CO*45*100~"


class Forgetful:
    """An intake that takes everything and keeps only how many octets came."""

    def __init__(self) -> None:
        self.octets = 0

    def accept(self, received: Received) -> Future[Receipt]:
        self.octets += len(received.body)
        done: Future[Receipt] = asyncio.get_running_loop().create_future()
        done.set_result(Accepted(UUID(int=self.octets), Position(0, self.octets), b""))
        return done

    def refuse(self, refusal: Refusal) -> None:
        raise AssertionError(refusal.reason)


async def taken(folder: Path, format: str) -> tuple[int, int]:
    """Octets that were stored, and the most memory that it took at one time."""
    world = World(folder)
    intake = Forgetful()
    around = world.around("drop", intake=intake)
    inbox = connect(Settings(path=folder, format=format, stable_seconds=0), around)
    tracemalloc.start()
    try:
        await inbox.poll()
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        await inbox.close()
    assert len(list((folder / "archive").iterdir())) == 1
    return intake.octets, most


async def test_an_835_of_ten_megabytes_is_not_held_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drop, "IN_MEMORY", MEGABYTE)
    claims = "".join(CLAIM.format(number=number) for number in range(100_000))
    data = f"{HEAD}{claims}SE*400007*0001~GE*1*418~IEA*1*000000418~".encode()
    assert len(data) > 9 * MEGABYTE
    (tmp_path / "large.835").write_bytes(data)
    del claims
    stored, most = await taken(tmp_path, "x12")
    assert stored > len(data)
    del data
    assert most < 5 * MEGABYTE
