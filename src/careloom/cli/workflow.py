"""Runs of processes: see how far they are, hold them, move them, begin one; what a deploy would strand."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar
from uuid import UUID

import msgspec
import typer

from careloom.cli import backfill
from careloom.cli.deployment import DEFAULT_CONFIG, Config, go
from careloom.cli.inputs import whole
from careloom.cli.output import By, Json, console, each, escaped, json_line, listing, moment, outcome
from careloom.cli.runs import row_of, show_begun, with_runs
from careloom.workflow.desk import Opened, RunDesk, Told
from careloom.workflow.reading import WantedRuns
from careloom.workflow.standing import RunCount, RunPage, RunStanding, RunStory
from careloom.workflow.states import State
from careloom.workflow.versions import VersionStanding
from careloom.workflow.work import RunWork

T = TypeVar("T")
Id = Annotated[UUID, typer.Argument(metavar="ID", help="The run.")]
Name = Annotated[str, typer.Argument(metavar="WORKFLOW", help="The process, as flow.function.")]
Why = Annotated[str, typer.Option("--reason", help="Why; kept on record, so it names no patient.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("list")(list_)
    for command in (show, start, cancel, suspend, resume, retry, move, diff, diagram):
        app.command()(command)
    group = typer.Typer(no_args_is_help=True, help=backfill.__doc__)
    backfill.register(group)
    app.add_typer(group, name="backfill")


def list_(
    workflow: Annotated[str | None, typer.Option("--workflow", help="Only of this process.")] = None,
    state: Annotated[State | None, typer.Option("--state", help="Only in this state.")] = None,
    about: Annotated[str | None, typer.Option("--about", help="Only about this: the number of an order.")] = None,
    since: Annotated[datetime | None, typer.Option("--since", help="Only those begun then or later, UTC.")] = None,
    before: Annotated[datetime | None, typer.Option("--before", help="Only those begun before, UTC.")] = None,
    unfinished: Annotated[bool, typer.Option("--unfinished", help="Only those that have not ended.")] = False,
    count: Annotated[bool, typer.Option("--count", help="How many there are, by process and state.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 100,
    config: Config = DEFAULT_CONFIG,
    json: Json = False,
) -> None:
    """Runs, the newest first; with --count how many have not ended, and how many of the last day's have."""
    if count:
        each("Runs", go(with_runs(config, lambda work: work.reader.counts(workflow, _utc(since)))), _count, json=json)
        return
    wanted = WantedRuns(workflow, state, about, _utc(since), _utc(before), unfinished)
    page: RunPage = go(with_runs(config, lambda work: work.reader.page(wanted, None, limit)))
    shown = each("Runs", page.runs, row_of, json=json)
    if not json:
        more = "; there are more, ask with --limit" if page.after else ""
        console.print(f"{shown} runs{more}")


def show(
    some_id: Id,
    reveal: Annotated[
        bool, typer.Option("--reveal", help="Show what it was given and what its steps gave; this is put on record.")
    ] = False,
    reason: Annotated[str, typer.Option("--reason", help="Why you look; wanted with --reveal.")] = "",
    by: By = "cli",
    config: Config = DEFAULT_CONFIG,
    json: Json = False,
) -> None:
    """One run: what it did, what it waits for, what people did with it, the runs and cases that it led to."""
    if reveal and not reason:
        raise typer.BadParameter("say why you look: --reason TEXT", param_hint="--reveal")

    async def seen(work: RunWork) -> tuple[RunStory, Opened | None]:
        opened = await work.desk.look(some_id, Told(by, reason)) if reveal else None
        return await work.reader.story(some_id), opened

    story, opened = go(with_runs(config, seen))
    if json:
        json_line({**story.as_dict(), **({"sealed": _plain(opened)} if opened else {})})
        return
    _show_story(story)
    if opened is not None:
        console.print("Sealed", style="bold")
        console.print(msgspec.json.format(msgspec.json.encode(_plain(opened))).decode(), markup=False, style="dim")


def start(
    workflow: Name,
    input_: Annotated[Path, typer.Option("--input", help="A JSON file with what the process takes.")],
    key: Annotated[str | None, typer.Option("--key", help="A repeat under the same key is the same run.")] = None,
    subject: Annotated[
        str | None, typer.Option("--subject", help="Whom it is about: Patient/<assigner>/<number>.")
    ] = None,
    reason: Why = "",
    by: By = "cli",
    config: Config = DEFAULT_CONFIG,
    json: Json = False,
) -> None:
    """Begin a run of the newest version of a process."""
    body, told = whole(input_), Told(by, reason)
    show_begun(
        go(with_runs(config, lambda work: work.start(workflow, body, told, key=key, subject=subject))), json=json
    )


def cancel(some_id: Id, reason: Why, by: By = "cli", config: Config = DEFAULT_CONFIG, json: Json = False) -> None:
    """Undo what it did, the last first; it ends cancelled."""
    _acted(config, some_id, lambda desk: desk.cancel(some_id, Told(by, reason)), json=json)


def suspend(some_id: Id, reason: Why = "", by: By = "cli", config: Config = DEFAULT_CONFIG, json: Json = False) -> None:
    """Hold it: what it is doing is finished, nothing new begins."""
    _acted(config, some_id, lambda desk: desk.suspend(some_id, Told(by, reason)), json=json)


def resume(some_id: Id, reason: Why = "", by: By = "cli", config: Config = DEFAULT_CONFIG, json: Json = False) -> None:
    """Have it go on where it stopped."""
    _acted(config, some_id, lambda desk: desk.resume(some_id, Told(by, reason)), json=json)


def retry(some_id: Id, reason: Why = "", by: By = "cli", config: Config = DEFAULT_CONFIG, json: Json = False) -> None:
    """Have a run that stands still for its code go on, now that it is repaired."""
    _acted(config, some_id, lambda desk: desk.retry(some_id, Told(by, reason)), json=json)


def move(
    some_id: Id,
    version: Annotated[int, typer.Option("--to", min=1, help="The version of its process to finish on.")],
    reason: Why,
    by: By = "cli",
    config: Config = DEFAULT_CONFIG,
    json: Json = False,
) -> None:
    """Have it finish on other code, if replaying it there comes to what it recorded."""
    _acted(config, some_id, lambda desk: desk.move(some_id, version, Told(by, reason)), json=json)


def diff(config: Config = DEFAULT_CONFIG, json: Json = False) -> None:
    """What a deploy of the code that is here would strand; exit code 1 when that is any run."""
    found: list[VersionStanding] = list(go(with_runs(config, lambda work: work.compare())))
    each("Runs that have not ended", found, _fares, json=json)
    if stranded := sum(one.stranded for one in found):
        console.print(f"{stranded} runs would be stranded", style="bold red")
        raise typer.Exit(1)


def diagram(
    which: Annotated[str, typer.Argument(metavar="WORKFLOW|ID", help="A process, or a run of one.")],
    version: Annotated[int | None, typer.Option("--version", min=1, help="Of this version, not the newest.")] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """A Mermaid flowchart made from the code; of a run, with how far it is."""

    async def drawn(work: RunWork) -> str:
        try:
            run = UUID(which)
        except ValueError:
            return work.picture(which, version)
        return await work.picture_of_run(run)

    typer.echo(go(with_runs(config, drawn)), nl=False)


def _acted(config: Path, run: UUID, act: Callable[[RunDesk], Awaitable[Any]], *, json: bool) -> None:
    async def both(work: RunWork) -> RunStanding:
        await act(work.desk)
        return await work.reader.one(run)

    outcome(go(with_runs(config, both)), row_of, json=json)


def _utc(time: datetime | None) -> datetime | None:
    return None if time is None else time.replace(tzinfo=UTC)


def _fares(one: VersionStanding) -> tuple[str, str]:
    text = f"{one.runs} runs, the oldest begun {moment(one.oldest)}"
    if one.code == "changed":
        text += f"; the code changed without a new version: {one.stranded} of {one.replayed} replayed would stop"
    if one.difference:
        text += f": {one.difference}"
    which = f"{one.workflow} v{one.version} {one.code}"
    return which, f"{text} (run {one.example})" if one.example else text


def _count(one: RunCount) -> tuple[str, str]:
    return f"{one.workflow} v{one.version} {one.state}", f"{one.runs}, {one.late} of them late"


def _show_story(story: RunStory) -> None:
    for name, value in story.run.as_dict().items():
        console.print(f"[bold]{name:>14}[/] {escaped(value)}")
    listing("Steps", [(f"{one.path} {one.name}", _step(one)) for one in story.steps])
    listing("Waits for", [(f"{one.path} {one.name or one.sort}", _until(one)) for one in story.waits])
    listing("Acts", [(f"{moment(one.at)} {one.by}", f"{one.what}: {one.why}".rstrip(": ")) for one in story.acts])
    listing("Runs that it began", [(one.id, f"{one.workflow} v{one.version} {one.state}") for one in story.children])
    listing("Cases", [(f"{one.id} {one.kind} {one.state}", one.resolution or one.reason) for one in story.cases])


def _step(one: Any) -> str:
    again = f"again {moment(one.due)}" if one.due else ""
    tried = f"{one.attempts} attempts" if one.attempts > 1 else ""
    return ", ".join(part for part in (one.sort, one.state, moment(one.began), tried, again, one.error) if part)


def _until(one: Any) -> str:
    until = f"until {moment(one.due)}" if one.due else ""
    return ", ".join(
        part for part in (one.sort, f"since {moment(one.since)}", until, one.reference and str(one.reference)) if part
    )


def _plain(opened: Opened) -> dict[str, Any]:
    def plain(body: bytes | None) -> Any:
        return msgspec.json.decode(body) if body else None

    return {
        "input": plain(opened.input),
        "steps": {path: plain(one) for path, one in opened.steps.items()},
        "answers": {path: plain(one) for path, one in opened.answers.items()},
        "result": plain(opened.result),
    }
