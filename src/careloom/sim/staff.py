"""The people of the demo: each has a name, a role and an API key, and decides by the hub's own HTTP interface."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self

import aiohttp

from careloom.core.errors import CareloomError
from careloom.gateway.classes import Scope
from careloom.hub.node import Node

WORK: Final = (Scope.CASES_READ, Scope.CASES_WORK, Scope.RUNS_READ, Scope.RUNS_WORK)
ROLES: Final[Mapping[str, Sequence[str]]] = {
    "Ruta Sandoval": ("purchasing",),
    "Sefu Brightwater": ("purchasing",),
    "Anneke Thistle": ("patient-access", "scheduling"),
    "Bram Kestrel": ("supply-chain",),
    "Cleo Marchbanks": ("patient-accounting", "accounts-receivable", "utilization-management"),
}
"""Who works here, and as what."""
THEATRE: Final = "theatre"
_PAGE = 500


class NotDone(CareloomError):
    """The hub did not do what somebody of the demo asked for."""


@dataclass(slots=True)
class Staff:
    """`keys` by name; `decided` is what they decided: kind of case and who."""

    url: str
    keys: Mapping[str, str]
    decided: list[tuple[str, str]] = field(default_factory=list)
    _http: aiohttp.ClientSession | None = None

    @classmethod
    async def hired(cls, node: Node) -> Staff:
        """Everybody gets a key, as `careloom key create` gives it."""
        keys = {name: await node.keys.create(name, WORK, roles) for name, roles in ROLES.items()}
        keys[THEATRE] = await node.keys.create(THEATRE, (Scope.PUBLISH,))
        return cls(f"http://127.0.0.1:{node.ports['api']}", keys)

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *error: object) -> None:
        if self._http is not None:
            await self._http.close()

    async def cases(self, kind: str = "", state: str = "") -> list[dict[str, Any]]:
        """The exception queue: those that have not ended, or those in a state."""
        asked = {name: value for name, value in (("kind", kind), ("state", state)) if value}
        return await self._pages("/v1/cases", "cases", asked)

    async def runs(self, *, unfinished: bool = False) -> list[dict[str, Any]]:
        """The runs of all processes."""
        return await self._pages("/v1/runs", "runs", {"unfinished": "true"} if unfinished else {})

    async def story(self, run: str) -> Mapping[str, Any]:
        """One run with what it waits for."""
        assert self._http is not None, "it is entered"
        async with self._http.get(f"{self.url}/v1/runs/{run}", headers=self._head(next(iter(ROLES)))) as answer:
            found: Mapping[str, Any] = await answer.json()
            return found

    def who(self, case: Mapping[str, Any]) -> str:
        """Whose work a case is. Raises NotDone where nobody here has its role."""
        found = next((name for name, roles in ROLES.items() if case["owner"] in roles), None)
        if found is None:
            raise NotDone(f"nobody works on a case {case['kind']} of {case['owner']}")
        return found

    async def decide(self, who: str, case: Mapping[str, Any], action: str, reason: str, data: Any = None) -> None:
        """Decide a case. Raises NotDone where the hub refuses it."""
        asked = {"action": action, "reason": reason, **({"data": data} if data is not None else {})}
        status, answer = await self._post(who, f"/v1/cases/{case['id']}/actions", asked)
        if status != 200:
            raise NotDone(f"{case['kind']} was not decided: {status} {answer.get('code') or answer.get('detail')}")
        self.decided.append((str(case["kind"]), who))

    async def is_refused(self, who: str, case: Mapping[str, Any], action: str) -> bool:
        """Whether the hub refuses this decision, as it must."""
        status, _ = await self._post(who, f"/v1/cases/{case['id']}/actions", {"action": action, "reason": "once more"})
        return status in (403, 409)

    async def publish(self, event: Mapping[str, Any]) -> None:
        """Tell the hub of an event, as the theatre's system does. Raises NotDone."""
        head = {"content-type": "application/cloudevents+json"}
        status, answer = await self._post(THEATRE, "/v1/events", event, head)
        if status not in (200, 201):
            raise NotDone(f"an event was not taken: {status} {answer.get('detail')} at {answer.get('location')}")

    async def deliver(self, path: str, body: bytes, headers: Mapping[str, str]) -> None:
        """A webhook of another system. Raises NotDone."""
        assert self._http is not None, "it is entered"
        async with self._http.post(self.url + path, data=body, headers=headers) as answer:
            if answer.status >= 300:
                raise NotDone(f"a webhook was not taken: {answer.status}")

    async def _pages(self, path: str, name: str, asked: Mapping[str, str]) -> list[dict[str, Any]]:
        assert self._http is not None, "it is entered"
        found: list[dict[str, Any]] = []
        after: str | None = ""
        head = self._head(next(iter(ROLES)))
        while after is not None:
            query = {**asked, "limit": str(_PAGE), **({"after": after} if after else {})}
            async with self._http.get(self.url + path, params=query, headers=head) as answer:
                page = await answer.json()
                if answer.status != 200:
                    raise NotDone(f"{path} was not answered: {answer.status} {page.get('detail')}")
            found += page[name]
            after = page.get("next")
        return found

    async def _post(
        self, who: str, path: str, body: Any, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Mapping[str, Any]]:
        assert self._http is not None, "it is entered"
        head = {**self._head(who), **(headers or {})}
        async with self._http.post(self.url + path, json=body, headers=head) as answer:
            return answer.status, await answer.json()

    def _head(self, who: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys[who]}"}
