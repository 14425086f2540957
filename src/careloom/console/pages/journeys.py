"""Journeys: from a number on a bill or a wristband to the bytes that came, and all that was made of them."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from starlette.responses import Response

from careloom.console.looking import act_of, look_at
from careloom.console.moments import moments
from careloom.console.rights import Right
from careloom.console.searching import LISTS, Found, listed, search, search_by_name
from careloom.console.visiting import Page, Refused, Visit
from careloom.core.envelope import Kind, Recorded
from careloom.core.errors import FormatError
from careloom.formats.detection import inspect
from careloom.formats.inspection import Inspection
from careloom.formats.unfolding import MOST, Part, Stretch, unfold
from careloom.log.journey import Journey, journey
from careloom.security.masking import mask, mask_value

LARGEST: Final = 256 * 1024
"""Octets that a page shows of one body; the rest is in the bytes themselves."""


async def _journeys(visit: Visit) -> Response:
    wanted, show = visit.asked("q"), visit.asked("show")
    if show in LISTS and not wanted:
        rows, last = await listed(visit.house, show, _after(visit.asked("after")))
        further = f"?{urlencode({'show': show, 'after': last})}" if last else ""
        return visit.show("journeys.html", title="Journeys", wanted=show, found=Found(rows), further=further, show=show)
    found = await search(visit.house, wanted, _moment(visit.asked("before"))) if wanted else Found(())
    further = f"?{urlencode({'q': wanted, 'before': found.before.isoformat()})}" if found.before else ""
    return visit.show("journeys.html", title="Journeys", wanted=wanted, found=found, further=further, show="")


async def _by_name(visit: Visit) -> Response:
    """A POST whose answer is the page itself: a name may stand in no URL and in no history."""
    form = await visit.form()
    act = act_of(visit, form)
    found = await search_by_name(visit.house, form.one("family"), form.one("given"), form.one("birth"), act)
    return visit.show("journeys.html", title="Journeys", wanted="by name", found=found, further="", show="by name")


async def _journey(visit: Visit) -> Response:
    found = await _read(visit)
    look = await look_at(visit, found.message)
    entry = _entry(visit, found)
    stretches, seen = await asyncio.to_thread(_shown, entry, look is not None) if entry else ((), None)
    return visit.show(
        "journey.html", title="A journey", found=found, entry=entry, stretches=stretches, seen=seen, look=look,
        moments=await moments(visit.house, found), too_large=entry is not None and len(entry.data) > LARGEST,
        message_kind=Kind.MESSAGE, most=MOST,
    )  # fmt: skip


async def _reveal(visit: Visit) -> Response:
    form = await visit.form()
    found = await _read(visit)
    look = await visit.house.operators.record_look(found.message, act_of(visit, form))
    entry = {"entry": form.one("entry")} if form.one("entry") else {}
    return visit.go(f"/journeys/{found.message}?{urlencode({**entry, 'look': look})}#body", "Your look is on record.")


async def _octets(visit: Visit) -> Response:
    visit.must(Right.SEE_PERSONAL)
    found = await _read(visit)
    entry = _entry(visit, found)
    if await look_at(visit, found.message) is None or entry is None:
        raise Refused("say on the page of the journey why you look; a look lasts ten minutes")
    named = {"Content-Disposition": f'attachment; filename="{entry.id}"', "Cache-Control": "no-store"}
    return Response(entry.data, media_type="application/octet-stream", headers=named)


async def _read(visit: Visit) -> Journey:
    try:
        message = UUID(visit.path["message"])
    except ValueError:
        raise Refused("this is no id of a message; search for it", 404) from None
    found = await journey(visit.house.database, visit.house.keyring, message)
    if found is None:
        raise Refused("there is no message of this id; search for it", 404)
    return found


def _entry(visit: Visit, found: Journey) -> Recorded | None:
    """The one that is asked for, else the message; None where its body was erased."""
    wanted = visit.asked("entry") or str(found.message)
    return next((one for one in found.events if str(one.id) == wanted), None)


def _shown(entry: Recorded, unmasked: bool) -> tuple[list[Stretch], Inspection | None]:
    """The body by stretches, and what its format's inspector says of the whole of it, unless that is large."""
    stretches = unfold(entry.data[:LARGEST])
    small = len(entry.data) <= LARGEST
    seen = inspect(entry.data, "") if small and entry.kind is Kind.MESSAGE else None
    return ([*stretches] if unmasked else [_masked(one) for one in stretches]), seen


def _masked(one: Stretch) -> Stretch:
    """A segment keeps its name, JSON its keys where they are words; nothing else is known to be structure."""
    raw = one.name + mask_value(one.raw[len(one.name) :]) if one.name else mask(one.raw)
    return Stretch(one.name, raw, [Part(_place(one, part), part.name, mask_value(part.text)) for part in one.parts])


def _place(one: Stretch, part: Part) -> str:
    if one.name:
        return part.place
    words = part.place.split("/")
    return "/".join(
        word if (word.isascii() and word.isalpha()) or _is_index(word) else mask_value(word) for word in words
    )


def _is_index(word: str) -> bool:
    return word.isdecimal() and len(word) < 4


def _after(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise FormatError("this page was asked for wrongly; begin at the first", "after") from None


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text) if text else None
    except ValueError:
        found = None
    if text and (found is None or found.tzinfo is None):
        raise FormatError("this is no time with its offset, such as 2026-03-01T08:30:00+00:00", "before")
    return found


PAGES = (
    Page("/journeys", Right.SEE, _journeys, "Journeys"),
    Page("/journeys/by-name", Right.SEE_PERSONAL, _by_name, methods=("POST",)),
    Page("/journeys/{message}", Right.SEE, _journey),
    Page("/journeys/{message}/look", Right.SEE_PERSONAL, _reveal, methods=("POST",)),
    Page("/journeys/{message}/bytes", Right.SEE_PERSONAL, _octets),
)
