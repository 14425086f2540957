"""A FHIR server on a real socket, and the senders of the conformance suite."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Self, cast
from urllib.parse import parse_qsl, urlsplit

from careloom.core.errors import TransientError
from careloom.core.outcomes import Outcome
from careloom.formats import fhir
from careloom.formats.fhir import Declaration, Resource, Served
from careloom.systems.fhir.connector import PolledFhirServer
from careloom.systems.fhir.endpoint import FhirEndpoint
from careloom.systems.http.fake import FakeTarget, Reply, answering
from careloom.systems.http.fake import Request as HttpRequest
from careloom.systems.seam import Connection, Request, Target
from careloom.systems.trial import START, SURNAME, Answer, Behaviour, Trial, event

SERVED = ("Patient", "Encounter", "Coverage", "Appointment", "ChargeItem", "Claim", "Invoice", "PaymentNotice")


def octets(status: int, resource: Resource | None = None, **headers: str) -> bytes:
    """An HTTP answer with a resource."""
    body = fhir.encode(resource) if resource is not None else b""
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    head = (
        f"HTTP/1.1 {status} Fake\r\ncontent-type: application/fhir+json\r\n{lines}content-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def refused(status: int, code: str, place: str = "") -> bytes:
    """An OperationOutcome that quotes what it should not, as servers do."""
    text = f"the value {SURNAME} is not allowed here"
    return octets(status, {**fhir.outcome([{**fhir.issue("error", code, text, place), "diagnostics": text}])})


class FhirStore:
    """Resources with their versions: create, update, conditional both, search, transaction."""

    def __init__(self) -> None:
        self.resources: dict[str, Resource] = {}
        self.written: list[Resource] = []
        self._next = 0

    def put(self, resource: Resource, *, query: str = "", if_match: str = "", id: str = "") -> tuple[int, Resource]:
        """Write by id, or what the query finds. The same content again makes no new version."""
        kind = resource["resourceType"]
        found = self.search(kind, query) if query else [one for one in [self.resources.get(f"{kind}/{id}")] if one]
        if len(found) > 1 or (if_match and (not found or found[0]["meta"]["versionId"] != if_match)):
            return 412, {}
        if found and _bare(found[0]) == _bare(resource):
            return 200, found[0]
        id = found[0]["id"] if found else id or self._fresh()
        version = int(found[0]["meta"]["versionId"]) + 1 if found else 1
        return (200 if found else 201), self._keep(resource, id, version)

    def create(self, resource: Resource, *, query: str = "") -> tuple[int, Resource]:
        """Create, unless the query finds one."""
        found = self.search(resource["resourceType"], query) if query else []
        if len(found) > 1:
            return 412, {}
        return (200, found[0]) if found else (201, self._keep(resource, self._fresh(), 1))

    def search(self, kind: str, query: str) -> list[Resource]:
        """What matches."""
        asked = fhir.parse_query(kind, query)
        return fhir.in_order([one for one in self.resources.values() if fhir.matches(one, asked)], asked)

    def transaction(self, bundle: Resource) -> Resource:
        """All entries, references between them resolved as they are written."""
        known: dict[str, str] = {}
        made: dict[int, tuple[dict[str, Any], Resource | None]] = {}
        for step in fhir.steps(bundle):
            resource = fhir.resolved(cast(Resource, step.resource), known)
            if step.method == "POST":
                status, kept = self.create(resource, query=step.if_none_exist)
            else:
                status, kept = self.put(resource, query=step.query, id=step.id, if_match=step.if_match)
            known |= fhir.assigned(step, kept["id"])
            version = kept["meta"]["versionId"]
            where = f"{step.type}/{kept['id']}/_history/{version}"
            made[step.index] = (fhir.response(str(status), location=where, version=version), None)
        return fhir.answered(str(bundle["type"]), [made[index] for index in sorted(made)])

    def _keep(self, resource: Resource, id: str, version: int) -> Resource:
        meta = {"versionId": str(version), "lastUpdated": fhir.instant(START)}
        kept = {**resource, "id": id, "meta": {**meta, **resource.get("meta", {}), "versionId": str(version)}}
        self.resources[f"{kept['resourceType']}/{id}"] = kept
        self.written.append(kept)
        return kept

    def _fresh(self) -> str:
        self._next += 1
        return str(self._next)


def _bare(resource: Resource) -> Resource:
    return {name: value for name, value in resource.items() if name not in ("id", "meta")}


class FakeFhir:
    """The server. `reply` of its `target` may be replaced to have it answer otherwise; `size` is that of a page,
    `spoiled` are entries that stand in every searchset."""

    def __init__(self, size: int = 100) -> None:
        self.store = FhirStore()
        self.size = size
        self.spoiled: list[Any] = []
        self.target = FakeTarget(self.answer)
        self.statement = fhir.capability_statement(
            Declaration(
                "Fake", "1", "urn:fake", "for trials",
                [Served(one, ("read", "create", "update", "search-type"), conditional_update=True) for one in SERVED],
                interactions=("transaction", "batch"),
            ),
            on=START.date(),
        )  # fmt: skip

    @property
    def url(self) -> str:
        """Its base URL."""
        return f"http://127.0.0.1:{self.target.port}/r4"

    async def __aenter__(self) -> Self:
        await self.target.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.target.__aexit__(None, None, None)

    def answer(self, request: HttpRequest) -> bytes:
        """What such a server answers."""
        parts = urlsplit(request.path)
        path = parts.path.removeprefix("/r4").strip("/")
        kind, _, id = path.partition("/")
        if request.method == "GET":
            return self._read(path, kind, id, parts.query)
        resource = fhir.parse(request.body)
        if not path:
            return octets(200, self.store.transaction(resource))
        if request.method == "POST":
            status, kept = self.store.create(resource, query=request.headers.get("if-none-exist", ""))
        else:
            match = fhir.version_of(request.headers.get("if-match", ""))
            status, kept = self.store.put(resource, query=parts.query, id=id, if_match=match)
        if status == 412:
            return refused(412, "conflict")
        version = kept["meta"]["versionId"]
        where = f"{self.url}/{kind}/{kept['id']}/_history/{version}"
        return octets(status, kept, location=where, etag=fhir.version_tag(version))

    def _read(self, path: str, kind: str, id: str, query: str) -> bytes:
        if path == "metadata":
            return octets(200, self.statement)
        if id:
            found = self.store.resources.get(path)
            return octets(200, found) if found is not None else refused(404, "not-found")
        pairs = [(name, value) for name, value in parse_qsl(query) if name != "page"]
        page = int(dict(parse_qsl(query)).get("page", "1"))
        matching = self.store.search(kind, fhir.query_text(pairs))
        shown = matching[(page - 1) * self.size : page * self.size]
        link = {"self": f"{self.url}/{kind}?{query}"}
        if page * self.size < len(matching):
            link["next"] = f"{self.url}/{kind}?{fhir.query_text([*pairs, ('page', str(page + 1))])}"
        entries = [fhir.found(one, f"{self.url}/{kind}/{one.get('id', 'x')}") for one in shown] + self.spoiled
        return octets(200, fhir.searchset(entries, total=len(matching), link=link))


class Receiver:
    """A server that takes transactions."""

    direction: ClassVar[str] = "out"
    foreign: ClassVar[Mapping[str, str]] = {}
    source: ClassVar[Mapping[str, Any]] = {}
    secrets: ClassVar[Mapping[str, str]] = {"TRIAL_TOKEN": "trial-token"}

    def __init__(self) -> None:
        self._fake = FakeFhir()
        self._fake.target.reply = self._answer
        self._behaviour = Behaviour.WILLING
        self._changed = asyncio.Event()

    @property
    def settings(self) -> Mapping[str, Any]:
        return {"server": {"url": self._fake.url, "token": "env:TRIAL_TOKEN", "answer_timeout": 0.2}}

    async def __aenter__(self) -> Self:
        await self._fake.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._fake.__aexit__()

    async def behave(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        await self._fake.target.open(behaviour is not Behaviour.DOWN)

    async def deliver(self, connection: Connection, number: int) -> Outcome:
        return await cast(Target, connection).post(event(number))

    async def effects(self) -> Sequence[int]:
        return [_number(one) for one in self._fake.store.written if one["resourceType"] == "Patient"]

    async def until(self, count: int) -> None:
        while len(await self.effects()) < count:
            self._changed.clear()
            await self._changed.wait()

    def _answer(self, request: HttpRequest) -> bytes | None:
        refusals: dict[Behaviour, Reply] = {
            Behaviour.BUSY: answering(429, retry_after="1"),
            Behaviour.FAILING: answering(503),
            Behaviour.STRICT: lambda _: refused(422, "invariant", "Bundle.entry[0].resource.name"),
            Behaviour.CLOSED: answering(401),
            Behaviour.DEAF: lambda _: None,
        }
        if (refusal := refusals.get(self._behaviour)) is not None:
            return refusal(request)
        answered = self._fake.answer(request)
        self._changed.set()
        return None if self._behaviour is Behaviour.MUTE else answered


def _number(patient: Resource) -> int:
    return int(patient["name"][0]["given"][0].removeprefix("Given"))


def patient(number: int, *, other: bool = False) -> Resource:
    """Patient `number` of a sender; three in a row are versions of one."""
    subject = (number - 1) // 3
    moment = fhir.instant(START.replace(minute=number))
    return {
        "resourceType": "Patient",
        "id": f"p{subject}",
        "meta": {"versionId": str(number), "lastUpdated": moment},
        "identifier": [{"system": "urn:oid:2.999.7.1", "value": f"MRN{subject:05}"}],
        "name": [{"family": SURNAME, "given": [f"Other{number}" if other else f"Given{number}"]}],
        "gender": "unknown",
    }


class Poster:
    """A client of the endpoint."""

    direction: ClassVar[str] = "in"
    foreign: ClassVar[Mapping[str, str]] = {"stranger": "the gateway asks for an API key before the endpoint is asked"}
    source: ClassVar[Mapping[str, Any]] = {}
    settings: ClassVar[Mapping[str, Any]] = {"base": "https://hub.example.org/v1/systems/ehr/fhir"}
    secrets: ClassVar[Mapping[str, str]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        return None

    async def meet(self, connection: Connection) -> None:
        self._endpoint = cast(FhirEndpoint, connection)

    async def send(self, number: int, *, other: bool = False, spoiled: bool = False, stranger: bool = False) -> Answer:
        assert not stranger, "foreign"
        body = fhir.encode(patient(number, other=other))
        body = body[: len(body) // 2] if spoiled else body
        headers = {"content-type": "application/fhir+json"}
        request = Request("POST", "fhir/Patient", "", headers, body, "192.0.2.7", "ehr")
        try:
            reply = await self._endpoint.answer(request)
        except TransientError:
            return Answer.LATER
        return Answer.TAKEN if 200 <= reply.status < 300 else Answer.REFUSED


class Searched:
    """A server that is looked at."""

    direction: ClassVar[str] = "in"
    foreign: ClassVar[Mapping[str, str]] = {"stranger": "it is we who call, the address that is set and no other"}
    source: ClassVar[Mapping[str, Any]] = {}
    secrets: ClassVar[Mapping[str, str]] = {}

    def __init__(self) -> None:
        self._fake = FakeFhir()

    @property
    def settings(self) -> Mapping[str, Any]:
        poll = {"types": ["Patient"], "start": "2026-03-01T00:00:00Z", "overlap": 600}
        return {"server": {"url": self._fake.url}, "poll": poll}

    async def __aenter__(self) -> Self:
        await self._fake.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._fake.__aexit__()

    async def meet(self, connection: Connection) -> None:
        self._server = cast(PolledFhirServer, connection)

    async def send(self, number: int, *, other: bool = False, spoiled: bool = False, stranger: bool = False) -> Answer:
        assert not stranger, "foreign"
        one = patient(number, other=other)
        self._fake.store.resources = {} if spoiled else {f"Patient/{number}": one}
        del one["resourceType" if spoiled else "gender"]
        self._fake.spoiled = [{"fullUrl": "urn:uuid:0", "resource": one}] if spoiled else []
        try:
            taken = await self._server.look()
        except TransientError:
            return Answer.LATER
        return Answer.TAKEN if taken.good else Answer.REFUSED


def trials() -> Mapping[str, Callable[[], Trial]]:
    """For the conformance suite."""
    return {"out": Receiver, "in": Poster, "poll": Searched}
