"""What came of one message, across systems, in the order of time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from careloom.console.house import House
from careloom.core.envelope import Kind
from careloom.log.journey import Journey
from careloom.store.sql import queries

_SQL = queries("console_log")
_CASES = queries("cases")
MOST: Final = 500
_WORDS: Final[Mapping[str, str]] = {
    "done": "good", "completed": "good", "delivered": "good", "received": "good", "resolved": "good",
    "skipped": "quiet", "discarded": "warn", "waived": "warn", "retry": "warn", "behind": "warn", "waiting": "warn",
    "replay": "warn", "transient": "warn", "ambiguous": "warn", "tried": "warn", "undone": "warn", "open": "warn",
    "claimed": "warn", "running": "quiet", "event": "quiet", "cancelled": "warn", "compensating": "warn",
    "failed": "bad", "refused": "bad", "permanent": "bad", "case": "bad",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened: when, where, what came of it in a word, and how long it took in seconds, where that is
    known. `path` is the page of it, `url` the record in another system."""

    at: datetime
    where: str
    what: str
    word: str
    text: str = ""
    seconds: float | None = None
    path: str = ""
    url: str = ""

    @property
    def tone(self) -> str:
        """How the word is shown."""
        return _WORDS.get(self.word, "quiet")


async def moments(house: House, found: Journey) -> Sequence[Moment]:
    """All of it. The steps of runs and the calls of systems are bounded by `MOST`."""
    ids = [one.id for one in found.events]
    async with house.database.acquire() as connection:
        runs = await connection.fetch(_SQL.runs_of_message, found.message, MOST)
        steps = await connection.fetch(_SQL.steps_of_runs, [row["id"] for row in runs], MOST) if runs else []
        calls = await connection.fetch(_SQL.calls_of_events, ids, MOST)
        cases = await connection.fetch(_CASES.of_message, found.message)
    made = [*_entries(found), *_deliveries(house, found), *_waits(found), *_calls(calls), *_cases(cases)]
    made += [*_runs(runs), *_steps(steps, {row["id"]: row["workflow"] for row in runs})]
    return sorted(made, key=lambda one: one.at)


def record_url(house: House, subscription: str, reference: str | None) -> str:
    """Where a record of Odoo (`res.partner/42`) is seen, if the subscription calls one Odoo whose address is known.

    Odoo 18 and later show a record at `/odoo/<model>/<id>`, for a model whose name has a dot.
    """
    model, _, number = (reference or "").rpartition("/")
    uses = next((one.systems for one in house.subscriptions if one.name == subscription), ())
    odoos = [name for name in uses if house.systems.get(name) == "odoo" and name in house.addresses]
    if len(odoos) != 1 or "." not in model or not model.replace(".", "").isidentifier() or not number.isdecimal():
        return ""
    return f"{house.addresses[odoos[0]]}/odoo/{model}/{number}"


def _entries(found: Journey) -> Iterator[Moment]:
    for one in found.events:
        path = f"/journeys/{found.message}?entry={one.id}"
        if one.kind is Kind.MESSAGE:
            yield Moment(one.recorded, found.system, f"message {one.type}", "received", found.key, path=path)
        else:
            yield Moment(one.recorded, "log", one.type, "event", path=path)


def _deliveries(house: House, found: Journey) -> Iterator[Moment]:
    recorded = {one.id: one.recorded for one in found.events}
    for row in found.attempts:
        yield Moment(row["at"], row["subscription"], f"attempt {row['number']}", row["error"], row["reason"])
    for row in found.deliveries:
        told = " ".join(filter(None, (row["reference"], row["reason"])))
        since = recorded.get(row["event"])
        tries = f"handled, attempt {row['attempts']}" if row["attempts"] > 1 else "handled"
        yield Moment(
            row["at"], row["subscription"], tries, row["outcome"], told,
            (row["at"] - since).total_seconds() if since else None,
            f"/subscriptions/{row['subscription']}", record_url(house, row["subscription"], row["reference"]),
        )  # fmt: skip


def _waits(found: Journey) -> Iterator[Moment]:
    for row in found.parked:
        path = f"/subscriptions/{row['subscription']}"
        yield Moment(row["since"], row["subscription"], "waits", row["state"], row["reason"], path=path)


def _calls(rows: Sequence[Any]) -> Iterator[Moment]:
    for row in rows:
        text = " ".join(filter(None, (row["status"], row["detail"])))
        path = f"/systems/{row['system']}"
        yield Moment(row["at"], row["system"], "called", row["result"], text, row["seconds"], path)


def _cases(rows: Sequence[Any]) -> Iterator[Moment]:
    for row in rows:
        path = f"/cases/{row['id']}"
        yield Moment(row["opened"], "exceptions", row["kind"], "open", row["reason"], path=path)
        if row["resolved"] is not None:
            took = (row["resolved"] - row["opened"]).total_seconds()
            by = f"by {row['resolved_by']}"
            yield Moment(row["resolved"], "exceptions", row["kind"], row["state"], by, took, path)


def _runs(rows: Sequence[Any]) -> Iterator[Moment]:
    for row in rows:
        name, path = f"{row['workflow']} version {row['version']}", f"/runs/{row['id']}"
        yield Moment(row["begun"], row["workflow"], f"run of {name} begins", "running", path=path)
        if row["ended"] is not None:
            took = (row["ended"] - row["begun"]).total_seconds()
            yield Moment(row["ended"], row["workflow"], "run ends", row["state"], row["error"] or "", took, path)


def _steps(rows: Sequence[Any], workflows: Mapping[UUID, str]) -> Iterator[Moment]:
    for row in rows:
        ended = row["ended"] or row["began"]
        took = (ended - row["began"]).total_seconds() if row["ended"] else None
        tries = f", attempt {row['attempts']}" if row["attempts"] > 1 else ""
        what, path = f"step {row['path']} {row['name']}{tries}", f"/runs/{row['run']}"
        yield Moment(ended, workflows[row["run"]], what, row["state"], row["error"] or "", took, path)
