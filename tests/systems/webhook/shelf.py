"""A deployment whose vendor loses webhooks and sends others twice: the settings, the flow, and the vendor itself."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import msgspec
from tests.chaos.processes import Hub

from careloom.core.clock import SystemClock
from careloom.systems.http.fake import FakeTarget, Request, answering
from careloom.systems.webhook.fake import SECRET, EventList, Signer, document

LOST, TWICE = 0.01, 0.10
CONNECTIONS = 16

FLOW = """
from decimal import Decimal

from careloom.core.envelope import Recorded
from careloom.core.outcomes import Outcome
from careloom.flows import Flow
from careloom.model import Identifier, Quantity, StockMove, StockMoved
from careloom.systems.http.target import HttpTarget

shelf = Flow(
    "shelf",
    owner="pharmacy",
    business_owner="pharmacist",
    sla="1h",
    latency="real-time",
    bound="1m",
    recovery_time="4h",
    recovery_point="0s",
    pattern="event",
    system_of_record="the shelf",
    runbook="flow-shelf",
)


@shelf.translates("json", "vendor/order.changed", "odoo/stock.move")
def moved(document, sender):
    order = document.get("order", {"number": f"P-{document.get('product_id')}"})
    item = Identifier(value=order["number"], assigner="VENDOR")
    number = Identifier(value=str(document["id"]), assigner="VENDOR")
    move = StockMove(identifier=(number,), item=(item,), quantity=Quantity(value=Decimal(1)))
    yield StockMoved(trigger="webhook", move=move)


@shelf.on(StockMoved)
async def book(event: StockMoved, recorded: Recorded, sink: HttpTarget) -> Outcome:
    return await sink.post(recorded)
"""

SETTINGS = """
[hub]
name = "shelf"
flows = ["flows.shelf"]
[store]
{store}
[api]
port = 0
[systems.vendor]
kind = "webhook"
secret = "file:hook"
[systems.vendor.poll]
url = "{events}"
every = 1
items = "/data"
id = "/id"
since = "since"
mark = "/created"
event = "/event"
paging = {{ by = "page", parameter = "page", more = "/has_more" }}
[sources.vendor.json]
dialect = "vendor"
type = "/type"
key = "/id"
subject = "/order/number"
noun = "Order"
[systems.erp]
kind = "webhook"
scheme = "path"
secret = "file:odoo"
[sources.erp.json]
dialect = "odoo"
type = "/_model"
subject = "/product_id"
noun = "Product"
[systems.sink]
kind = "http"
url = "http://127.0.0.1:{sink}/effects"
[flows.shelf]
sink = "sink"
"""


@dataclass
class Shelf:
    """The vendor, its list, and the effects of the flow by the id of the event."""

    folder: Path
    listing: EventList
    sink: FakeTarget
    effects: Counter[str] = field(default_factory=Counter)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def took(self, request: Request) -> bytes | None:
        """One effect at the sink."""
        move = msgspec.json.decode(request.body)["move"]
        self.effects[move["identifier"][0]["value"]] += 1
        self.sink.requests.clear()
        self.changed.set()
        return answering(204)(request)

    async def until(self, count: int, seconds: float = 60.0) -> None:
        """Return once so many different events had an effect."""
        async with asyncio.timeout(seconds):
            while len(self.effects) < count:
                self.changed.clear()
                await self.changed.wait()

    def happened(self, count: int) -> None:
        """The vendor's list holds so many events now, each in an envelope with the id of its delivery."""
        self.listing.events = [
            {"id": f"msg-{number}", "created": document(number)["created"], "event": document(number)}
            for number in range(1, count + 1)
        ]


@dataclass(slots=True)
class Sent:
    """What the vendor did. `refused` counts answers that were no 2xx."""

    lost: int = 0
    twice: int = 0
    refused: int = 0


@asynccontextmanager
async def shelf(folder: Path, dsn: str | None = None) -> AsyncIterator[Shelf]:
    """A folder with settings, the vendor and the sink; the hub is started by whoever wants it."""
    async with EventList(size=500) as listing, FakeTarget() as sink:
        made = Shelf(folder, listing, sink)
        sink.reply = made.took
        store = f'url = "file:{folder}/dsn"' if dsn else 'data = "data"'
        (folder / "flows").mkdir(exist_ok=True)
        (folder / "flows" / "__init__.py").write_text("")
        (folder / "flows" / "shelf.py").write_text(FLOW)
        (folder / "dsn").write_text(dsn or "")
        (folder / "hook").write_text(SECRET)
        (folder / "odoo").write_text("a-long-word-in-the-path")
        (folder / "careloom.toml").write_text(SETTINGS.format(store=store, events=listing.url, sink=sink.port))
        yield made


async def post(session: aiohttp.ClientSession, port: int, number: int, signer: Signer) -> int:
    """One webhook; the status of its answer, 0 when there was none."""
    now = int(SystemClock().now().timestamp())
    asked = signer.request(msgspec.json.encode(document(number)), id=f"msg-{number}", timestamp=now)
    url = f"http://127.0.0.1:{port}/v1/systems/vendor/{asked.path}"
    try:
        async with session.post(url, data=asked.body, headers=dict(asked.headers)) as reply:
            await reply.read()
            return reply.status
    except aiohttp.ClientError:
        return 0


async def send(port: int, numbers: range, seed: int) -> Sent:
    """Every webhook of these, but for some that are lost; others come twice, at once or much later."""
    chance = random.Random(seed)
    sent, signer = Sent(), Signer()
    work: list[int] = []
    for number in numbers:
        if chance.random() < LOST:
            sent.lost += 1
            continue
        work.append(number)
        if chance.random() < TWICE:
            sent.twice += 1
            work.insert(max(0, len(work) - chance.choice((1, 40, 4_000))), number)
    left = iter(work)

    async def line(session: aiohttp.ClientSession) -> None:
        for number in left:
            sent.refused += not 200 <= await post(session, port, number, signer) < 300

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CONNECTIONS)) as session:
        await asyncio.gather(*(line(session) for _ in range(CONNECTIONS)))
    return sent


@asynccontextmanager
async def running(made: Shelf) -> AsyncIterator[Hub]:
    """The hub in a process of its own."""
    hub = Hub(made.folder)
    await hub.start()
    try:
        yield hub
    finally:
        await hub.stop()
