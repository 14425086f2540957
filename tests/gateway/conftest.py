"""The real server on a free port, with keys, an intake in memory and two systems."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import aiohttp
import pytest

from careloom.gateway.app import create_app
from careloom.gateway.server import serve
from careloom.gateway.services import HttpIntake, Services
from careloom.security.apikeys import Principal
from careloom.systems.mllp.recognise import Accepts, Recogniser
from careloom.testing.intake import MemoryIntake

KEYS = {
    "clm_ehr": Principal(UUID(int=1), "ehr-feed"),
    "clm_other": Principal(UUID(int=2), "other-feed"),
}


class Keys:
    def check(self, key: str) -> Principal | None:
        return KEYS.get(key)


class FixedClock:
    def now(self) -> datetime:
        return datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("the gateway does not sleep")


@dataclass
class Gateway:
    """What a test needs of a running gateway."""

    url: str
    intake: MemoryIntake
    http: aiohttp.ClientSession
    services: Services

    def post(self, body: bytes, *, system: str = "ehr", key: str | None = "clm_ehr", **headers: str):
        given = {"content-type": "application/hl7-v2", **{k.replace("_", "-"): v for k, v in headers.items()}}
        if key is not None:
            given["authorization"] = f"Bearer {key}"
        return self.http.post(f"{self.url}/v1/systems/{system}/messages", data=body, headers=given)


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    intake, clock = MemoryIntake(), FixedClock()
    systems = {
        "ehr": HttpIntake(
            recogniser=Recogniser("ehr", clock=clock), max_message=5000, principals=frozenset({"ehr-feed"})
        ),
        "lab": HttpIntake(recogniser=Recogniser("lab", accepts=Accepts(frozenset({"P"})), clock=clock)),
    }
    services = Services(intake, Keys(), systems, lambda: {"received": len(intake.messages)}, clock)
    serving = await serve(create_app(services))
    async with aiohttp.ClientSession() as http:
        yield Gateway(f"http://127.0.0.1:{serving.port}", intake, http, services)
    await serving.close()


@pytest.fixture
def message():
    """An ADT^A04 of an invented person."""

    def build(control_id: str = "MSG1", *, processing: str = "P", acks: str = "|", note: str = "") -> bytes:
        return (
            f"MSH|^~\\&|REG|NORTHSIDE|HUB|ERP|20260304050607||ADT^A04^ADT_A01|{control_id}|{processing}|2.5.1|||{acks}\r"
            f"EVN|A04|20260304050607\rPID|1||MRN7001^^^NORTHSIDE^MR||QUILLFEATHER^ODALYS||19810203|F\r{note}"
        ).encode()

    return build
