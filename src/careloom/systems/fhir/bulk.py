"""Bulk export (Bulk Data Access 2.0): asked for, waited for, and its files read line by line."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Any, Final, NamedTuple

from careloom.core.clock import Clock
from careloom.core.errors import ContractBroken, FormatError, Unavailable
from careloom.formats.fhir import Resource, ndjson, query_text
from careloom.systems.fhir.client import JSON, FhirClient
from careloom.systems.http.calls import document, retry_after

_KICK_OFF: Final = {"accept": JSON, "prefer": "respond-async"}
_WAIT: Final = 10.0
_LONGEST: Final = 300.0
_PENDING: Final = 202


class ExportFile(NamedTuple):
    """A file of an export. `lines` is 0 where the server does not say."""

    type: str
    url: str
    lines: int


class BulkExport:
    """One export of a server. `patience` is how long it may take, in seconds."""

    def __init__(self, client: FhirClient, clock: Clock, *, patience: float = 86_400.0) -> None:
        self._client = client
        self._clock = clock
        self._patience = patience

    async def files(self, pairs: Iterable[tuple[str, str]] = (), *, at: str = "$export") -> list[ExportFile]:
        """Have the server export (`_type=Patient`, `_since=...`), and give its files once they are ready.

        `at` may be `Group/12/$export`. Raises Unavailable when it takes longer than the patience.
        """
        query = query_text(pairs)
        path = f"{at}?{query}" if query else at
        answer = await self._client.call("GET", path, headers=_KICK_OFF)
        status = answer.headers.get("content-location", "")
        if answer.status != _PENDING or not status:
            raise ContractBroken(f"{self._origin} did not begin an export; it answered {answer.status}")
        return self._listed(await self._finished(self._client.caller.path_to(status)))

    async def resources(self, file: ExportFile) -> AsyncIterator[tuple[int, Resource | FormatError]]:
        """Each line of a file: its number, and its resource or what is wrong with it."""
        for line in ndjson(await self.body(file)):
            yield line

    async def body(self, file: ExportFile) -> bytes:
        """A file, whole; one longer than `largest_answer` is ContractBroken."""
        path = self._client.caller.path_to(file.url)
        answer = await self._client.get(path, {"accept": "application/fhir+ndjson"})
        return answer.body

    @property
    def _origin(self) -> str:
        return self._client.caller.origin

    async def _finished(self, path: str) -> Any:
        until = self._clock.monotonic() + self._patience
        while True:
            answer = await self._client.get(path, {"accept": "application/json"})
            if answer.status != _PENDING:
                return document(answer, self._origin)
            asked = retry_after(answer.headers.get("retry-after"), self._clock.now())
            wait = min(asked if asked is not None else _WAIT, _LONGEST)
            if self._clock.monotonic() + wait > until:
                raise Unavailable(
                    f"{self._origin}: an export took longer than {self._patience:g} s; ask for less at once"
                )
            await self._clock.sleep(max(wait, 1.0))

    def _listed(self, manifest: Any) -> list[ExportFile]:
        output = manifest.get("output") if isinstance(manifest, dict) else None
        if not isinstance(output, list):
            raise ContractBroken(f"{self._origin}: the export lists no files")
        found = []
        for one in output:
            if not isinstance(one, dict) or not isinstance(one.get("url"), str):
                raise ContractBroken(f"{self._origin}: a file of the export has no URL")
            count = one.get("count")
            found.append(ExportFile(str(one.get("type", "")), one["url"], count if isinstance(count, int) else 0))
        return found
