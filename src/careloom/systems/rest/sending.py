"""Tells the system of one event: looks whether the thing is there, makes or changes it, and looks again after doubt."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

import msgspec

from careloom.core.envelope import Recorded
from careloom.core.errors import AmbiguousError, ConfigurationError, ContractBroken, MappingError, Rejected, Unavailable
from careloom.mapping.declared import Outgoing
from careloom.mapping.declared.paths import Step, event_path, value_at
from careloom.mapping.declared.places import event_place
from careloom.mapping.reading.json import at
from careloom.model import EVENTS
from careloom.systems.http.calls import document
from careloom.systems.rest.auth import Caller
from careloom.systems.rest.paging import with_query
from careloom.systems.rest.settings import Find, Operation

_HOLE: Final = re.compile(r"\{([^{}]*)\}")
_FOUND: Final = "found"
_EVENT_ID: Final = "event.id"
_ASKING: Final = {"accept": "application/json"}
_JSON: Final = {"content-type": "application/json", "accept": "application/json"}


class Template:
    """A text with `{paths}` into an event, `{found}` and `{event.id}`. Raises ValueError for a path that one of the
    events does not hold."""

    def __init__(self, text: str, events: tuple[str, ...], *, found: bool = False) -> None:
        self._pieces: list[str | tuple[str, tuple[Step, ...]]] = []
        for number, piece in enumerate(_HOLE.split(text)):
            own = piece == _EVENT_ID or (found and piece == _FOUND)
            if number % 2 == 0:
                self._pieces.append(piece)
            else:
                self._pieces.append((piece, () if own else _checked(piece, events)))

    def fill(self, event: Any, known: Mapping[str, str], *, segments: bool) -> str:
        """The text; in a path (`segments`) values are encoded. Raises MappingError for a value that is not there, or
        that a path cannot hold."""
        return "".join(
            piece if isinstance(piece, str) else self._value(*piece, event, known, segments) for piece in self._pieces
        )

    def _value(self, name: str, steps: tuple[Step, ...], event: Any, known: Mapping[str, str], segments: bool) -> str:
        found = known.get(name) if not steps else value_at(event, steps)
        if not isinstance(found, str | int) or isinstance(found, bool) or found == "":
            raise MappingError("has no value, and the address of the call needs it", name)
        text = str(found)
        if segments and text in (".", ".."):
            raise MappingError("is a value that an address cannot hold", name)
        return quote(text, safe="") if segments else text


def _checked(text: str, events: tuple[str, ...]) -> tuple[Step, ...]:
    steps = event_path(text)
    for type in events:
        event_place(type).walk(steps)
    return steps


class Telling:
    """One operation, ready."""

    def __init__(self, operation: Operation, body: Outgoing | None, caller: Caller) -> None:
        """Raises ValueError that says what is wrong with its paths."""
        events = operation.events
        unknown = [type for type in events if type not in EVENTS]
        if unknown:
            raise ValueError(f"there is no event {unknown[0]}; see the reference of events")
        self._operation = operation
        self._body = body
        self._caller = caller
        self._path = Template(operation.path, events)
        self._update = Template(operation.update.path, events, found=True) if operation.update else None
        self._looking = _Looking(operation.find, events, caller) if operation.find else None

    async def tell(self, event: Recorded) -> str:
        """Do it; what came of it, as `HTTP 201`. Raises what a call may raise, and MappingError."""
        plain = msgspec.json.decode(event.data)
        known = {_EVENT_ID: str(event.id)}
        body = self._body.make(event.data, event.type) if self._body else b""
        path = self._path.fill(plain, known, segments=True)
        there = await self._looking.find(event, plain, known) if self._looking else None
        if there is None:
            return await self._make(event, path, body, plain, known)
        if self._update is None or self._operation.update is None:
            return "it is there"
        path = self._update.fill(plain, {**known, _FOUND: there}, segments=True)
        # The same document once more changes nothing, whatever the method is called.
        answer = await self._caller.request(self._operation.update.method, path, _JSON, body, repeatable=True)
        return f"HTTP {answer.status}"

    async def _make(self, event: Recorded, path: str, body: bytes, plain: Any, known: Mapping[str, str]) -> str:
        key = self._operation.idempotency
        headers = {**_JSON, **({key.lower(): known[_EVENT_ID]} if key else {})}
        try:
            answer = await self._caller.request(
                self._operation.method, path, headers, body, repeatable=True if key else None
            )
        except AmbiguousError as doubt:
            if self._looking is None:
                raise
            return await self._doubted(event, doubt, plain, known)
        return f"HTTP {answer.status}"

    async def _doubted(self, event: Recorded, doubt: AmbiguousError, plain: Any, known: Mapping[str, str]) -> str:
        assert self._looking is not None, "only asked where one may look"
        try:
            there = await self._looking.find(event, plain, known)
        except Unavailable as error:
            raise Unavailable(f"{doubt}; it is looked for before it is sent again", error.retry_after) from error
        if there is None:
            raise Unavailable(f"{doubt}; it is not there, and is sent again after another look")
        return "it is there, although no answer came"


class _Looking:
    def __init__(self, find: Find, events: tuple[str, ...], caller: Caller) -> None:
        self._find = find
        self._caller = caller
        self._path = Template(find.path, events)
        self._query = {name: Template(value, events) for name, value in find.query.items()}
        self._body = Outgoing.load(find.body, events) if find.body else None

    async def find(self, event: Recorded, plain: Any, known: Mapping[str, str]) -> str | None:
        """The vendor's id of what is there; None when nothing is. Raises Rejected when there are several."""
        query = {name: one.fill(plain, known, segments=False) for name, one in self._query.items()}
        path = with_query(self._path.fill(plain, known, segments=True), query)
        method, headers, body = "GET", _ASKING, b""
        if self._body is not None:
            method, headers, body = "POST", _JSON, self._body.make(event.data, event.type)
        answer = await self._caller.request(method, path, headers, body, accept=(404, 410), repeatable=True)
        if answer.status in (404, 410):
            return None
        told = document(answer, self._caller.origin)
        there = at(told, self._find.items) if self._find.items else told
        items = there if isinstance(there, list) else [] if there is None else [there]
        if len(items) > 1:
            raise Rejected(f"{self._caller.origin} has {len(items)} of what must be one; merge them there")
        if not items:
            return None
        id_ = at(items[0], self._find.id)
        if not isinstance(id_, str | int) or isinstance(id_, bool):
            raise ContractBroken(f"{self._caller.origin}: what was found has no id at {self._find.id}; correct find.id")
        return str(id_)


def tellings(
    operations: Mapping[str, Operation], named: Mapping[str, Outgoing], caller: Caller, system: str
) -> dict[str, Telling]:
    """By event type. Raises ConfigurationError that lists what is wrong."""
    made: dict[str, Telling] = {}
    wrong: list[str] = []
    for name, operation in operations.items():
        place = f"systems.{system}.operations.{name}"
        try:
            telling = Telling(operation, _body(operation, named), caller)
        except (ValueError, ConfigurationError) as error:
            wrong.append(f"{place}: {error}")
        else:
            made |= dict.fromkeys(operation.events, telling)
    if wrong:
        raise ConfigurationError("\n".join(wrong))
    return made


def _body(operation: Operation, named: Mapping[str, Outgoing]) -> Outgoing | None:
    if operation.body is None:
        return None
    if not isinstance(operation.body, str):
        return Outgoing.load(operation.body, operation.events)
    found = named.get(operation.body)
    if found is None:
        raise ValueError(f"the mapping has no outgoing.{operation.body}; it has {', '.join(named) or 'none'}")
    missing = [type for type in operation.events if type not in found.events]
    if missing:
        raise ValueError(f"outgoing.{operation.body} of the mapping is not made of {missing[0]}; add it to its events")
    return found
