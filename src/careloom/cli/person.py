"""Who is who: look at persons and their records, merge, split, and see why."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar
from uuid import UUID

import msgspec
import typer

from careloom.cli.deployment import DEFAULT_CONFIG, Config, Deployment, deployment, go
from careloom.cli.output import By, Json, console, error_line, json_line
from careloom.core.errors import FormatError
from careloom.identity.index.index import PersonIndex
from careloom.log.operators import Act
from careloom.security.masking import mask

T = TypeVar("T")
Some = Annotated[UUID, typer.Argument(metavar="ID", help="A person or one of its records.")]
Why = Annotated[str, typer.Option("--reason", help="Why; it is put on record.")]
Reveal = Annotated[bool, typer.Option("--reveal", help="Show it unmasked; this is put on record, with --reason.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (find, show, explain, question, merge, split, undo, figures):
        app.command()(command)


def find(
    number: Annotated[str, typer.Option("--number", help="A record number, as any source gave it.")] = "",
    assigner: Annotated[str | None, typer.Option("--assigner", help="Who gave the number.")] = None,
    family: Annotated[str, typer.Option("--family", help="The family name.")] = "",
    given: Annotated[str, typer.Option("--given", help="A given name.")] = "",
    birth: Annotated[str, typer.Option("--birth", metavar="YYYY-MM-DD", help="The date of birth.")] = "",
    config: Config = DEFAULT_CONFIG,
    json: Json = False,
    reveal: Reveal = False,
    reason: Why = "",
    by: By = "cli",
) -> None:
    """The persons who fit: by a number, or by the family name with the birth or a given name."""

    async def look(index: PersonIndex) -> list[Any]:
        try:
            found = await index.find(number=number, family=family, given=given, birth=birth, assigner=assigner)
        except ValueError as error:
            raise FormatError(str(error), "--number") from None
        return [*found]

    found = _look(config, look, _act(by, reason, reveal), lambda rows: [_id_of(one) for one in rows])
    for one in found:
        _print({"person": _id_of(one), "patient": one}, reveal, json=json)
    if not found:
        error_line("nobody in the person index fits that")
        raise typer.Exit(1)


def show(
    some_id: Some, config: Config = DEFAULT_CONFIG, json: Json = False, reveal: Reveal = False, reason: Why = "",
    by: By = "cli",
) -> None:  # fmt: skip
    """What is known of a person: of each field what the best source says."""
    found = _look(config, lambda index: index.show(some_id), _act(by, reason, reveal), lambda _: [some_id])
    _print({"person": _id_of(found), "patient": found}, reveal, json=json)


def explain(
    some_id: Some, config: Config = DEFAULT_CONFIG, json: Json = False, reveal: Reveal = False, reason: Why = "",
    by: By = "cli",
) -> None:  # fmt: skip
    """Which records a person has, what links them and why, and where each field came from."""
    found = _look(config, lambda index: index.explain(some_id), _act(by, reason, reveal), lambda _: [some_id])
    said = msgspec.structs.asdict(found) | {"records": [one._asdict() for one in found.records]}
    _print(said, reveal, json=json)


def question(
    question_id: Annotated[UUID, typer.Argument(metavar="QUESTION", help="From the field of its case.")],
    config: Config = DEFAULT_CONFIG, json: Json = False, reveal: Reveal = False, reason: Why = "", by: By = "cli",
) -> None:  # fmt: skip
    """Two records that may be of one person, side by side, with what was compared. `careloom case` decides it."""

    async def look(index: PersonIndex) -> dict[str, Any]:
        asked, older, newer = await index.question(question_id)
        return {"question": asked, "older": await index.show(older), "newer": await index.show(newer)}

    _print(_look(config, look, _act(by, reason, reveal), lambda _: [question_id]), reveal, json=json)


def merge(
    left: Some, right: Annotated[UUID, typer.Argument(metavar="OTHER", help="The other one.")], reason: Why = "",
    despite: Annotated[bool, typer.Option("--despite", help="Although somebody said they are not the same.")] = False,
    config: Config = DEFAULT_CONFIG, by: By = "cli",
) -> None:  # fmt: skip
    """Say that two persons are one. Everybody who follows the index is told."""
    act = _must(by, reason)
    joined = _do(config, lambda index: index.merge(left, right, act, despite=despite))
    if joined is None:
        console.print("they are one person already")
    else:
        console.print(f"{joined.retired} is {joined.survivor} now; `careloom person undo {joined.link}` takes it back")


def split(
    records: Annotated[list[UUID], typer.Argument(metavar="RECORD...", help="Those that are another person's.")],
    reason: Why = "", config: Config = DEFAULT_CONFIG, by: By = "cli",
) -> None:  # fmt: skip
    """Let some records of a person be a person of their own; nobody is asked about the two again."""
    act = _must(by, reason)
    parted = _do(config, lambda index: index.split(records, act))
    console.print(f"{parted.person} was split: {', '.join(str(one) for one in parted.persons)}")


def undo(
    link: Annotated[UUID, typer.Argument(metavar="LINK", help="From `explain`.")],
    reason: Why = "", config: Config = DEFAULT_CONFIG, by: By = "cli",
) -> None:  # fmt: skip
    """Take one link away: what was before it is again."""
    act = _must(by, reason)
    parted = _do(config, lambda index: index.undo(link, act))
    console.print("the link is gone; others still hold the person" if parted is None else f"{parted.person} was split")


def figures(config: Config = DEFAULT_CONFIG, json: Json = False) -> None:
    """How many records and persons there are, and how many questions are open."""
    found = _do(config, lambda index: index.figures())
    if json:
        json_line(msgspec.to_builtins(found))
    else:
        console.print(f"{found.records} records of {found.persons} persons; {found.questions} questions are open")


def _do(config: Path, act: Callable[[PersonIndex], Awaitable[T]]) -> T:
    return go(_with_index(config, lambda _, index: act(index)))


def _look(
    config: Path, look: Callable[[PersonIndex], Awaitable[T]], act: Act | None, whom: Callable[[T], list[UUID]]
) -> T:
    async def looked(here: Deployment, index: PersonIndex) -> T:
        found = await look(index)
        if act is not None:
            for target in whom(found):
                await here.operators.record_look(target, act)
        return found

    return go(_with_index(config, looked))


async def _with_index(config: Path, work: Callable[[Deployment, PersonIndex], Awaitable[T]]) -> T:
    async with deployment(config) as here:
        index = here.persons
        try:
            return await work(here, index)
        finally:
            await index.close()


def _act(by: str, reason: str, reveal: bool) -> Act | None:
    return _must(by, reason) if reveal else None


def _must(by: str, reason: str) -> Act:
    if not reason:
        raise typer.BadParameter("say why: --reason TEXT", param_hint="--reason")
    return Act(by, reason)


def _id_of(patient: Any) -> UUID:
    return UUID(patient.person.id)


def _print(found: Any, reveal: bool, *, json: bool) -> None:
    """As JSON: people read it as well as programs do. What tells of a person is masked, what names records is not."""
    plain = msgspec.to_builtins(found)
    shown = plain if reveal else _masked(plain)
    text = msgspec.json.encode(shown)
    console.print((text if json else msgspec.json.format(text, indent=2)).decode(), markup=False, soft_wrap=True)


_PERSONAL = ("patient", "older", "newer", "first")


def _masked(value: Any) -> Any:
    if isinstance(value, list):
        return [_masked(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        name: _text_masked(one) if name in _PERSONAL and isinstance(one, dict) else _masked(one)
        for name, one in value.items()
    }


def _text_masked(value: dict[str, Any]) -> Any:
    said = msgspec.json.decode(mask(msgspec.json.encode(value).decode()))
    if isinstance(value.get("person"), dict):
        said["person"]["id"] = value["person"]["id"]
    return said
