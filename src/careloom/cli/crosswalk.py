"""What codes of systems stand for: look one up, bring in a list, have it approved, see what was ever said."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar
from uuid import UUID

import typer

from careloom.cases.desk import Decision
from careloom.cases.kinds import Action
from careloom.cases.rights import Actor
from careloom.cli.deployment import DEFAULT_CONFIG, Config, Deployment, deployment, go
from careloom.cli.output import By, Json, console, json_line, listing, moment
from careloom.core.errors import FormatError
from careloom.identity.crosswalk.changes import Change, Preview
from careloom.identity.crosswalk.codes import Canonical, Code, Entity, Key, NoSuchProposal, Said, Unknown
from careloom.identity.crosswalk.imports import ImportDesk
from careloom.identity.crosswalk.ledger import Told
from careloom.identity.crosswalk.lookup import Crosswalk
from careloom.identity.crosswalk.sheets import sort_of, written

T = TypeVar("T")
_DAYS = ["%Y-%m-%d"]
_TIMES = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d"]
File = Annotated[Path, typer.Argument(metavar="FILE", help="A .csv or .xlsx file, one row for each code and time.")]
What = Annotated[Entity, typer.Argument(metavar="ENTITY", help="What it stands for: payer, product, account ...")]
System = Annotated[str, typer.Argument(metavar="SYSTEM", help="Whose code it is; `*` for codes that all use.")]
Type = Annotated[str, typer.Argument(metavar="TYPE", help="Which of its codes: NPI, GTIN, department ...")]
Value = Annotated[str, typer.Argument(metavar="VALUE", help="The code.")]
Day = Annotated[datetime | None, typer.Option("--at", formats=_DAYS, help="On that day; else today.")]
Known = Annotated[
    datetime | None, typer.Option("--as-known", formats=_TIMES, help="As was known then, in UTC; else now.")
]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept on record.")]
Digest = Annotated[str, typer.Option("--digest", help="The digest of the preview that was looked at.")]
Id = Annotated[UUID, typer.Argument(metavar="ID", help="See `careloom crosswalk proposals`.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("import")(import_)
    for command in (export, lookup, history, versions, propose, proposals, approve, reject):
        app.command()(command)


def import_(
    file: File,
    digest: Annotated[
        str, typer.Option("--apply", metavar="DIGEST", help="Do just what the preview with this digest showed.")
    ] = "",
    reason: Reason = "",
    by: By = "cli",
    config: Config = DEFAULT_CONFIG,
    json: Json = False,
) -> None:
    """Show what a file would change, and with --apply do it: all of it, or nothing."""
    data = _read(file)
    preview: Preview = go(_with(config, lambda here: _desk(here).preview(data)))
    if not digest:
        _show_preview(preview, json=json)
        if preview.refused:
            raise typer.Exit(1)
        return
    told = Told(by, reason, file.name)
    version = go(_with(config, lambda here: _desk(here).apply(data, digest, told)))
    if json:
        json_line({"version": version, **preview.counts})
    else:
        console.print(f"{preview.summary}; this is version {version}")


def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The .csv or .xlsx file to write.")],
    entity: Annotated[Entity | None, typer.Option("--entity", help="Only these.")] = None,
    system: Annotated[str | None, typer.Option("--system", help="Only codes of this system.")] = None,
    as_known: Known = None,
    config: Config = DEFAULT_CONFIG,
    json: Json = False,
) -> None:
    """Write all that is said to a file that `import` reads."""
    sort = sort_of(file.name)
    said: list[Said] = go(
        _with(config, lambda here: _desk(here).ledger.export(entity, system, _utc(as_known) if as_known else None))
    )
    file.write_bytes(written(said, sort))
    if json:
        json_line({"file": str(file), "codes": len(said)})
    else:
        console.print(f"{len(said)} codes in {file}", markup=False)


def lookup(
    entity: What,
    system: System,
    type_: Type,
    value: Value,
    at: Day = None,
    as_known: Known = None,
    of: Annotated[str, typer.Option("--of", metavar="SYSTEM", help="Show the codes of this system for it too.")] = "",
    config: Config = DEFAULT_CONFIG,
    json: Json = False,
) -> None:
    """What a code stands for, on a day; else the nearest that are known."""
    key = Key(entity, system, type_, value)
    day = at.date() if at else datetime.now(UTC).date()
    found, codes = go(_with(config, lambda here: _look_up(here, key, day, as_known, of)))
    if isinstance(found, Canonical):
        _show_found(found, codes, json=json)
        return
    if json:
        json_line({"unknown": True, "mapped": found.mapped, "nearest": [near._asdict() for near in found.nearest]})
    else:
        near = [(one.value, f"{one.canonical} {one.label}, {one.likeness:g}% alike") for one in found.nearest]
        listing("Unknown; the nearest known" if near else "Unknown", near)
    raise typer.Exit(1)


def history(
    entity: What, system: System, type_: Type, value: Value, config: Config = DEFAULT_CONFIG, json: Json = False
) -> None:
    """What was ever said of a code: who, when, why and from what."""
    key = Key(entity, system, type_, value)
    found = go(_with(config, lambda here: _desk(here).ledger.history(key)))
    if json:
        for one in found:
            json_line({name: _plain(each) for name, each in one.items()})
        return
    listing("History", [(f"version {one['since']}: {one['canonical']}", _told(one)) for one in found])


def versions(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 100,
    config: Config = DEFAULT_CONFIG,
    json: Json = False,
) -> None:
    """The changes, newest first."""
    found = go(_with(config, lambda here: _desk(here).ledger.versions(limit)))
    if json:
        for one in found:
            json_line({name: _plain(each) for name, each in one.items()})
        return
    rows = [
        (
            f"version {one['number']}",
            f"{one['added']} said, {one['ended']} ended, {moment(one['at'])} by {one['by']} from {one['source']}: "
            f"{one['why']}",
        )
        for one in found
    ]
    listing("Versions", rows)


def propose(
    file: File,
    digest: Digest,
    reason: Reason = "",
    by: By = "cli",
    config: Config = DEFAULT_CONFIG,
    json: Json = False,
) -> None:
    """Have what a preview showed wait for the approval of somebody else."""
    data = _read(file)
    made = go(_with(config, lambda here: _desk(here).propose(data, digest, Told(by, reason, file.name))))
    if json:
        json_line({"proposal": made})
    else:
        console.print(f"it waits for approval: `careloom crosswalk approve {made}`", markup=False)


def proposals(
    some_id: Annotated[UUID | None, typer.Argument(metavar="ID", help="Show what this one would change.")] = None,
    config: Config = DEFAULT_CONFIG,
    json: Json = False,
) -> None:
    """What waits for approval, and what one of them would change."""
    if some_id is not None:
        wanted = some_id
        _show_preview(go(_with(config, lambda here: _desk(here).proposed(wanted))), json=json)
        return
    found = go(_with(config, lambda here: _desk(here).proposals()))
    if json:
        for one in found:
            json_line(one)
        return
    listing("Proposals", [(one["id"], f"by {one['by']} from {one['source']}: {one['why']}") for one in found])


def approve(some_id: Id, reason: Reason = "", by: By = "cli", config: Config = DEFAULT_CONFIG) -> None:
    """Write what was proposed, by somebody else than who proposed it."""
    console.print(go(_with(config, lambda here: _decide(here, some_id, Action.APPROVE, by, reason))), markup=False)


def reject(some_id: Id, reason: Reason, by: By = "cli", config: Config = DEFAULT_CONFIG) -> None:
    """Drop what was proposed."""
    console.print(go(_with(config, lambda here: _decide(here, some_id, Action.REJECT, by, reason))), markup=False)


async def _with(config: Path, act: Callable[[Deployment], Awaitable[T]]) -> T:
    async with deployment(config) as here:
        return await act(here)


def _desk(here: Deployment) -> ImportDesk:
    approvers = here.configuration.settings.crosswalk.approvers
    return ImportDesk(here.store.database, here.work.recorder, here.clock, here.new_id, approvers)


async def _decide(here: Deployment, proposal: UUID, action: Action, by: str, reason: str) -> str:
    found = [one for one in await _desk(here).proposals() if one["id"] == proposal]
    if not found or found[0]["case_id"] is None:
        raise NoSuchProposal(f"there is no proposal {proposal} that waits; `careloom crosswalk proposals` lists them")
    standing = await here.work.desk.act(found[0]["case_id"], Actor(by), Decision(action, reason))
    return str(standing.resolution)


async def _look_up(
    here: Deployment, key: Key, day: date, as_known: datetime | None, of: str
) -> tuple[Canonical | Unknown, tuple[Code, ...]]:
    codes = Crosswalk(here.store.database)
    if as_known is not None:
        found: Canonical | Unknown = await _desk(here).ledger.known_at(key, day, _utc(as_known)) or Unknown()
    else:
        found = await codes.lookup(key.system, key.type, key.value, day, entity=key.entity)
    theirs = await codes.codes_of(found, of, day) if of and isinstance(found, Canonical) else ()
    return found, theirs


def _show_found(found: Canonical, codes: tuple[Code, ...], *, json: bool) -> None:
    if json:
        json_line({**found._asdict(), "codes": [code._asdict() for code in codes]})
        return
    console.print(f"{found.entity} {found.id} {found.label}".rstrip(), markup=False)
    for code in codes:
        console.print(f"  {code.system} {code.type} {code.value}", markup=False)


def _show_preview(preview: Preview, *, json: bool) -> None:
    if json:
        json_line(
            {
                **preview.counts,
                "digest": preview.digest,
                "changes": preview.changes,
                "errors": [{"place": one.place, "text": one.text} for one in preview.refused],
            }
        )
        return
    listing("Changes", [(f"row {one.row}: {one.what}", _line(one)) for one in preview.changes])
    if preview.refused:
        listing("Cannot stand", [(one.place, one.text) for one in preview.refused])
    console.print(f"{preview.summary}; the digest is {preview.digest}", markup=False)


def _line(change: Change) -> str:
    after = change.after
    was = f", before {change.before.canonical}" if change.before and change.before.canonical != after.canonical else ""
    times = f" from {after.valid_from or 'ever'} to {after.valid_to or 'ever'}"
    return f"{after.entity} {after.system} {after.type} {after.value} is {after.canonical}{was},{times}"


def _told(one: dict[str, Any]) -> str:
    ended = f"; not any more since {moment(one['ended_at'])} by {one['ended_by']}" if one["ended_at"] else ""
    times = f"from {one['valid_from'] or 'ever'} to {one['valid_to'] or 'ever'}"
    return f"{times}, {moment(one['said_at'])} by {one['said_by']} from {one['said_in']}: {one['said_why']}{ended}"


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _utc(when: datetime) -> datetime:
    return when.replace(tzinfo=UTC)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise FormatError(f"it cannot be read: {error.strerror}", str(file)) from None
