"""Our side of FHIR REST: `/v1/systems/NAME/...` takes resources, transactions, messages and notifications."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any, Final
from urllib.parse import parse_qsl

from careloom.core.errors import FormatError
from careloom.core.receipts import Accepted, Conflicting, Refusal
from careloom.formats import fhir
from careloom.formats.fhir import Declaration, Resource, Served, capability_statement
from careloom.systems.fhir.notifications import Notifications
from careloom.systems.fhir.replies import Refused, address, answer, from_check, stored
from careloom.systems.fhir.settings import Settings
from careloom.systems.fhir.sources import FhirSource
from careloom.systems.reception import Reception, Taken
from careloom.systems.seam import Reply, Request, Surroundings

ROOT: Final = "fhir"
NOTIFICATIONS: Final = "notifications"
_PROCESS: Final = "$process-message"
_TYPES: Final = frozenset(("application/fhir+json", "application/json", "text/json"))
_OPERATION: Final = "http://hl7.org/fhir/OperationDefinition/MessageHeader-process-message"
_WRITES: Final = frozenset(("POST", "PUT"))
_PAGE: Final = 50
_MOST: Final = 500


class FhirEndpoint:
    """Takes what a FHIR client sends, checks it, commits it and only then says so.

    Paths stand with or without `fhir/` before them. Reads and searches are answered by a `FhirSource`, where there is
    one.
    """

    def __init__(
        self,
        settings: Settings,
        around: Surroundings,
        reception: Reception,
        notifications: Notifications,
        source: FhirSource | None = None,
    ) -> None:
        self._settings = settings
        self._around = around
        self._reception = reception
        self._notifications = notifications
        self._source = source
        self._accepted = frozenset(settings.accepted)

    @property
    def authenticates(self) -> bool:
        """Callers need an API key."""
        return False

    @property
    def max_body(self) -> int:
        """Octets of the largest request."""
        return self._settings.max_body

    async def answer(self, request: Request) -> Reply:
        """The answer of a FHIR server; an OperationOutcome for what is not taken. Raises Unavailable when the store did
        not take it: nothing is acknowledged then."""
        try:
            return await self._routed(request)
        except Refused as refused:
            if request.body and request.method in _WRITES:
                self._kept(request, refused)
            return refused.reply()

    async def close(self) -> None:
        """Nothing is open."""

    async def _routed(self, request: Request) -> Reply:
        first, _, rest = request.path.strip("/").partition("/")
        path = rest.strip("/") if first == ROOT else request.path.strip("/")
        if request.method == "GET":
            return await self._asked(path, request)
        if request.method != "POST":
            raise Refused(405, "not-supported", "only GET and POST are served; create a resource by POST")
        resource = self._read(request)
        if path == NOTIFICATIONS:
            return await self._notified(resource, request)
        if path == _PROCESS:
            return await self._message(resource, request)
        if not path:
            return await self._bundle(resource, request)
        return await self._create(path, resource, request)

    def _read(self, request: Request) -> Resource:
        kind = request.headers.get("content-type", "application/fhir+json").partition(";")[0].strip().lower()
        if kind not in _TYPES:
            raise Refused(415, "not-supported", "only application/fhir+json is taken")
        try:
            return fhir.parse(request.body)
        except FormatError as error:
            raise Refused(400, "structure", error.reason, error.location) from None

    def _checked(self, resource: Resource) -> None:
        strict = bool(self._around.source.strict)
        found = [one for one in fhir.check(resource, strict=strict) if one.severity == "error"]
        if found:
            raise from_check(found)

    async def _create(self, path: str, resource: Resource, request: Request) -> Reply:
        if path not in self._accepted:
            raise Refused(404, "not-supported", "this type is not taken here; metadata lists those that are")
        if resource["resourceType"] != path:
            raise Refused(400, "invalid", "another resource type than that of the address", "resourceType")
        self._checked(resource)
        condition = request.headers.get("if-none-exist", "")
        key = f"{path}?{_digest(condition)}" if condition else None
        receipt = await self._take(request.body, request, key=key)
        id = str(receipt.receipts[0].id)
        echo = _echo(request, {**resource, "id": id})
        return stored(path, id, base=self._settings.base, fresh=isinstance(receipt.receipts[0], Accepted), echo=echo)

    async def _take(self, body: bytes, request: Request, *, key: str | None = None) -> Taken:
        taken = await self._reception.take(body, origin=request.peer, key=key)
        if taken.refused:
            first = taken.refused[0]
            raise _Told(422, "structure", first.reason, first.location)
        if any(isinstance(one, Conflicting) for one in taken.receipts):
            raise _Told(409, "conflict", "it was sent before with other content under the same id and version")
        if not taken.receipts:
            raise Refused(422, "required", "there is nothing in it to take", "Bundle.entry")
        return taken

    async def _bundle(self, resource: Resource, request: Request) -> Reply:
        """A transaction or a batch: taken whole, as one message, whose entries are then answered."""
        kind = str(resource.get("type", ""))
        if resource["resourceType"] != "Bundle" or kind not in ("transaction", "batch"):
            raise Refused(400, "invalid", "only a transaction or a batch is posted here", "Bundle.type")
        self._checked(resource)
        try:
            steps = sorted(fhir.steps(resource), key=lambda step: step.index)
        except FormatError as error:
            raise Refused(422, "structure", error.reason, error.location) from None
        for step in steps:
            if step.method not in _WRITES or step.type not in self._accepted:
                raise Refused(422, "not-supported", "only POST and PUT of types that metadata lists", step.place)
        taken = await self._take(request.body, request)
        first = taken.receipts[0]
        status = "201" if isinstance(first, Accepted) else "200"
        made: list[tuple[dict[str, Any], Resource | None]] = []
        for step in steps:
            id = step.id or f"{first.id}-{step.index}"
            where = address(self._settings.base, f"{step.type}/{id}/_history/1")
            made.append((fhir.response(status, location=where, version="1"), None))
        return answer(200, fhir.answered(kind, made))

    async def _message(self, resource: Resource, request: Request) -> Reply:
        self._checked(resource)
        try:
            message = fhir.read_message(resource)
        except FormatError as error:
            raise Refused(422, "structure", error.reason, error.location) from None
        taken = await self._take(request.body, request)
        endpoint = address(self._settings.base or "urn:careloom", _PROCESS)
        said = fhir.answer(
            message, "ok", key=str(taken.receipts[0].id), endpoint=endpoint, time=self._around.clock.now()
        )
        return answer(200, said)

    async def _notified(self, resource: Resource, request: Request) -> Reply:
        try:
            taken = await self._notifications.take(fhir.parse_notification(resource), origin=request.peer)
        except FormatError as error:
            raise Refused(422, "structure", error.reason, error.location) from None
        if taken.refused:
            raise _Told(422, "structure", taken.refused[0].reason, taken.refused[0].location)
        return answer(200)

    async def _asked(self, path: str, request: Request) -> Reply:
        if path == "metadata":
            return answer(200, self._statement())
        kind, _, id = path.partition("/")
        if self._source is None or kind not in self._source.types:
            raise Refused(404, "not-supported", "nothing is read or searched here; metadata says what is done")
        if not request.reads_phi:
            raise Refused(403, "forbidden", "this API key lacks the scope `read:phi`; ask the operators")
        if id:
            found = await self._source.read(kind, id)
            if found is None:
                raise Refused(404, "not-found", "there is no such resource")
            version = str(found.get("meta", {}).get("versionId", ""))
            return answer(200, found, {"etag": fhir.version_tag(version)} if version else {})
        return await self._searched(self._source, kind, request)

    async def _searched(self, source: FhirSource, kind: str, request: Request) -> Reply:
        """One page; the next is told by its offset."""
        pairs = parse_qsl(request.query, keep_blank_values=True)
        offset = next((int(value) for name, value in pairs if name == "_offset" and value.isdecimal()), 0)
        asked = [(name, value) for name, value in pairs if name != "_offset"]
        try:
            query = fhir.parse_query(kind, asked)
        except FormatError as error:
            raise Refused(400, "not-supported", error.reason, error.location) from None
        try:
            found = await source.search(query)
        except FormatError as error:
            raise Refused(400, "not-supported", error.reason, error.location) from None
        count = min(query.count if query.count is not None else _PAGE, _MOST)
        page = [fhir.found(one, address(self._settings.base, f"{kind}/{one['id']}"))
                for one in found[offset : offset + count]]  # fmt: skip
        link = {"self": self._link(kind, asked, offset)}
        if count and offset + count < len(found):
            link["next"] = self._link(kind, asked, offset + count)
        return answer(200, fhir.searchset(page, total=len(found), link=link))

    def _link(self, kind: str, asked: list[tuple[str, str]], offset: int) -> str:
        pairs = [*asked, *([("_offset", str(offset))] if offset else [])]
        query = fhir.query_text(pairs)
        return address(self._settings.base, f"{kind}?{query}" if query else kind)

    def _statement(self) -> Resource:
        """What is really done: creates, and reads only of a source that is bound."""
        readable = frozenset(self._source.types) if self._source is not None else frozenset()
        types = [_served(kind, kind in self._accepted, kind in readable) for kind in sorted(self._accepted | readable)]
        declared = Declaration(
            name="Careloom",
            version="1",
            url=self._settings.base or "urn:careloom",
            description="takes resources into the log of events",
            types=types,
            interactions=("transaction", "batch"),
            operations=(("process-message", _OPERATION),),
            smart=False,
        )
        return capability_statement(declared, on=self._around.clock.now().date())

    def _kept(self, request: Request, refused: Refused) -> None:
        """What was refused before the log saw it is kept for the operators."""
        if not isinstance(refused, _Told):
            self._around.intake.refuse(
                Refusal(self._around.system, refused.reason, refused.place, request.body[:65_536], request.peer)
            )


class _Told(Refused):
    """Refused by the log, which has kept it."""


def _echo(request: Request, resource: Resource) -> Resource | None:
    """What Prefer asks for (FHIR R4 3.1.0.1.7); nothing by default."""
    wanted = {one.strip().lower() for one in request.headers.get("prefer", "").replace(",", ";").split(";")}
    if "return=representation" in wanted:
        return resource
    return fhir.outcome([]) if "return=operationoutcome" in wanted else None


def _served(kind: str, created: bool, readable: bool) -> Served:
    done = [*(["create"] if created else []), *(["read", "search-type"] if readable else [])]
    search = sorted(fhir.parameters(kind)) if readable else ()
    return Served(kind, done, search=search, conditional_create=created)


def _digest(text: str) -> str:
    return blake2b(text.removeprefix("?").encode(), digest_size=16).hexdigest()
