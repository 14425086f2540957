"""What must be true at the end of a trial, each with the figure it was judged by."""

from __future__ import annotations

import json
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tests.chaos.feed import Feed
from tests.chaos.processes import Erp

Arrival = dict[str, str]


@dataclass(frozen=True, slots=True)
class Finding:
    """One promise: what was counted, and everything that broke it."""

    promise: str
    figure: str
    broken: Sequence[str] = ()

    @property
    def holds(self) -> bool:
        return not self.broken


async def in_the_log(connection: Any, acknowledged: set[str]) -> list[Finding]:
    """Every acknowledged message is there once, with its bytes and with what it became."""
    receipts = await connection.fetch("select key, id from receipt where system = 'ehr'")
    messages = await connection.fetch("select id from event where kind = 'm'")
    events = await connection.fetch("select correlation from event where kind = 'e'")
    keys = Counter(row["key"] for row in receipts)
    ids = Counter(row["id"] for row in messages)
    made = Counter(row["correlation"] for row in events)
    lost = [f"{key}: acknowledged, and there is no receipt" for key in sorted(acknowledged - set(keys))]
    bodies = [f"{row['key']}: {ids[row['id']]} entries" for row in receipts if ids[row["id"]] != 1]
    translated = [f"{row['key']}: {made[row['id']]} events" for row in receipts if made[row["id"]] != 1]
    strange = len(ids) - len(receipts)
    if strange:
        bodies.append(f"{strange} entries that belong to no receipt")
    return [
        Finding("acknowledged means durable, once", f"{len(acknowledged)} acknowledged, {len(keys)} receipts", lost),
        Finding("each receipt has one entry", f"{len(ids)} entries", bodies),
        Finding("each message was translated once", f"{len(events)} events", translated),
    ]


def at_the_sink(arrivals: Sequence[Arrival], events: Iterable[str]) -> list[Finding]:
    """Everything arrived, under one key each, and nobody's past came after their present."""
    wanted = set(events)
    seen = Counter(arrival["id"] for arrival in arrivals)
    missing = [f"event {id_} never arrived" for id_ in sorted(wanted - set(seen))]
    missing += [f"event {id_} is not in the log" for id_ in sorted(set(seen) - wanted)]
    keys = [f"event {one['id']} came under the key {one['key']}" for one in arrivals if one["key"] != one["id"]]
    again = sum(seen.values()) - len(seen)
    return [
        Finding("every event reached the sink", f"{len(seen)} events, {again} delivered again", missing),
        Finding("each delivery carries its idempotency key", f"{len(arrivals)} requests", keys),
        Finding("one subject, one order", f"{len({one['subject'] for one in arrivals})} subjects", disorder(arrivals)),
    ]


def disorder(arrivals: Sequence[Arrival]) -> list[str]:
    """First arrivals that came after a newer event of their subject. The times are the sender's own, all different."""
    newest: dict[str, str] = defaultdict(str)
    seen: set[str] = set()
    found = []
    for arrival in arrivals:
        if arrival["id"] in seen:
            continue
        seen.add(arrival["id"])
        subject, time = arrival["subject"], arrival["time"]
        if time < newest[subject]:
            found.append(f"subject {subject}: {time} arrived after {newest[subject]}")
        newest[subject] = max(newest[subject], time)
    return found


def in_odoo(erp: Erp, feed: Feed) -> list[Finding]:
    """One contact for each patient, as the newest message described it; the retired are archived."""
    partners = _partners(erp)
    by_ref: dict[str, list[Any]] = defaultdict(list)
    for partner in partners:
        by_ref[partner["ref"]].append(partner)
    doubled = [f"{ref}: contacts {[one['id'] for one in found]}" for ref, found in by_ref.items() if len(found) > 1]
    doubled += [f"{ref}: no contact" for ref in sorted(feed.streets.keys() - by_ref.keys())]
    names = _external_ids(erp, [partner["id"] for partner in partners])
    shared = [f"{name}: {count} contacts" for name, count in Counter(names.values()).items() if count > 1 or not name]
    stale = []
    for ref, street in feed.streets.items():
        for partner in by_ref[ref]:
            if partner["street"] != street:
                stale.append(f"{ref}: {partner['street']} and not {street}")
            if partner["active"] == (ref in feed.retired):
                stale.append(f"{ref}: active is {partner['active']}")
    return [
        Finding("no record is doubled", f"{len(partners)} contacts of {len(feed.streets)} patients", doubled),
        Finding("one record for each external id", f"{len(set(names.values()))} external ids", shared),
        Finding("each record shows the newest", f"{len(feed.streets)} compared, {len(feed.retired)} merged", stale),
    ]


def _partners(erp: Erp) -> list[Any]:
    found: list[Any] = _call(
        erp, "res.partner", "search_read", domain=[["ref", "!=", False]], fields=["ref", "street", "active"],
        context={"active_test": False},
    )  # fmt: skip
    return found


def _external_ids(erp: Erp, ids: Sequence[int]) -> dict[str, str]:
    found: dict[str, str] = _call(erp, "res.partner", "get_external_id", ids=list(ids))
    return found


def _call(erp: Erp, model: str, method: str, **named: Any) -> Any:
    headers = {"Authorization": f"bearer {erp.api_key}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{erp.url}/json/2/{model}/{method}", json.dumps(named).encode(), headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)
