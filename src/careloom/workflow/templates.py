"""Templates of what people are told: plain text with a subject, filled by name only.

    Subject: Your appointment on {day}

    Please come to {place} on {day}.

A template is `notices/NAME.txt` of the project, else ours of that name. It knows no logic: `{day}` stands for the value
of that name, and there is no other use of a brace. Which values there are is declared in code; that each template asks
for no others is checked before anything runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeAlias, get_type_hints
from uuid import UUID

import msgspec
from msgspec import Meta

from careloom.core.errors import ConfigurationError, FormatError

Audience = Literal["staff", "patient"]
Link: TypeAlias = Annotated[str, Meta(pattern=r"^https?://[!-~]+$", max_length=500, description="where to look")]
Id: TypeAlias = Annotated[
    str, Meta(pattern=r"^(?=.*[0-9])[A-Za-z0-9][A-Za-z0-9._:/-]*$", max_length=80, description="a number of ours")
]
"""What has no blank and at least one digit: no name of a person."""
FOLDER: Final = "notices"
_SUBJECT: Final = "Subject:"
_PLAIN: Final = (UUID, Link, Id)
_NAME: Final = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_LONGEST: Final = 20_000


@dataclass(frozen=True)
class Notice:
    """Something that people are told. `values` is a class whose fields are what a template may name; for staff each is
    a UUID, an `Id` or a `Link`, since what is sent to them holds nothing of a patient."""

    name: str
    values: type[msgspec.Struct]
    audience: Audience = "staff"

    def fields(self) -> Mapping[str, Any]:
        """Its values by name, with their types."""
        return get_type_hints(self.values, include_extras=True)

    def problems(self) -> Iterator[str]:
        """What is wrong with its declaration."""
        if self.audience == "staff":
            for name, type_ in self.fields().items():
                if type_ not in _PLAIN:
                    yield f"{self.name}: {name} is told to staff, so it must be a UUID, an Id or a Link"


@dataclass(frozen=True, slots=True)
class Template:
    """One text, as it stands in its file; `place` names the file."""

    place: str
    subject: str
    text: str
    first: int

    def problems(self, notice: Notice) -> Iterator[str]:
        """What cannot be filled, each with its line."""
        known = notice.fields()
        lines = [(1, self.subject), *enumerate(self.text.split("\n"), self.first)]
        for number, line in lines:
            for name in _NAME.findall(line):
                if name not in known:
                    has = ", ".join(sorted(known)) or "none"
                    yield f"{self.place}:{number}: there is no value {name!r}; {notice.name} has {has}"
            if set("{}") & set(_NAME.sub("", line)):
                yield f"{self.place}:{number}: a brace stands only around the name of a value, as {{name}}"

    def filled(self, values: Mapping[str, str]) -> tuple[str, str]:
        """Subject and text. What a value holds is not looked at again, whatever braces are in it."""

        def value(found: re.Match[str]) -> str:
            return values[found[1]]

        return " ".join(_NAME.sub(value, self.subject).split()), _NAME.sub(value, self.text)


class Templates:
    """The templates of a deployment."""

    def __init__(self, notices: Iterable[Notice], base: Path | None = None) -> None:
        """`base` is the folder of the settings. Raises ConfigurationError with everything that is missing or wrong."""
        self._notices = {notice.name: notice for notice in notices}
        self._templates: dict[str, Template] = {}
        wrong: list[str] = []
        for notice in self._notices.values():
            wrong += notice.problems()
            try:
                found = self._templates[notice.name] = _read(notice.name, base)
            except ConfigurationError as error:
                wrong.append(str(error))
            else:
                wrong += found.problems(notice)
        if wrong:
            raise ConfigurationError("\n".join(wrong))

    def write(self, notice: Notice, values: msgspec.Struct) -> tuple[str, str]:
        """Subject and text. Raises FormatError that names the value which is not of its type, and never shows it."""
        if self._notices.get(notice.name) != notice:
            raise ConfigurationError(f"the notice {notice.name!r} is not declared; give it to the templates")
        if not isinstance(values, notice.values):
            raise FormatError(f"is no {notice.values.__name__}", notice.name)
        given = {name: getattr(values, name) for name in notice.fields()}
        for name, type_ in notice.fields().items():
            _must_be(given[name], type_, f"{notice.name}.{name}")
        return self._templates[notice.name].filled({name: str(value) for name, value in given.items()})


def _must_be(value: object, type_: Any, place: str) -> None:
    try:
        msgspec.convert(value, type_)
    except (msgspec.ValidationError, TypeError):
        raise FormatError("is not of the type that was declared", place) from None


def _read(name: str, base: Path | None) -> Template:
    """The project's own, else ours. Raises ConfigurationError."""
    ours: Traversable = files("careloom.workflow").joinpath(FOLDER, f"{name}.txt")
    own = None if base is None else base / FOLDER / f"{name}.txt"
    source = own if own is not None and own.is_file() else ours
    place = f"{FOLDER}/{name}.txt"
    try:
        text = source.read_text("utf-8").replace("\r\n", "\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{place}: it cannot be read: {type(error).__name__}") from None
    head, _, body = text.partition("\n")
    if not head.startswith(_SUBJECT) or not head.removeprefix(_SUBJECT).strip():
        raise ConfigurationError(f"{place}:1: it begins with a line `Subject: ...`")
    if not body.strip() or len(text) > _LONGEST:
        raise ConfigurationError(f"{place}:2: it has a text, of at most {_LONGEST} characters")
    blank = len(body) - len(body.lstrip("\n"))
    return Template(place, head.removeprefix(_SUBJECT).strip(), body.strip("\n") + "\n", 2 + blank)


class CaseTold(msgspec.Struct, frozen=True, kw_only=True):
    """A case, and where to look at it."""

    case: UUID
    link: Link


APPROVAL_WAITS: Final = Notice("approval-waits", CaseTold)
APPROVAL_ESCALATED: Final = Notice("approval-escalated", CaseTold)
CASE_OVERDUE: Final = Notice("case-overdue", CaseTold)
CASE_OPENED: Final = Notice("case-opened", CaseTold)
SHIPPED: Final = (APPROVAL_WAITS, APPROVAL_ESCALATED, CASE_OVERDUE, CASE_OPENED)
"""Those that we have templates for; a project may have its own text for each."""
