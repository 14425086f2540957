"""The exception queue: see what waits for people, take it, decide it, alone or by group."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, TypeVar
from uuid import UUID

import typer

from careloom.cases.desk import Decision
from careloom.cases.groups import PER_SECOND, CaseSet, SetRetried
from careloom.cases.kinds import Action
from careloom.cases.reading import Wanted
from careloom.cases.rights import Actor
from careloom.cases.standing import CasePage, Entry, Group, Standing
from careloom.cases.states import NoSuchCase, State
from careloom.cli import delegation
from careloom.cli.deployment import DEFAULT_CONFIG, Config, Deployment, deployment, go
from careloom.cli.inputs import whole
from careloom.cli.output import By, Json, console, each, escaped, json_line, listing, moment, outcome

T = TypeVar("T")
Id = Annotated[UUID, typer.Argument(metavar="ID", help="The case.")]
Why = Annotated[str, typer.Option("--reason", help="Why; kept on record, so it names no patient.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept on record. Wanted where something is given up.")]
Kind = Annotated[str | None, typer.Option("--kind", help="Only of this kind.")]
Owner = Annotated[str | None, typer.Option("--owner", help="Only of this role.")]
DataFile = Annotated[Path | None, typer.Option("--data", help="A JSON file with what the action needs.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("list")(list_)
    for command in (show, claim, release, wait, assign, comment, resolve, retry, waive, discard, group, kinds):
        app.command()(command)
    delegation.register(app)


def list_(
    kind: Kind = None,
    owner: Owner = None,
    state: Annotated[State | None, typer.Option("--state", help="Only in this state; usually all that wait.")] = None,
    system: Annotated[str | None, typer.Option("--system", help="Only from this system.")] = None,
    cause: Annotated[UUID | None, typer.Option("--group", help="Only of this group.")] = None,
    older: Annotated[float, typer.Option("--older-than", min=0, help="Only those of at least so many hours.")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 100,
    config: Config = DEFAULT_CONFIG,
    json: Json = False,
) -> None:
    """The queue, the most urgent first; of cases that have ended, the newest first."""
    wanted = Wanted(kind, owner, state, system, cause, None, timedelta(hours=older))
    page: CasePage = go(_with(config, lambda here: here.work.reader.page(wanted, None, limit)))
    shown = each("Cases", page.cases, _row, json=json)
    if not json:
        more = "; there are more, ask with --limit" if page.after else ""
        console.print(f"{shown} cases{more}")


def show(
    some_id: Id,
    reveal: Annotated[bool, typer.Option("--reveal", help="Show the payload unmasked; this is put on record.")] = False,
    reason: Annotated[str, typer.Option("--reason", help="Why you look; wanted with --reveal.")] = "",
    by: By = "cli",
    config: Config = DEFAULT_CONFIG,
    json: Json = False,
) -> None:
    """One case: how it stands, what happened to it, what may be decided, and the payload, masked unless --reveal."""
    if reveal and not reason:
        raise typer.BadParameter("say why you look: --reason TEXT", param_hint="--reveal")
    one, entries, text = go(_with(config, lambda here: _whole(here, some_id, Actor(by), reason if reveal else None)))
    if json:
        json_line({**one.as_dict(), "history": [entry.as_dict() for entry in entries], "payload": text})
        return
    for name, value in one.as_dict().items():
        console.print(f"[bold]{name:>14}[/] {escaped(', '.join(value) if name == 'actions' else value)}")
    listing("History", [(f"{moment(entry.at)} {entry.by}", _happened(entry)) for entry in entries])
    if text is not None:
        console.print("Payload" if reveal else "Payload, masked", style="bold")
        console.print(text, markup=False, style="dim")


def claim(some_id: Id, by: By = "cli", config: Config = DEFAULT_CONFIG, json: Json = False) -> None:
    """Take it: from now on it is yours."""
    _told(config, lambda here: here.work.desk.claim(some_id, Actor(by)), json=json)


def release(some_id: Id, reason: Why = "", by: By = "cli", config: Config = DEFAULT_CONFIG, json: Json = False) -> None:
    """Give it back to everybody of its role."""
    _told(config, lambda here: here.work.desk.release(some_id, Actor(by), reason), json=json)


def wait(some_id: Id, reason: Why, by: By = "cli", config: Config = DEFAULT_CONFIG, json: Json = False) -> None:
    """Say that data was asked for, and of whom. Claim it again when they have come."""
    _told(config, lambda here: here.work.desk.wait(some_id, Actor(by), reason), json=json)


def assign(
    some_id: Id,
    to: Annotated[str | None, typer.Option("--to", help="The person who has it from now on.")] = None,
    role: Annotated[str | None, typer.Option("--role", help="The role that answers for it from now on.")] = None,
    reason: Why = "",
    by: By = "cli",
    config: Config = DEFAULT_CONFIG,
    json: Json = False,
) -> None:
    """Give it to a person, or to a role of which anybody may claim it."""
    if not (to or role):
        raise typer.BadParameter("name a person or a role: --to NAME or --role ROLE")
    _told(config, lambda here: here.work.desk.assign(some_id, Actor(by), person=to, role=role, why=reason), json=json)


def comment(
    some_id: Id,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="The remark; kept sealed, for all who may read cases.")],
    by: By = "cli",
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Put a remark on record."""
    go(_with(config, lambda here: here.work.desk.comment(some_id, Actor(by), text)))
    console.print("on record")


def resolve(
    some_id: Id,
    action: Annotated[Action, typer.Option("--action", help="What is decided; see `careloom case show`.")] = (
        Action.RESOLVE
    ),
    data: DataFile = None,
    reason: Reason = "",
    by: By = "cli",
    config: Config = DEFAULT_CONFIG,
    json: Json = False,
) -> None:
    """Decide it: supply what was missing, approve, reject, or say that it was settled elsewhere."""
    _decide(config, some_id, by, Decision(action, reason, _read(data)), json=json)


def retry(
    some_id: Id,
    edited: Annotated[
        Path | None, typer.Option("--edited", help="A file with the corrected payload; the original is kept.")
    ] = None,
    reason: Reason = "",
    by: By = "cli",
    config: Config = DEFAULT_CONFIG,
    json: Json = False,
) -> None:
    """Handle it again, as it is or edited; what waits behind it follows in order."""
    action = Action.RETRY if edited is None else Action.EDIT
    _decide(config, some_id, by, Decision(action, reason, _read(edited)), json=json)


def waive(some_id: Id, reason: Why, by: By = "cli", config: Config = DEFAULT_CONFIG, json: Json = False) -> None:
    """Go on without what is missing. What was to be handled counts as skipped, with the reason."""
    _decide(config, some_id, by, Decision(Action.WAIVE, reason), json=json)


def discard(some_id: Id, reason: Why, by: By = "cli", config: Config = DEFAULT_CONFIG, json: Json = False) -> None:
    """Give it up. It stays on record, and what waits behind it goes on."""
    _decide(config, some_id, by, Decision(Action.DISCARD, reason), json=json)


def group(
    cause: Annotated[UUID | None, typer.Argument(metavar="[GROUP]", help="Show the set a retry would touch.")] = None,
    token: Annotated[
        UUID | None, typer.Option("--retry", help="Retry the set that was shown under this token.")
    ] = None,
    rate: Annotated[float, typer.Option("--per-second", min=0.01, max=1000, help="How fast.")] = PER_SECOND,
    kind: Kind = None,
    owner: Owner = None,
    reason: Reason = "",
    by: By = "cli",
    config: Config = DEFAULT_CONFIG,
    json: Json = False,
) -> None:
    """What waits, by what caused it; with a group, the set that a retry would touch; with --retry, that retry."""
    actor = Actor(by)
    if token is not None:
        done: SetRetried = go(_with(config, lambda here: here.work.groups.retry(token, actor, reason, rate)))
        _show_retried(done, json=json)
    elif cause is not None:
        _show_set(go(_with(config, lambda here: here.work.groups.preview(cause, actor))), json=json)
    else:
        each("Groups", go(_with(config, lambda here: here.work.reader.groups(kind, owner))), _group, json=json)


def kinds(config: Config = DEFAULT_CONFIG, json: Json = False) -> None:
    """The kinds of cases: who answers for them, how soon, what may be decided."""

    async def known(here: Deployment) -> list[Any]:
        return list(here.work.reader.kinds)

    for one in go(_with(config, known)):
        actions = [action.value for action in one.actions]
        hours = one.sla.total_seconds() / 3600
        if json:
            json_line(
                {"name": one.name, "owner": one.owner, "sla_hours": hours, "actions": actions, "data": one.schemas}
            )
        else:
            console.print(f"[bold]{one.name}[/] {one.owner}, {hours:g} h: {', '.join(actions)}")
            console.print(f"   {one.meaning}", markup=False)


def _told(config: Path, act: Callable[[Deployment], Awaitable[Standing]], *, json: bool) -> None:
    outcome(go(_with(config, act)), _row, json=json)


def _decide(config: Path, case: UUID, by: str, decision: Decision, *, json: bool) -> None:
    _told(config, lambda here: here.work.desk.act(case, Actor(by), decision), json=json)


async def _with(config: Path, act: Callable[[Deployment], Awaitable[T]]) -> T:
    async with deployment(config) as here:
        return await act(here)


async def _whole(
    here: Deployment, case: UUID, actor: Actor, why: str | None
) -> tuple[Standing, list[Entry], str | None]:
    reader, text = here.work.reader, None
    one = await reader.one(case)
    if one.event or one.message:
        try:
            text = (
                (await here.work.desk.look(case, actor, why)).text
                if why
                else (await reader.masked_payload(case)).masked
            )
        except NoSuchCase:
            text = None  # its subject was erased
    return one, list(await reader.history(case, reveal=why is not None)), text


def _read(path: Path | None) -> bytes:
    return b"" if path is None else whole(path)


def _title(one: Standing) -> str:
    return f"{one.id} {one.kind} {one.state}"


def _row(one: Standing) -> tuple[str, str]:
    return _title(one), _line(one)


def _line(one: Standing) -> str:
    who = f"{one.assignee} of {one.owner}" if one.assignee else one.owner
    late = ", overdue" if one.overdue else f", due {moment(one.due)}"
    if one.resolution is not None:
        return f"{one.system}: {one.reason}; {one.resolution}, by {one.resolved_by}"
    return f"{one.system}: {one.reason}; with {who}{late}"


def _happened(entry: Entry) -> str:
    moved = f"{entry.before} to {entry.after}" if entry.before != entry.after and entry.before else ""
    share = f"{entry.share}% of its time has passed" if entry.share else ""
    return ", ".join(part for part in (entry.what, moved, share, entry.why, entry.text or "") if part)


def _group(one: Group) -> tuple[str, str]:
    waits = f"{one.unclaimed} unclaimed, {one.overdue} overdue, since {moment(one.oldest)}"
    return f"{one.cause} {one.cases} of {one.kind}", f"{one.system}: {one.reason}; {waits}"


def _show_set(found: CaseSet, *, json: bool) -> None:
    if json:
        json_line({"token": found.token, "cases": [one.id for one in found.members], "more": found.more})
        return
    listing(f"{len(found.members)} cases", [(one.id, f"{one.type} from {one.system}") for one in found.members])
    more = "; the group has more, which this leaves alone" if found.more else ""
    console.print(f"retry just these: `careloom case group --retry {found.token}`{more}", markup=False)


def _show_retried(done: SetRetried, *, json: bool) -> None:
    if json:
        json_line({"retried": done.retried, "left": done.left, "seconds": done.seconds})
    else:
        console.print(f"{done.retried} will be handled again within {done.seconds:g} s; {done.left} were left alone")
