"""A listener on a free port over an intake in memory, a clock that tests move, and messages of invented people."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import pytest

from careloom.systems.mllp.connection import Limits
from careloom.systems.mllp.fake import FakeSender
from careloom.systems.mllp.listener import Endpoint, MllpListener
from careloom.systems.mllp.recognise import Accepts, Recogniser
from careloom.testing.intake import MemoryIntake


class ManualClock:
    """Stands still until a test moves it; sleepers on it never wake."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def now(self) -> datetime:
        return datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        await asyncio.Event().wait()


Build = Callable[..., bytes]


@pytest.fixture
def message() -> Build:
    """Makes an ADT^A04 of about 300 octets."""

    def build(
        control_id: str = "MSG1", *, tail: str = "", acks: str = "|", processing: str = "P", **fields: str
    ) -> bytes:
        kind, version = fields.get("kind", "ADT^A04^ADT_A01"), fields.get("version", "2.5.1")
        return (
            f"MSH|^~\\&|REG|NORTHSIDE|HUB|ERP|20260304050607||{kind}|{control_id}|{processing}|{version}|||{acks}\r"
            f"EVN|A04|20260304050607\r"
            f"PID|1||{fields.get('patient', 'MRN7001')}^^^NORTHSIDE^MR||QUILLFEATHER^ODALYS||19810203|F\r"
            f"PV1|1|O|CLINIC^2\r{tail}"
        ).encode()

    return build


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def intake() -> MemoryIntake:
    return MemoryIntake()


Listen = Callable[..., Awaitable[MllpListener]]


@pytest.fixture
async def listen(intake: MemoryIntake, clock: ManualClock) -> AsyncIterator[Listen]:
    """Starts listeners of the system `ehr` and closes them."""
    async with AsyncExitStack() as stack:

        async def start(accepts: Accepts | None = None, *, tls=None, networks=(), **limits) -> MllpListener:
            endpoint = Endpoint(tls=tls, networks=networks, limits=Limits(**limits))
            listener = MllpListener(endpoint, Recogniser("ehr", accepts=accepts, clock=clock), intake, clock=clock)
            await listener.start()
            stack.push_async_callback(listener.close, 0.2)
            return listener

        yield start


@pytest.fixture
async def connect() -> AsyncIterator[Callable[[MllpListener], Awaitable[FakeSender]]]:
    """Connects fake senders."""
    async with AsyncExitStack() as stack:

        async def open_(listener: MllpListener) -> FakeSender:
            return await stack.enter_async_context(FakeSender(listener.port))

        yield open_
