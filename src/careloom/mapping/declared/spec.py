"""What rules are made of, as they stand in a file. What it may mean is checked in `compiling` and `outgoing`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from careloom.core.errors import ConfigurationError

Scalar: TypeAlias = str | bool | int | float


def _several(value: object) -> object:
    return (value,) if isinstance(value, str | bool | int) else value


Texts: TypeAlias = Annotated[tuple[str, ...], BeforeValidator(_several)]
Fits: TypeAlias = Annotated[tuple[Scalar, ...], BeforeValidator(_several)]
Tables: TypeAlias = Mapping[str, Mapping[str, Scalar]]
Split: TypeAlias = Literal["given family", "family given", "family, given"]


class Table(BaseModel):
    """One table of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Spec(Table):
    """Where one value comes from, and what is done to it. Exactly one of `from`, `join`, `constant`, `count`, `each`
    says where."""

    from_: Texts = Field(default=(), alias="from", description="JSON Pointers; the first that has a value")
    join: Texts = Field(default=(), description="JSON Pointers whose values are put together")
    separator: str = Field(default=" ", description="between values that are joined")
    constant: Scalar | None = Field(default=None, description="always this")
    count: str | None = Field(default=None, description="how many items the list there has")
    each: str | None = Field(default=None, description="the list whose items are mapped one by one")
    where: Mapping[str, Fits] = Field(default_factory=dict, description="only items that have these values")
    fields: Mapping[str, Any] = Field(default_factory=dict, description="what becomes of an item, by target path")
    value: Any = Field(default=None, description="what becomes of an item that is a single value")
    table: str | Mapping[str, Scalar] | None = Field(default=None, description="a table by name, or itself")
    keep: bool = Field(default=False, description="what the table does not have stays as it is")
    default: Scalar | None = Field(default=None, description="when there is nothing, or the table does not have it")
    format: str | None = Field(default=None, description="how a time is written: %d.%m.%Y, epoch, epoch-ms")
    zone: str | None = Field(default=None, description="time zone of times without an offset")
    currency: str | None = Field(default=None, description="an ISO 4217 code, or where it stands")
    unit: str | None = Field(default=None, description="a unit, or where it stands")
    decimals: int = Field(default=0, ge=0, le=6, description="decimals that are not written: 2 for cents")
    true: Texts = Field(default=("true", "yes", "y", "1"), description="texts that mean yes")
    false: Texts = Field(default=("false", "no", "n", "0"), description="texts that mean no")
    split: Split | None = Field(default=None, description="how a person's name is written")

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, zone: str | None) -> str | None:
        try:
            ZoneInfo(zone or "UTC")
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError("there is no such time zone; write one of the IANA names, America/Chicago") from None
        return zone

    @property
    def origins(self) -> list[str]:
        """Which of the ways to get a value are declared."""
        ways = {
            "from": self.from_,
            "join": self.join,
            "constant": self.constant is not None,
            "count": self.count is not None,
            "each": self.each is not None,
        }
        return [name for name, there in ways.items() if there]


class Rule(Table):
    """Documents that fit `when` and not `unless` become an event, or one for each item of a list; or are skipped."""

    name: str = Field(default="", description="stands in error messages in place of its number")
    when: Mapping[str, Fits] = Field(default_factory=dict, description="`*`: anything, empty: nothing there")
    unless: Mapping[str, Fits] = Field(default_factory=dict)
    event: str | None = Field(default=None, description="the event type, contact.updated.v1")
    skip: str | None = Field(default=None, min_length=3, description="why it becomes none, in place of `event`")
    each: str | None = Field(default=None, description="a list: one event for each item")
    trigger: Any = Field(default=None, description="by default the type of the message")
    occurred: Any = None
    facility: Any = None
    fields: Mapping[str, Any] = Field(default_factory=dict, description="target path in the event: where it comes from")


class Document(Table):
    """As `[sources.NAME.json]`, for kinds of systems whose documents all look so. `version` is where they say which
    state of the thing they are, for systems that are asked for lists."""

    dialect: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    type: str = ""
    key: str = ""
    subject: str = ""
    noun: str = Field(default="Record", pattern=r"^[A-Z][A-Za-z]*$")
    items: str | None = None
    version: str = ""


class Body(Table):
    """A document made of events."""

    events: Texts = Field(min_length=1)
    body: Mapping[str, Any] = Field(min_length=1, description="JSON Pointer in the document: path in the event")


class File(Table):
    """The whole file."""

    document: Document | None = None
    tables: Mapping[str, Mapping[str, Scalar]] = Field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    drop: Mapping[str, str] = Field(default_factory=dict, description="source path: why it stays behind")
    outgoing: Mapping[str, Body] = Field(default_factory=dict)


class Problems:
    """What is wrong with a file, each with its place; all of it is told at once."""

    def __init__(self, where: str) -> None:
        self.found: list[str] = []
        self._place = [where] if where else []

    def at(self, *steps: object) -> _Within:
        """Everything found within stands below these steps. A ValueError is a problem, and ends what is within."""
        return _Within(self, [str(step) for step in steps])

    def settle(self) -> None:
        """Raises ConfigurationError when anything was found."""
        if self.found:
            raise ConfigurationError("\n".join(self.found))

    def enter(self, steps: list[str]) -> None:
        """What is found from now on stands below these."""
        self._place += steps

    def leave(self, steps: list[str], error: BaseException | None) -> bool:
        """Go back, and take the error if it is about what stands there."""
        if isinstance(error, ValidationError):
            for one in error.errors(include_input=False, include_url=False, include_context=False):
                self._add([*self._place, *map(str, one["loc"])], one["type"], one["msg"])
        elif isinstance(error, ValueError):
            self._add(self._place, "", str(error))
        del self._place[len(self._place) - len(steps) :]
        return isinstance(error, ValueError)  # a ValidationError is one

    def _add(self, place: Sequence[str], type: str, message: str) -> None:
        if type == "extra_forbidden":
            message = "there is no such key; remove it or correct its name"
        message = message.removeprefix("Value error, ")
        self.found.append(f"{'.'.join(place)}: {message}" if place else message)


class _Within:
    def __init__(self, problems: Problems, steps: list[str]) -> None:
        self._problems = problems
        self._steps = steps

    def __enter__(self) -> None:
        self._problems.enter(self._steps)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        return self._problems.leave(self._steps, error)
