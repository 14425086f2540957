"""Begins runs on somebody's word: an application, or a person at the command line."""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple
from uuid import UUID, uuid5

import msgspec

from careloom.core.errors import FormatError
from careloom.mapping.subject import subjects_of
from careloom.model import CanonicalEvent
from careloom.workflow.declaration import Workflow
from careloom.workflow.desk import RunDesk, Told
from careloom.workflow.errors import AlreadyBegun, NoSuchRun, NoSuchWorkflow
from careloom.workflow.values import encoded

LARGEST: Final = 1024 * 1024
LONGEST_SUBJECT: Final = 1_000
_PATH: Final = re.compile(r" - at `(\$[^`]*)`$")
_SUBJECT: Final = re.compile(r"[A-Z][A-Za-z]*/\S.*")


class Begun(NamedTuple):
    """A run, and whether it was begun just now: a repeat under the same key finds it."""

    run: UUID
    fresh: bool


async def start(
    desk: RunDesk, name: str, body: bytes, told: Told, *, key: str | None = None, subject: str | None = None
) -> Begun:
    """Begin a run of the newest version of a workflow. `body` is JSON for the type that the workflow takes.

    With a `key`, any text of the caller's, a repeat gives the same run and changes nothing. `subject` is whom it is
    about, as `Patient/<assigner>/<number>`: what it keeps is sealed for them, and goes when they are erased; an event
    says that by itself. Raises NoSuchWorkflow, AlreadyBegun for a key that was used for something else, and
    FormatError, located, without a value.
    """
    around = desk.around
    workflow = around.registry.current(name)
    if workflow is None:
        known = ", ".join(sorted({one.name for one in around.registry.workflows if not one.retired})) or "none"
        raise NoSuchWorkflow(f"there is no workflow of this name here; there are: {known}")
    given = given_to(workflow, body)
    run = around.new_id() if key is None else run_under(key, name, told.by)
    whom = _whom(given, subject, run)

    async def noting(connection: Any) -> None:
        await desk.noted(connection, run, told)

    fresh = await around.begin(run, workflow, given, whom, noting=noting)
    if not fresh:
        await must_be_same(desk, run, workflow, given)
    return Begun(run, fresh)


def run_under(key: str, name: str, by: str) -> UUID:
    """The run of this workflow that is begun once under a key of the caller's."""
    return uuid5(_KEYS, f"{by}/{name}/{key}")


def given_to(workflow: Workflow, body: bytes) -> Any:
    """What the JSON says, as the workflow takes it. Raises FormatError."""
    return read_as(workflow.input_type, body, workflow.name)


def read_as(wanted: Any, body: bytes, name: str) -> Any:
    """What the JSON says, as this type that `name` takes. Raises FormatError, located, without a value."""
    if len(body) > LARGEST:
        raise FormatError(f"is larger than {LARGEST} octets", "$")
    try:
        return msgspec.json.decode(body, type=wanted)
    except msgspec.ValidationError as error:
        found = _PATH.search(str(error))
        # The rest of the text may quote what came.
        raise FormatError(f"is not what {name} takes", found[1] if found else "$") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise FormatError("is not JSON", "$") from None


def _whom(given: Any, subject: str | None, run: UUID) -> str:
    if isinstance(given, CanonicalEvent):
        return subjects_of(given)[0]
    if subject is None:
        return f"Run/{run}"
    if len(subject) > LONGEST_SUBJECT or _SUBJECT.fullmatch(subject) is None:
        raise FormatError("is written as Patient/<assigner>/<number>", "subject")
    return subject


async def must_be_same(desk: RunDesk, run: UUID, workflow: Workflow, given: Any) -> None:
    """Raises AlreadyBegun for a run that was begun with something else."""
    try:
        journal = await desk.around.store.load(run)
    except NoSuchRun:
        return  # whom it was about was erased: nothing is left to compare with
    if journal.input != encoded(given, workflow.name):
        raise AlreadyBegun(f"run {run} was begun under this key with something else; use another key for another run")


_KEYS: Final = UUID("6f6f2d0a-7c1e-5b0a-9f57-3f8a3f5a9c11")
"""The space of runs that were begun under a key."""
