"""A collector of traces (OTLP over HTTP, in protobuf), written with the messages that the standard publishes."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)


class Kept(NamedTuple):
    """A span as it came: ids as numbers, `parent` 0 for a root, `links` the traces that it is linked with."""

    trace: int
    id: int
    parent: int
    name: str
    service: str
    links: tuple[int, ...]


@dataclass
class Collector:
    """Keeps what it is sent."""

    port: int = 0
    spans: list[Kept] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1/traces"

    def of(self, trace: UUID) -> list[Kept]:
        return [one for one in self.spans if one.trace == trace.int]

    async def take(self, request: web.Request) -> web.Response:
        assert request.content_type == "application/x-protobuf"
        self.tokens.append(request.headers.get("Authorization", ""))
        body = await request.read()
        asked = ExportTraceServiceRequest()
        asked.ParseFromString(gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body)
        for of_resource in asked.resource_spans:
            named = {one.key: one.value.string_value for one in of_resource.resource.attributes}
            for of_scope in of_resource.scope_spans:
                for span in of_scope.spans:
                    self.spans.append(
                        Kept(
                            trace=int.from_bytes(span.trace_id),
                            id=int.from_bytes(span.span_id),
                            parent=int.from_bytes(span.parent_span_id),
                            name=span.name,
                            service=named["service.name"],
                            links=tuple(int.from_bytes(link.trace_id) for link in span.links),
                        )
                    )
        answer = ExportTraceServiceResponse().SerializeToString()
        return web.Response(body=answer, content_type="application/x-protobuf")


@asynccontextmanager
async def collector() -> AsyncIterator[Collector]:
    """One on loopback, for the length of the block."""
    made = Collector()
    app = web.Application(client_max_size=1 << 26)
    app.router.add_post("/v1/traces", made.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.port = runner.addresses[0][1]
    try:
        yield made
    finally:
        await runner.cleanup()


def missing_parents(spans: Sequence[Kept]) -> list[str]:
    """Spans whose parent the collector does not have."""
    known = {one.id for one in spans}
    return [one.name for one in spans if one.parent and one.parent not in known]


def path_to_root(spans: Sequence[Kept], last: Kept) -> list[str]:
    """The names from the first span down to this one."""
    by_id = {one.id: one for one in spans}
    found, at = [last.name], last
    while at.parent:
        at = by_id[at.parent]
        found.append(at.name)
    return found[::-1]
