"""An exception queue of one case, in memory, that refuses some of what is asked of it."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

from careloom.cases.catalogue import shipped
from careloom.cases.delegations import Delegation
from careloom.cases.groups import CaseSet, Member, SetRetried
from careloom.cases.payloads import Payload
from careloom.cases.rights import NotAllowed
from careloom.cases.standing import CasePage, Entry, Group, Standing
from careloom.cases.states import NoSuchCase, NotPossible
from careloom.cases.work import Casework
from careloom.core.errors import FormatError

KNOWN = UUID(int=7)
WHEN = datetime(2026, 3, 4, tzinfo=UTC)
_WHAT = {
    "cause": KNOWN, "kind": "mapping", "system": "ehr", "subscription": "translate", "type": "hl7v2:ADT^A04",
    "owner": "integration", "field": "PID-3", "reason": "no number", "priority": 3, "due": WHEN,
}  # fmt: skip
CASE = Standing(
    **_WHAT, id=KNOWN, category="mapping", state="open", assignee=None, run=None, event=KNOWN, message=KNOWN,
    opened=WHEN, overdue=False,
    age_seconds=1.5, escalated=0, resolved=None, resolution=None, resolved_by=None, asked_by="", resumes="subscription",
    runbook="case-mapping", actions=("edit", "retry"), revision=1,
)  # fmt: skip
ENTRY = Entry(1, WHEN, "Robin Okafor", "moved", "open", "claimed", "integration", None, None, "", None, "said")
DELEGATION = Delegation(KNOWN, "billing", "Robin Okafor", "Kim Duarte", WHEN, WHEN, "on leave", WHEN)
_REFUSALS = (NoSuchCase, NotPossible, NotAllowed, FormatError)


def _known(case: UUID, *said: object) -> None:
    """Refuses what is asked of another case, each time in the way that the words of the call decide."""
    if case != KNOWN:
        raise _REFUSALS[sum(repr(said).encode()) % len(_REFUSALS)]("refused by the clerk")


class _Clerk:
    kinds = shipped()

    async def one(self, case: UUID) -> Standing:
        if case != KNOWN:
            raise NoSuchCase("there is none")
        return CASE

    async def page(self, wanted: Any, after: Any, limit: int) -> CasePage:
        return CasePage([CASE], (3, WHEN, KNOWN) if limit == 1 and after is None else None)

    async def groups(self, *asked: object) -> list[Group]:
        return [Group(**_WHAT, cases=1, unclaimed=1, overdue=0, oldest=WHEN)]

    async def history(self, case: UUID, **asked: object) -> list[Entry]:
        await self.one(case)
        return [ENTRY]

    async def masked_payload(self, case: UUID) -> Payload:
        await self.one(case)
        return Payload(KNOWN, "hl7v2:ADT^A04", "text/plain", False, b"PID|1")

    async def act(self, case: UUID, *said: object, **more: object) -> Standing:
        _known(case, said, more)
        return CASE

    claim = release = wait = assign = act

    async def comment(self, case: UUID, *said: object) -> bool:
        await self.one(case)
        return True

    async def look(self, case: UUID, *said: object) -> Payload:
        return await self.masked_payload(case)

    async def list(self, *, by: str | None, to: str | None, limit: int) -> list[Delegation]:
        return [DELEGATION]

    async def hand_on(self, actor: object, role: str, to: str, **when: object) -> Delegation:
        if len(to) > 5:
            raise (NotAllowed, FormatError)[len(role) % 2]("refused by the clerk")
        return DELEGATION

    async def take_back(self, actor: object, delegation: UUID, why: str) -> None:
        if delegation != KNOWN:
            raise (NoSuchCase, NotAllowed)[len(why) % 2]("refused by the clerk")

    async def preview(self, cause: UUID, *said: object) -> CaseSet:
        await self.one(cause)
        return CaseSet(KNOWN, KNOWN, (Member(KNOWN, "mapping", "ehr", "", WHEN),), False)

    async def retry(self, token: UUID, *said: object) -> SetRetried:
        return SetRetried(1, 0, 0.0)


def clerk() -> Casework:
    """The queue."""
    one = _Clerk()
    return cast(Casework, SimpleNamespace(reader=one, desk=one, groups=one, delegations=one))
