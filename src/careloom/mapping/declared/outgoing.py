"""The way back: a document for another system, made of the JSON of an event by declared rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec
from pydantic import Field

from careloom.core.errors import ConfigurationError, MappingError
from careloom.mapping.declared.paths import Step, event_path, value_at
from careloom.mapping.declared.places import Place, event_place
from careloom.mapping.declared.spec import Body, Problems, Scalar, Table, Tables, Texts
from careloom.model import EVENTS


class Source(Table):
    """What stands at one place of the document. Paths lead into the event; within `each`, into its item."""

    from_: Texts = Field(default=(), alias="from", description="paths in the event; the first that has a value")
    join: Texts = Field(default=(), description="paths whose values are put together")
    separator: str = " "
    constant: Any = None
    table: str | Mapping[str, Scalar] | None = None
    default: Any = None
    as_: Literal["text", "number", "boolean", "list"] | None = Field(default=None, alias="as")
    format: str | None = Field(default=None, description="how a time is written: %d.%m.%Y, epoch, epoch-ms")
    zone: str = "UTC"
    required: bool = False
    each: str | None = None
    body: Mapping[str, Any] = Field(default_factory=dict, description="of the document made of each item")


class _Value:
    """One place of the document."""

    def __init__(
        self,
        source: Source,
        paths: Sequence[tuple[Step, ...]],
        meant: Sequence[Any],
        table: Mapping[str, Scalar] | None,
    ) -> None:
        """`meant` is what an event means that says nothing at a path: it leaves defaults out."""
        self._source = source
        self._paths = tuple(zip(paths, meant, strict=True))
        self._table = table
        self._zone = ZoneInfo(source.zone)

    def make(self, event: Any) -> Any:
        source = self._source
        if not self._paths:
            return source.constant
        found = self._found(event)
        if found is None or found == [] or found == "":
            if source.default is None and source.required:
                raise MappingError("has no value, and the document needs it", (source.from_ or source.join)[0])
            return source.default
        if self._table is not None:
            found = self._table.get(str(found).lower() if isinstance(found, bool) else str(found), source.default)
        return self._shaped(found)

    def _found(self, event: Any) -> Any:
        values = [_meant(event, path, default) for path, default in self._paths]
        there = [value for value in values if value is not None]
        if self._source.join:
            return self._source.separator.join(str(value) for value in there)
        return there[0] if there else None

    def _shaped(self, value: Any) -> Any:
        try:
            if self._source.format is not None:
                value = _time(value, self._source.format, self._zone)
            match self._source.as_:
                case "number":
                    return msgspec.Raw(format(Decimal(str(value)), "f").encode())
                case "boolean":
                    return value if isinstance(value, bool) else str(value).casefold() in ("true", "yes", "1")
                case "text":
                    return str(value)
                case "list":
                    return value if isinstance(value, list) else [value]
        except (ValueError, InvalidOperation):
            place = (self._source.from_ or self._source.join)[0]
            raise MappingError("is not what the document needs there", place) from None
        return value


class _Each:
    def __init__(self, path: tuple[Step, ...], document: _Document) -> None:
        self._path = path
        self._document = document

    def make(self, event: Any) -> Any:
        found = value_at(event, self._path)
        items = found if isinstance(found, list) else []
        return [self._document.make(item) for item in items] or None


class _Document:
    """Values by the steps of their pointers."""

    def __init__(self, values: Sequence[tuple[tuple[str, ...], _Value | _Each]]) -> None:
        self._values = tuple(values)

    def make(self, event: Any) -> dict[str, Any]:
        document: dict[str, Any] = {}
        for steps, value in self._values:
            made = value.make(event)
            if made is not None:
                _put(document, steps, made)
        return document


class Outgoing:
    """Makes one sort of document of some event types."""

    def __init__(self, events: frozenset[str], document: _Document) -> None:
        self.events = events
        self._document = document

    @classmethod
    def load(
        cls, declared: Mapping[str, Any], events: Sequence[str], tables: Tables = MappingProxyType({})
    ) -> Outgoing:
        """`declared` is pointer: path, or pointer: a table. Raises ConfigurationError that lists what is wrong."""
        problems = Problems("")
        with problems.at("body"):
            body = Body.model_validate({"events": tuple(events), "body": declared})
            made = cls.compiled(body, tables, problems)
        problems.settle()
        return made

    @classmethod
    def compiled(cls, body: Body, tables: Tables, problems: Problems) -> Outgoing:
        """The same from a file; what is wrong is told to `problems`."""
        unknown = [type for type in body.events if type not in EVENTS]
        if unknown:
            raise ValueError(f"there is no event {unknown[0]}; see the reference of events")
        places = [event_place(type) for type in body.events]
        return cls(frozenset(body.events), _document(body.body, places, tables, problems))

    def make(self, data: bytes, type: str) -> bytes:
        """The document as JSON. Raises MappingError when a required value is not in the event."""
        if type not in self.events:
            raise ConfigurationError(f"no rules make this document of {type}; add it to its events")
        return msgspec.json.encode(self._document.make(msgspec.json.decode(data)))


def _document(declared: Mapping[str, Any], places: Sequence[Place], tables: Tables, problems: Problems) -> _Document:
    values: list[tuple[tuple[str, ...], _Value | _Each]] = []
    for target, given in declared.items():
        with problems.at(target):
            if not target.startswith("/") or target == "/":
                raise ValueError(f"{target!r} is no JSON Pointer: write /{target}")
            steps = tuple(step.replace("~1", "/").replace("~0", "~") for step in target[1:].split("/"))
            _untaken(steps, [known for known, _ in values])
            values.append((steps, _value(given, places, tables, problems)))
    return _Document(values)


def _untaken(steps: tuple[str, ...], known: Sequence[tuple[str, ...]]) -> None:
    for one in known:
        length = min(len(one), len(steps))
        if one[:length] == steps[:length]:
            raise ValueError(f"/{'/'.join(one)} stands there already")
        if one[: length - 1] == steps[: length - 1] and one[length - 1].isdecimal() != steps[length - 1].isdecimal():
            raise ValueError(f"/{'/'.join(one)} makes a list or an object of the same place")


def _value(given: Any, places: Sequence[Place], tables: Tables, problems: Problems) -> _Value | _Each:
    if isinstance(given, str):
        given = {"from": given}
    elif not isinstance(given, Mapping):
        given = {"constant": given}
    source = Source.model_validate(given)
    if sum((bool(source.from_), bool(source.join), source.constant is not None, source.each is not None)) != 1:
        raise ValueError("say where it comes from by one of: from, join, constant, each")
    if source.each is not None:
        path = event_path(source.each)
        lists = [place.walk(path) for place in places]
        if any(one.kind != "list" for one in lists) or not source.body:
            raise ValueError("each needs a list of the event, and a body for its items")
        return _Each(path, _document(source.body, [one.step(0) for one in lists], tables, problems))
    paths = [event_path(text) for text in source.from_ or source.join]
    walked = [[place.walk(path) for path in paths] for place in places]
    meant = [one.default for one in walked[0]] if walked else [None] * len(paths)
    table = tables.get(source.table) if isinstance(source.table, str) else source.table
    if source.table is not None and table is None:
        raise ValueError(f"there is no table {source.table!r}; there are {', '.join(tables) or 'none'}")
    return _Value(source, paths, meant, table)


def _meant(event: Any, path: tuple[Step, ...], default: Any) -> Any:
    found = value_at(event, path)
    if found is not None or default is None or not isinstance(value_at(event, path[:-1]), dict):
        return found
    return default


def _time(value: Any, format: str, zone: ZoneInfo) -> Any:
    text = str(value)
    moment = datetime.fromisoformat(text)
    aware = moment.astimezone(zone) if moment.tzinfo else moment.replace(tzinfo=zone)
    if format in ("epoch", "epoch-ms"):
        return int(aware.timestamp() * (1000 if format == "epoch-ms" else 1))
    return aware.strftime(format)


def _put(document: dict[str, Any], steps: tuple[str, ...], value: Any) -> None:
    """Numbers among the steps are places of a list; what is not there closes up."""
    at: Any = document
    for step, following in zip(steps, (*steps[1:], ""), strict=True):
        last = not following
        made: Any = value if last else ([] if following.isdecimal() else {})
        if isinstance(at, list):
            index = int(step)
            if index >= len(at):
                at.append(made)
            at = at[min(index, len(at) - 1)]
        else:
            at = at.setdefault(step, made)
