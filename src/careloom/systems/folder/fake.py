"""A partner that drops files into a folder, and one that picks them up, for the conformance suite."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self, cast

from careloom.core.errors import TransientError
from careloom.core.outcomes import Outcome
from careloom.systems.seam import Connection, Polled, Target
from careloom.systems.trial import SURNAME, Answer, Behaviour, Trial, event, number_of


def order(number: int, *, other: bool = False) -> bytes:
    """An invented document; three in a row are about one thing."""
    about = {"id": f"D{number}", "about": f"A{(number - 1) // 3}", "kind": "order.placed"}
    return json.dumps({**about, "contact": f"{SURNAME} {'other' if other else number}"}).encode()


DOCUMENTS: Mapping[str, Any] = {"json": {"dialect": "trial", "type": "/kind", "key": "/id", "subject": "/about"}}


class Dropper:
    """Writes a file under a name of its own, and looks where it went. Other kinds of partners drop other content."""

    direction: ClassVar[str] = "in"
    foreign: ClassVar[Mapping[str, str]] = {"stranger": "the rights of the folder say who may write into it"}
    source: ClassVar[Mapping[str, Any]] = DOCUMENTS
    secrets: ClassVar[Mapping[str, str]] = {}
    suffix: ClassVar[str] = ".json"

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="careloom-drop-"))
        self._count = 0

    @property
    def settings(self) -> Mapping[str, Any]:
        return {"path": str(self.folder), "format": "json", "stable_seconds": 0}

    @property
    def inbox(self) -> Path:
        """Where the files are dropped."""
        return self.folder

    def content(self, number: int, *, other: bool, spoiled: bool) -> bytes:
        """Of file `number`."""
        return b"{spoiled" if spoiled else order(number, other=other)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    async def meet(self, connection: Connection) -> None:
        self._connection = cast(Polled, connection)

    async def send(
        self,
        number: int,
        *,
        other: bool = False,
        spoiled: bool = False,
        stranger: bool = False,  # noqa: ARG002
    ) -> Answer:
        self._count += 1
        file = self.inbox / f"{SURNAME}-{self._count}{self.suffix}"
        file.write_bytes(self.content(number, other=other, spoiled=spoiled))
        try:
            await self._connection.poll()
        except TransientError:
            file.unlink()
            return Answer.LATER
        if any((self.inbox / "archive").glob(f"*-{file.name}")):
            return Answer.TAKEN
        return Answer.REFUSED if any((self.inbox / "rejected").glob(f"*-{file.name}")) else Answer.LATER


class Picker:
    """Reads what is written; a folder has no other behaviour than to be there or not."""

    direction: ClassVar[str] = "out"
    foreign: ClassVar[Mapping[str, str]] = {
        behaviour.value: "a folder is there or not"
        for behaviour in Behaviour
        if behaviour not in (Behaviour.WILLING, Behaviour.DOWN)
    }
    source: ClassVar[Mapping[str, Any]] = {}
    secrets: ClassVar[Mapping[str, str]] = {}

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="careloom-pick-"))

    @property
    def settings(self) -> Mapping[str, Any]:
        return {"path": str(self._folder), "direction": "out"}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    async def behave(self, behaviour: Behaviour) -> None:
        if behaviour is Behaviour.DOWN:
            shutil.rmtree(self._folder)
        else:
            self._folder.mkdir(exist_ok=True)

    async def deliver(self, connection: Connection, number: int) -> Outcome:
        return await cast(Target, connection).post(event(number))

    async def effects(self) -> Sequence[int]:
        files = sorted(self._folder.glob("*.json"), key=lambda file: file.stat().st_mtime_ns)
        return [number_of(json.loads(file.read_bytes())["id"]) for file in files]

    async def until(self, count: int) -> None:
        assert len(await self.effects()) >= count, "a file is there when its writer returns"


def trials() -> Mapping[str, Callable[[], Trial]]:
    """For the conformance suite."""
    return {"in": Dropper, "out": Picker}
