"""The audit: who did and looked at what, and whether the log is as it was written."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from starlette.responses import Response

from careloom.console.rights import Right
from careloom.console.visiting import Page, Visit
from careloom.core.errors import FormatError
from careloom.log.acts import WantedActs, acts
from careloom.log.verification import Verdict, verify

PAGE: Final = 100
_VERIFIED: Final = "chains"
_FOR_SECONDS: Final = 60.0
_PATIENCE_SECONDS: Final = 30.0


async def _audit(visit: Visit) -> Response:
    house = visit.house
    wanted = WantedActs(
        visit.asked("by"), visit.asked("kind"), _moment(visit.asked("since"), "since"),
        _moment(visit.asked("until"), "until"),
    )  # fmt: skip
    rows = await acts(house.database, house.keyring, wanted, _after(visit.asked("after")), PAGE + 1)
    further = ""
    if len(rows) > PAGE:
        asked = {name: visit.asked(name) for name in ("by", "kind", "since", "until") if visit.asked(name)}
        last = rows[PAGE - 1]
        further = f"?{urlencode({**asked, 'after': f'{last.recorded.isoformat()}~{last.id}'})}"
    kinds = sorted({row.kind for row in rows} | ({wanted.kind} if wanted.kind else set()))
    people = [row["name"] for row in await house.people.everybody()]
    return visit.show(
        "audit.html", title="Audit", rows=rows[:PAGE], further=further, wanted=wanted, kinds=kinds, people=people,
        since=visit.asked("since"), until=visit.asked("until"),
    )  # fmt: skip


async def _chains(visit: Visit) -> Response:
    """Every chain is recomputed, once a minute at most. What takes longer than a page may is left to the command."""
    house = visit.house

    async def read() -> Verdict | None:
        try:
            return await asyncio.wait_for(verify(house.database), _PATIENCE_SECONDS)
        except TimeoutError:
            return None

    verdict = await house.shelf.kept(_VERIFIED, house.clock.monotonic, _FOR_SECONDS, read)
    return visit.show("chains.html", title="Is the log as it was written?", verdict=verdict, patience=_PATIENCE_SECONDS)


def _moment(text: str, place: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text) if text else None
    except ValueError:
        raise FormatError("this is no time; write 2026-03-01T08:30", place) from None
    return None if found is None else found.replace(tzinfo=found.tzinfo or UTC)


def _after(text: str) -> tuple[datetime, UUID] | None:
    if not text:
        return None
    recorded, _, id_ = text.partition("~")
    try:
        return datetime.fromisoformat(recorded), UUID(id_)
    except ValueError:
        raise FormatError("this page was asked for wrongly; begin at the first", "after") from None


PAGES = (
    Page("/audit", Right.SEE_AUDIT, _audit, "Audit"),
    Page("/audit/chains", Right.SEE_AUDIT, _chains),
)
