"""The gate that keeps promises: the shape of each event as published stands in `published/`, and code may only add.

    python -m careloom.model.compatibility            # what the code breaks, or adds; exit status 1 if it breaks
    python -m careloom.model.compatibility --write    # publishes what the code adds; refuses when it breaks

A shape is compared by structure, from each event down, so that classes may be renamed and split. A contract may go
only after the day of its sunset.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec

from careloom.model.publication import components
from careloom.model.registry import CONTRACTS

FOLDER = Path(__file__).with_name("published")
_ADVICE = (
    "{name} is published. Leave its class as it was and make {next} beside it: a class of its own, "
    "registered with a contract; give {name} a sunset once its readers have moved"
)
_LIMITS = ("minLength", "minItems", "minimum", "pattern", "format", "type")


class Field(msgspec.Struct, frozen=True, omit_defaults=True):
    """The shape of a member: exactly one of `is_` (a plain JSON type and its limits), `enum`, `list_` and `ref` is set.

    `default` is what an absent member means.
    """

    is_: dict[str, Any] | None = msgspec.field(default=None, name="is")
    enum: tuple[Any, ...] | None = None
    list_: Field | None = msgspec.field(default=None, name="list")
    ref: str | None = None
    at_least: int = 0
    required: bool = False
    default: Any = None


class Published(msgspec.Struct, frozen=True, omit_defaults=True):
    """An event as published: the type it has, and the day after which it may go."""

    shape: str
    sunset: date | None = None


Shapes = Mapping[str, Mapping[str, Field]]


class Catalogue(msgspec.Struct, frozen=True):
    """The shapes of all events."""

    events: Mapping[str, Published]
    types: Shapes


class Breach(msgspec.Struct, frozen=True):
    """A promise that the code breaks: of which event, where, what, and what to do instead."""

    event: str
    path: str
    what: str

    def __str__(self) -> str:
        stem, _, major = self.event.rpartition(".v")
        advice = _ADVICE.format(name=self.event, next=f"{stem}.v{int(major) + 1}")
        return f"{self.event}: {self.path}: {self.what}. {advice}."


def current() -> Catalogue:
    """The shapes that the code has."""
    types = {name: _members(one) for name, one in components().items()}
    events = {name: Published(one.event.__name__, one.sunset) for name, one in CONTRACTS.items()}
    return Catalogue(events, types)


def published(folder: Path = FOLDER) -> Catalogue:
    """The shapes that were published."""
    read = msgspec.json.decode
    return Catalogue(
        events=read((folder / "events.json").read_bytes(), type=dict[str, Published]),
        types=read((folder / "types.json").read_bytes(), type=dict[str, dict[str, Field]]),
    )


def breaches(old: Catalogue, new: Catalogue, today: date) -> tuple[Breach, ...]:
    """What readers of `old` events, and old events that are kept, could not cope with in `new`."""
    return tuple(breach for name in old.events for breach in _event_breaches(name, old, new, today))


def write(catalogue: Catalogue, folder: Path = FOLDER) -> None:
    """Publish the shapes of a catalogue, one member a line."""
    folder.mkdir(exist_ok=True)
    (folder / "events.json").write_bytes(_lines(catalogue.events, _line) + b"\n")
    (folder / "types.json").write_bytes(_lines(catalogue.types, lambda one: _lines(one, _line, "  ")) + b"\n")


def _event_breaches(name: str, old: Catalogue, new: Catalogue, today: date) -> Iterator[Breach]:
    was, now = old.events[name], new.events.get(name)
    if now is None:
        if was.sunset is None or was.sunset > today:
            yield Breach(name, "$", "the event is gone before its sunset")
        return
    seen: set[tuple[str, str]] = set()
    waiting = deque([("$", was.shape, now.shape)])
    while waiting:
        path, before, after = waiting.popleft()  # nearest first, so that a shared type is told by its shortest path
        if (before, after) in seen:
            continue
        seen.add((before, after))
        for member, what, inner in _type_breaches(old.types[before], new.types[after]):
            if inner is None:
                yield Breach(name, f"{path}.{member}", what)
            else:
                waiting.append((f"{path}.{member}", *inner))


def _type_breaches(
    old: Mapping[str, Field], new: Mapping[str, Field]
) -> Iterator[tuple[str, str, tuple[str, str] | None]]:
    """Each member that differs and how; or, in place of how, the pair of types to compare next."""
    for member, was in old.items():
        now = new.get(member)
        if now is None:
            yield member, "was removed or renamed", None
        else:
            yield from ((member, *one) for one in _member_breaches(was, now))
    for member, now in new.items():
        if member not in old and now.required:
            yield member, "is new and required, so that events kept from before cannot be read", None


def _member_breaches(was: Field, now: Field) -> Iterator[tuple[str, tuple[str, str] | None]]:
    if now.required and not was.required:
        yield "is required now", None
    if was.required and not now.required:
        yield "may be absent now, and readers count on it", None
    if was.default != now.default:
        yield "means something else now where it is absent", None
    yield from _value_breaches(was, now)


def _value_breaches(was: Field, now: Field) -> Iterator[tuple[str, tuple[str, str] | None]]:
    if now.at_least > was.at_least:
        yield f"must hold {now.at_least} now", None
    if was.list_ and now.list_:
        yield from _value_breaches(was.list_, now.list_)
    elif was.ref and now.ref:
        yield "", (was.ref, now.ref)
    elif was.enum and now.enum:
        gone = sorted(str(one) for one in set(was.enum) - set(now.enum))
        if gone:
            yield f"may no longer be {' or '.join(gone)}", None
    elif was.is_ is None or was.is_ != now.is_:
        yield "has another type, or other limits", None


def _members(schema: Mapping[str, Any]) -> dict[str, Field]:
    required = set(schema.get("required", ()))
    return {
        name: msgspec.structs.replace(_field(one), required=name in required, default=one.get("default") or None)
        for name, one in schema["properties"].items()
    }


def _field(schema: Mapping[str, Any]) -> Field:
    if "anyOf" in schema:  # always a type or null: no member of the model is one of two types
        (schema,) = (one for one in schema["anyOf"] if one.get("type") != "null")
    if "$ref" in schema:
        return Field(ref=schema["$ref"].rpartition("/")[2])
    if "enum" in schema:
        return Field(enum=tuple(sorted(schema["enum"])))
    if schema["type"] == "array":
        return Field(list_=_field(schema["items"]), at_least=schema.get("minItems", 0))
    return Field(is_={key: schema[key] for key in _LIMITS if key in schema})


def _line(one: Any) -> bytes:
    return msgspec.json.encode(one)


def _lines(entries: Mapping[str, Any], inner: Any, indent: str = "") -> bytes:
    rows = [f'{indent}  "{name}": '.encode() + inner(entries[name]) for name in sorted(entries)]
    return b"{\n" + b",\n".join(rows) + f"\n{indent}}}".encode()


def main(arguments: list[str], folder: Path = FOLDER) -> int:
    """Says what the code breaks, and publishes what it adds if `--write` is given. The exit status."""
    new = current()
    if (folder / "events.json").exists():
        found = breaches(published(folder), new, datetime.now(UTC).date())
        if found:
            sys.stderr.write("".join(f"{one}\n" for one in found))
            return 1
    if "--write" in arguments:
        write(new, folder)
        sys.stdout.write(f"published {len(new.events)} events\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
