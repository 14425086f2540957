"""Master data on schedule: suppliers' catalogues, directories of payers and providers, kept in step with Odoo.

    catalogue = synchronised(
        MasterList(name="catalogue", sort="product", listed_as="catalogue*.csv", key="item",
                   columns={"name": "description", "barcode": "gtin", "price": "price"}, codes={"gtin": "gtin"}),
        cron="0 2 * * *",
    )

A run reads the list in chunks, writes the rows whose content is another than what was last written, takes out of use
what left the list, and then reads all of it back from Odoo and compares: how many rows, and their total, on both sides.

A chunk is read again after a kill; what it wrote before is then unchanged. A row that cannot be read, that Odoo
refuses, or that differs in the end is put aside as `item-aside`, by its row or its record, and the others go on. What
somebody changed in Odoo is told and not overwritten. Nothing is undone: the next run brings what is so then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID, uuid5

import msgspec

from careloom.cases.kinds import Action
from careloom.core.errors import FormatError, MappingError, Rejected
from careloom.flows import Flow
from careloom.flows.master_lists import PRODUCT, MasterList, added
from careloom.flows.master_store import FIRST, KnownRow, Sync
from careloom.flows.stores import Stores
from careloom.identity.crosswalk.authority import Decision
from careloom.systems.listing import Listed, ListedRow, ListPlace
from careloom.systems.odoo.cells import Value
from careloom.systems.odoo.connector import Odoo
from careloom.systems.odoo.documents.parties import Party
from careloom.workflow.calling import Attempt
from careloom.workflow.run import Run

_TEMPLATE: Final = "product.template"
_COMPARED: Final = 1000
_RETIRED: Final = 200


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """What a run is about: the list of this name."""

    list: str


class Ruled(msgspec.Struct, frozen=True, kw_only=True):
    """Which fields of a list its source may not set, or only propose, and why."""

    refused: dict[str, str] = {}
    proposed: dict[str, str] = {}


class Came(msgspec.Struct, frozen=True, kw_only=True):
    """What a synchronisation came to."""

    read: int
    written: int
    aside: int
    vanished: int
    rows: int
    total: str
    differing: int


@dataclass(frozen=True, slots=True)
class Change:
    """A row that is to be written, or that cannot be, for `error`."""

    master: MasterList
    row: ListedRow
    token: UUID
    values: Mapping[str, str] = field(default_factory=dict)
    digest: bytes = b""
    known: KnownRow | None = None
    error: FormatError | None = None


@dataclass(frozen=True, slots=True)
class Left:
    """Rows that left the list."""

    master: MasterList
    keys: Sequence[UUID]
    records: Sequence[int]
    at: datetime


@dataclass(frozen=True, slots=True)
class Difference:
    """A record that is not as the list has it."""

    model: str
    record: int
    what: str
    fields: tuple[str, ...]


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """How far the comparison is, and what both sides come to so far."""

    after: UUID = FIRST
    ours: int = 0
    our_total: bytes = bytes(16)
    theirs: int = 0
    their_total: bytes = bytes(16)
    differing: int = 0


def synchronised(master: MasterList, *, cron: str, timezone: str = "UTC", window: str = "4h", **declared: Any) -> Flow:
    """The flow `sync-<list>` of a list: a module that holds it goes into `hub.flows`. The settings bind its `source`
    and `erp`. `declared` are others of `Flow`'s: owner, business_owner, system_of_record."""
    given = {"owner": "master-data", "business_owner": "director of supply chain", "runbook": "flow-master-sync",
             "system_of_record": f"the source of the list {master.name}", **declared}  # fmt: skip
    flow = Flow(
        f"sync-{master.name}", sla="1d", criticality="low", latency="batch", bound="1d", recovery_time="1d",
        pattern="master data", **given,
    )  # fmt: skip

    @flow.workflow()
    async def synchronise(run: Run, due: Due) -> Came:  # noqa: ARG001 - it has one list
        return await keep_in_step(run, master)

    flow.schedule("nightly", cron, synchronise, given=Due(list=master.name), timezone=timezone, window=window)
    return flow


async def keep_in_step(run: Run, master: MasterList) -> Came:
    """The course of one synchronisation."""
    now = await run.now()
    master = await _as_it_may(run, master)
    since = await run.step(begin, master.name, list(master.fields), now)
    brought = await run.each(
        changes, bring, master, since, key=lambda one: f"row {one.row.number}", chunk=master.chunk,
        at_once=master.chunk, aside=master.most_bad,
    )  # fmt: skip
    vanished, rows = await run.step(missing, master.name)
    if vanished and await _may_retire(run, master, vanished, rows):
        await run.each(leaving, retire, master, key=lambda one: str(one.keys[0]), chunk=_RETIRED)
    else:
        vanished = 0
    await run.each(
        compare, tell, master, key=lambda one: f"{one.model}/{one.record}", chunk=_COMPARED, aside=master.most_bad
    )
    return await run.step(finish, await run.now(), brought.done, brought.aside, vanished)


async def _as_it_may(run: Run, master: MasterList) -> MasterList:
    """The list without the fields that its source may not set; a steward is asked about those that it may propose."""
    found = await run.step(ruled, master.sort, list(master.columns))
    kept_back = set(found.refused)
    if found.proposed:
        where = ", ".join(f"{master.sort}.{name}" for name in found.proposed)
        answer = await run.case("proposed-write", "; ".join(found.proposed.values()), field=where)
        if answer is None or answer.action is not Action.APPROVE:
            kept_back |= set(found.proposed)
    return master.without(kept_back)


async def ruled(sort: str, fields: list[str], source: Listed, stores: Stores) -> Ruled:
    """What of a list its source may set, by the table of authority. Raises Rejected where it may not say the name: then
    it may say nothing."""
    verdicts = {field: stores.authority.may(source.system, sort, field) for field in fields}
    reasons = {
        field: verdict.reason(source.system, sort, field) for field, verdict in verdicts.items() if not verdict.accepted
    }
    proposed = {field: one for field, one in reasons.items() if verdicts[field].decision is Decision.PROPOSE}
    refused = {field: one for field, one in reasons.items() if field not in proposed}
    await stores.refused(source.system, sort, refused)
    if "name" in refused:
        raise Rejected(f"{refused['name']}; without a name there is nothing to write", "name")
    return Ruled(refused=refused, proposed=proposed)


async def _may_retire(run: Run, master: MasterList, vanished: int, rows: int) -> bool:
    if vanished <= rows * master.most_vanished:
        return True
    reason = (
        f"{vanished} of {rows} rows left the list {master.name}, more than {master.most_vanished:.0%}: is it whole? "
        "Retry takes them out of use, discard leaves them as they are"
    )
    answer = await run.case("batch-stopped", reason, field=master.name)
    return answer is not None and not answer.given_up


async def begin(name: str, fields: list[str], now: datetime, attempt: Attempt, stores: Stores) -> str:
    """Where the last one left off."""
    return await stores.rows.begin(attempt.run, name, now, fields)


# ------------------------------------------------------------------ what changed


async def changes(
    master: MasterList, since: str, cursor: Any, chunk: int, attempt: Attempt, source: Listed, stores: Stores
) -> tuple[Sequence[Change], ListPlace | None]:
    """The next rows of the list that are to be written, or cannot be read."""
    place = None if cursor is None else msgspec.convert(cursor, ListPlace)
    listing = await source.rows(master.listed_as, since, place, chunk)
    reading = uuid5(attempt.run, listing.edition)
    found = await _changed(master, listing.rows, reading, stores)
    done = max((row.number for row in listing.rows), default=place.rows if place else 0)
    await stores.rows.note_page(attempt.run, listing.version, reading, listing.whole, done)
    return found, listing.after


async def _changed(master: MasterList, rows: Sequence[ListedRow], reading: UUID, stores: Stores) -> list[Change]:
    secret, kept = stores.rows.digest_key, stores.rows
    tokens = {row.number: kept.token(master.name, master.key_of(row)) for row in rows}
    known = await kept.known(master.name, list(set(tokens.values())))
    seen: dict[UUID, bytes] = {}
    found: list[Change] = []
    spared: list[UUID] = []
    for row in rows:
        token = tokens[row.number]
        before = known.get(token)
        try:
            values = master.values(row)
            digest = master.digest(secret, token, values)
            earlier = seen.get(token) or (before.source if before is not None and before.seen == reading else digest)
            if earlier != digest:
                raise FormatError("an earlier row has this key and other content", master.place(row, master.key))
        except FormatError as error:
            found.append(Change(master, row, token, error=error))
            spared.append(token)
            continue
        if token not in seen and (before is None or before.written != digest or before.gone is not None):
            found.append(Change(master, row, token, values, digest, before))
        seen[token] = digest
    await kept.see(master.name, reading, seen, [token for token in spared if token not in seen])
    return found


async def bring(change: Change, erp: Odoo, stores: Stores) -> None:
    """Write one row; calls side by side travel together. Raises FormatError for one that cannot be read."""
    if change.error is not None:
        raise change.error
    known = change.known
    if known is not None and known.gone is not None and known.record is not None:
        await _take_back(change.master, known.record, erp)
    record = await (_product if change.master.sort == "product" else _party)(change, erp)
    await stores.rows.keep(change.master.name, change.token, change.digest, record)


async def _product(change: Change, erp: Odoo) -> int:
    master, values = change.master, change.values
    key = erp.external_id("product", master.assigner, master.key_of(change.row))
    columns: dict[str, Value] = {master.known[name]: value for name, value in values.items() if name != "price"}
    if "price" in values:
        columns["list_price"] = Decimal(values["price"])
    return (await erp.upsert(PRODUCT, key, columns)).record_id


async def _party(change: Change, erp: Odoo) -> int:
    master = change.master
    assert master.sort != "product", "that is for the other one"
    key = erp.external_id(master.sort, master.assigner, master.key_of(change.row))
    values: dict[str, Any] = dict(change.values)
    held = await erp.documents.parties.keep(Party(key=key, role=master.sort, **values))
    for issue in held.issues:
        raise MappingError(issue.problem, issue.field)
    return held.record_id


async def _take_back(master: MasterList, record: int, erp: Odoo) -> None:
    """What left the list and is in it again is in use again."""
    await erp.write(master.model, [record], {"active": True})
    if master.sort == "product":
        await erp.write(_TEMPLATE, [await erp.documents.products.template(record)], {"active": True})


# ------------------------------------------------------------------ what left the list


async def missing(name: str, attempt: Attempt, stores: Stores) -> tuple[int, int]:
    """How many rows left it, of how many; none where the list gave its changes alone."""
    sync, reading = await stores.rows.one(attempt.run)
    if not sync.whole or reading is None:
        return 0, 0
    return await stores.rows.missing(name, reading)


async def leaving(
    master: MasterList, cursor: Any, chunk: int, attempt: Attempt, stores: Stores
) -> tuple[Sequence[Left], UUID | None]:
    """The next of them, all in one."""
    sync, reading = await stores.rows.one(attempt.run)
    assert reading is not None, "rows are missing from a reading"
    after = FIRST if cursor is None else UUID(cursor)
    rows = await stores.rows.vanished(master.name, reading, after, chunk)
    if not rows:
        return (), None
    keys = [key for key, _ in rows]
    left = Left(master, keys, [record for _, record in rows if record is not None], sync.began)
    return [left], keys[-1] if len(rows) == chunk else None


async def retire(left: Left, erp: Odoo, stores: Stores) -> None:
    """Take them out of use, if that is the policy, and forget that they are in force."""
    if left.master.vanished == "archive" and left.records:
        await erp.archive(left.master.model, left.records)
        if left.master.sort == "product":
            await _retire_templates(left.records, erp)
    await stores.rows.retire(left.master.name, left.keys, left.at)


async def _retire_templates(products: Sequence[int], erp: Odoo) -> None:
    """A template without a variant in use would stay in every list of products."""
    templates = {row["product_tmpl_id"][0] for row in await erp.read(PRODUCT, products, ["product_tmpl_id"])}
    used = await erp.search_read(PRODUCT, [["product_tmpl_id", "in", sorted(templates)]], ["product_tmpl_id"])
    await erp.archive(_TEMPLATE, sorted(templates - {row["product_tmpl_id"][0] for row in used}))


# ------------------------------------------------------------------ whether both sides agree


async def compare(
    master: MasterList, cursor: Any, chunk: int, attempt: Attempt, erp: Odoo, stores: Stores
) -> tuple[Sequence[Difference], Compared | None]:
    """The next rows in force that Odoo has otherwise; with the last the totals are kept."""
    so_far = Compared() if cursor is None else msgspec.convert(cursor, Compared)
    rows = await stores.rows.in_force(master.name, so_far.after, chunk)
    records = [row.record for row in rows if row.record is not None]
    held = {one["id"]: one for one in await erp.read(master.model, records, ["active", *master.odoo_fields])}
    found, so_far = _compared(master, rows, held, so_far, stores.rows.digest_key)
    if len(rows) == chunk:
        return found, so_far
    ours, theirs = (so_far.ours, so_far.our_total), (so_far.theirs, so_far.their_total)
    await stores.rows.totals(attempt.run, ours, theirs, so_far.differing)
    return found, None


def _compared(
    master: MasterList, rows: Sequence[KnownRow], held: Mapping[int, Mapping[str, Any]], so_far: Compared, secret: bytes
) -> tuple[list[Difference], Compared]:
    found: list[Difference] = []
    theirs, our_total, their_total, differing = so_far.theirs, so_far.our_total, so_far.their_total, so_far.differing
    for row in rows:
        our_total = added(our_total, row.source)
        record = held.get(row.record) if row.record is not None else None
        digest = b""
        if record is not None and record["active"]:
            digest = master.digest(secret, row.key, master.as_listed(record))
            theirs, their_total = theirs + 1, added(their_total, digest)
        if digest != row.source:
            differing += 1
            if row.record is not None and row.written == row.source:  # else it was put aside when it was to be written
                found.append(_difference(master, row, record, digest))
    last = rows[-1].key if rows else so_far.after
    return found, Compared(after=last, ours=so_far.ours + len(rows), our_total=our_total, theirs=theirs,
                           their_total=their_total, differing=differing)  # fmt: skip


def _difference(master: MasterList, row: KnownRow, record: Mapping[str, Any] | None, digest: bytes) -> Difference:
    assert row.record is not None, "a row without a record has nothing to compare"
    if record is None:
        return Difference(master.model, row.record, "it is gone from Odoo", ())
    if not record["active"]:
        return Difference(master.model, row.record, "it is out of use in Odoo, and in the list", ("active",))
    fields = master.differing(row.source, digest)
    return Difference(master.model, row.record, f"Odoo has another {', '.join(fields)} than the list", fields)


async def tell(difference: Difference) -> None:
    """Raise Rejected: it is for a person to say who is right."""
    raise Rejected(difference.what, ", ".join(difference.fields) or None)


async def finish(now: datetime, written: int, aside: int, vanished: int, attempt: Attempt, stores: Stores) -> Came:
    """Keep what it came to."""
    await stores.rows.finish(attempt.run, now, written, aside, vanished)
    sync: Sync = (await stores.rows.one(attempt.run))[0]
    return Came(
        read=sync.read, written=written, aside=aside, vanished=vanished, rows=sync.source_rows or 0,
        total=sync.source_total or "", differing=sync.differing or 0,
    )  # fmt: skip
