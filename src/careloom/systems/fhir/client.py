"""The RESTful API of one FHIR R4 server (FHIR R4 3.1.0): what is asked, and what its answers mean."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from careloom.core.errors import ContractBroken, FormatError
from careloom.formats.fhir import Resource, encode, link_of, parse, query_text, version_of, version_tag
from careloom.systems.fhir.credentials import Credentials
from careloom.systems.fhir.refusals import ACCEPTED, refusal
from careloom.systems.http.calls import CredentialsRefused, HttpCaller
from careloom.systems.http.client import Answer

JSON: Final = "application/fhir+json"
_READ: Final = {"accept": JSON}
_GONE: Final = frozenset((404, 410))


class Stored(NamedTuple):
    """Where a resource is now. `version` is `""` where the server does not say; `created` that it was not there."""

    id: str
    version: str
    created: bool


class FhirClient:
    """Calls go through the gate of the caller; every error is one of `careloom.core.errors`, refusals `FhirRejected`.

    Addresses that the server gives (next pages, bulk files) are followed at its own origin only.
    """

    def __init__(self, caller: HttpCaller, credentials: Credentials, *, pages: int = 1000) -> None:
        self.caller = caller
        self._credentials = credentials
        self._pages = pages
        self._base = caller.path.partition("?")[0].rstrip("/")

    @property
    def retry_after(self) -> float:
        """Seconds until a call has a chance; 0 when calls go through."""
        return self.caller.retry_after

    async def capabilities(self) -> Resource:
        """What the server says it does."""
        return self._resource(await self.call("GET", "metadata"))

    async def read(self, kind: str, id: str) -> Resource | None:
        """One resource; None where there is none, or no longer."""
        answer = await self.call("GET", f"{kind}/{id}", also=_GONE)
        return None if answer.status in _GONE else self._resource(answer)

    async def search(self, kind: str, pairs: Iterable[tuple[str, str]] = ()) -> AsyncIterator[Resource]:
        """The searchset Bundles of a search, page by page. ContractBroken when they do not end, or lead elsewhere."""
        query = query_text(pairs)
        path = self._path(f"{kind}?{query}" if query else kind)
        for _ in range(self._pages):
            page = self._resource(await self._sent("GET", path))
            if page["resourceType"] != "Bundle":
                raise ContractBroken(f"{self.caller.origin} answered a search with something else than a Bundle")
            yield page
            following = link_of(page)
            if not following:
                return
            before, path = path, self.caller.path_to(following)
            if path == before:
                raise ContractBroken(f"{self.caller.origin}: the next page of a search is the same page again")
        raise ContractBroken(f"{self.caller.origin}: a search has more than {self._pages} pages; narrow it")

    async def create(self, resource: Resource, *, if_none_exist: str = "") -> Stored:
        """Create a resource; with `if_none_exist` (`identifier=system|value`) only where none is found, and then
        harmless to repeat."""
        headers = {"if-none-exist": if_none_exist} if if_none_exist else {}
        kind = str(resource["resourceType"])
        answer = await self.call("POST", kind, encode(resource), headers=headers, repeatable=bool(if_none_exist))
        return self._stored(answer)

    async def update(self, resource: Resource, *, search: str = "", if_match: str = "") -> Stored:
        """Write a resource at its id, or what `search` finds (`identifier=...`); with `if_match` only that version.

        A version that is no longer there is `FhirRejected` with status 412.
        """
        kind = str(resource["resourceType"])
        path = f"{kind}?{search}" if search else f"{kind}/{resource['id']}"
        headers = {"if-match": version_tag(if_match)} if if_match else {}
        return self._stored(await self.call("PUT", path, encode(resource), headers=headers))

    async def transaction(self, bundle: Resource, *, repeatable: bool = False) -> Resource:
        """Carry out a transaction or a batch, and its response. `repeatable`: all its entries are conditional."""
        answer = await self.call("POST", "", encode(bundle), repeatable=repeatable)
        response = self._resource(answer)
        if response["resourceType"] != "Bundle":
            raise ContractBroken(f"{self.caller.origin} answered a {bundle.get('type')} with something else")
        return response

    async def call(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        headers: Mapping[str, str] | None = None,
        also: frozenset[int] = frozenset(),
        repeatable: bool | None = None,
    ) -> Answer:
        """One call below the base URL: a 2xx, or a status in `also`. Raises what the answer means."""
        return await self._sent(method, self._path(path), body, headers or {}, also, repeatable)

    async def get(self, path: str, headers: Mapping[str, str]) -> Answer:
        """A GET of a path of the server that it gave itself (`HttpCaller.path_to`)."""
        return await self._sent("GET", path, headers=headers)

    async def close(self) -> None:
        """Close the connections."""
        await self._credentials.close()
        await self.caller.close()

    async def _sent(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        also: frozenset[int] = frozenset(),
        repeatable: bool | None = None,
    ) -> Answer:
        typed = {"content-type": f"{JSON}; charset=utf-8"} if body else {}
        sent = {**_READ, **typed, **(headers or {}), **await self._credentials.headers()}
        try:
            answer = await self.caller.request(method, path, sent, body, accept=ACCEPTED, repeatable=repeatable)
        except CredentialsRefused:
            self._credentials.refused()
            raise
        if answer.status >= 300 and answer.status not in also:
            raise refusal(answer, self.caller.origin)
        return answer

    def _path(self, path: str) -> str:
        return f"{self._base}/{path}" if path else self._base or "/"

    def _resource(self, answer: Answer) -> Resource:
        try:
            return parse(answer.body)
        except FormatError as error:
            raise ContractBroken(f"{self.caller.origin} answered with no FHIR: {error.reason}") from None

    def _stored(self, answer: Answer) -> Stored:
        """Location says where; some servers leave it out of an update, where the ETag says the version."""
        path = urlsplit(answer.headers.get("location", "")).path.partition("/_history/")
        version = path[2] or version_of(answer.headers.get("etag", ""))
        return Stored(path[0].rpartition("/")[2], version, answer.status == 201)
