"""A FHIR search: read from a URL, or written for one (FHIR R4 3.1.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Final, Literal, TypeAlias
from urllib.parse import parse_qsl, quote

from careloom.core.errors import FormatError
from careloom.formats.fhir.dates import When, when
from careloom.formats.fhir.definitions import resource_types
from careloom.formats.fhir.parameters import ParameterKind, SearchParameter, parameters

Prefix: TypeAlias = Literal["eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"]

_PREFIXED: Final = re.compile(r"(eq|ne|gt|lt|ge|le|sa|eb|ap)?(?=[-+0-9])(.*)", re.DOTALL)
_SPLIT: Final = {mark: re.compile(rf"((?:[^\\{re.escape(mark)}]|\\.)*)(?:{re.escape(mark)}|$)", re.S) for mark in ",|"}
_ESCAPED: Final = re.compile(r"\\([\\,|$])")
_MODIFIERS: Final[dict[ParameterKind, frozenset[str]]] = {
    "string": frozenset({"exact", "contains", "missing"}),
    "token": frozenset({"not", "text", "of-type", "missing"}),
    "reference": frozenset({"identifier", "missing"}),
    "uri": frozenset({"below", "above", "missing"}),
    "date": frozenset({"missing"}),
    "number": frozenset({"missing"}),
    "quantity": frozenset({"missing"}),
}
_RESULT: Final = frozenset({"_format", "_pretty", "_summary", "_elements", "_total", "_contained", "_containedType"})
MOST_VALUES: Final = 500


@dataclass(frozen=True, slots=True)
class SearchValue:
    """One value of a criterion. A token has `system` (None: any; `""`: none) and `code` (`""`: any of the system); a
    date `when`; a number or quantity `number` and how far it is known (`half`: half of its last digit).
    """

    text: str
    prefix: Prefix = "eq"
    system: str | None = None
    code: str = ""
    value: str = ""
    when: When | None = None
    number: Decimal | None = None
    half: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Criterion:
    """A parameter and the values of which one must match."""

    parameter: SearchParameter
    values: Sequence[SearchValue]
    modifier: str = ""

    @property
    def place(self) -> str:
        """The parameter as the URL has it."""
        return f"{self.parameter.name}:{self.modifier}" if self.modifier else self.parameter.name


@dataclass(frozen=True, slots=True)
class Include:
    """What comes with the matches: where `parameter` of `type` leads, or, with `reverse`, what leads to them by it."""

    type: str
    parameter: str
    target: str = ""
    reverse: bool = False


@dataclass(frozen=True)
class Query:
    """A search of one type. All criteria must match. `sort` are parameters and whether each is descending; `count` is
    the size of a page; `ignored` are parameters this type has not, which a lenient server passes over and says so.
    """

    type: str
    criteria: Sequence[Criterion] = ()
    includes: Sequence[Include] = ()
    sort: Sequence[tuple[SearchParameter, bool]] = ()
    count: int | None = None
    result: dict[str, str] = field(default_factory=dict)
    ignored: Sequence[str] = ()


def parse_query(kind: str, text: str | Iterable[tuple[str, str]]) -> Query:
    """The search that a URL's query, or its pairs, ask for on a resource type.

    FormatError at the parameter for what is not offered and would change the meaning if passed over: chained
    parameters, `_has`, other modifiers, values that are none. Unknown parameters are listed in `ignored`.
    """
    if kind not in resource_types():
        raise FormatError("no resource type of FHIR R4", "search")
    pairs = parse_qsl(text.removeprefix("?"), keep_blank_values=False) if isinstance(text, str) else list(text)
    known = parameters(kind)
    found: dict[str, list[Any]] = {"criteria": [], "includes": [], "sort": [], "ignored": []}
    count, result = None, {}
    for name, value in pairs:
        base, _, modifier = name.partition(":")
        if base in ("_include", "_revinclude"):
            found["includes"].append(_include(name, value, reverse=base == "_revinclude"))
        elif base == "_sort":
            found["sort"] += [_sort(known, one) for one in value.split(",")]
        elif base == "_count":
            count = _count(value)
        elif base in _RESULT:
            result[base] = value
        elif base == "_has" or "." in name:
            raise FormatError("chained parameters are not offered; search for what they lead to first", _shown(name))
        elif base not in known:
            found["ignored"].append(_shown(base))
        else:
            found["criteria"].append(_criterion(known[base], modifier, value))
    return Query(kind, count=count, result=result, **{name: tuple(values) for name, values in found.items()})


def query_text(pairs: Iterable[tuple[str, str]]) -> str:
    """A URL's query of these parameters. Values are as the standard writes them; `escaped` guards those of a user."""
    return "&".join(f"{quote(name, safe=':_-')}={quote(value, safe='/:|,$-_.~')}" for name, value in pairs)


def escaped(text: str) -> str:
    """A text in which `\\`, `,`, `|` and `$` stand for themselves (FHIR R4 3.1.1.4.1)."""
    return re.sub(r"([\\,|$])", r"\\\1", text)


def token(system: str, code: str) -> str:
    """A token of a system: `http://loinc.org|85354-9`; without system, of any."""
    return f"{escaped(system)}|{escaped(code)}" if system else escaped(code)


def _criterion(parameter: SearchParameter, modifier: str, text: str) -> Criterion:
    name = f"{parameter.name}:{modifier}" if modifier else parameter.name
    offered = modifier in _MODIFIERS[parameter.kind] or (parameter.kind == "reference" and modifier in resource_types())
    if modifier and not offered:
        raise FormatError("this modifier is not offered", _shown(name))
    if modifier == "missing":
        if text not in ("true", "false"):
            raise FormatError("must be true or false", name)
        return Criterion(parameter, (SearchValue(text),), modifier)
    parts = _split(text, ",")
    if len(parts) > MOST_VALUES:
        raise FormatError(f"more than {MOST_VALUES} values", name)
    return Criterion(parameter, tuple(_value(parameter.kind, modifier, part, name) for part in parts), modifier)


def _value(kind: ParameterKind, modifier: str, text: str, place: str) -> SearchValue:
    if kind == "token" or modifier == "identifier":
        return _token(text, modifier, place)
    if kind in ("date", "number", "quantity"):
        found = _PREFIXED.fullmatch(text)
        if found is None:
            raise FormatError(f"no {kind}", place)
        prefix: Any = found[1] or "eq"
        return _date(prefix, found[2], place) if kind == "date" else _quantity(prefix, found[2], place)
    return SearchValue(_plain(text))


def _token(text: str, modifier: str, place: str) -> SearchValue:
    parts = _split(text, "|")
    if modifier == "text":
        return SearchValue(_plain(text))
    if modifier == "of-type":
        if len(parts) != 3:
            raise FormatError("written system|code|value", place)
        return SearchValue(text, system=_plain(parts[0]), code=_plain(parts[1]), value=_plain(parts[2]))
    if len(parts) > 2:
        raise FormatError("written code, system|code, |code or system|", place)
    system = _plain(parts[0]) if len(parts) == 2 else None
    return SearchValue(text, system=system, code=_plain(parts[-1]))


def _date(prefix: Prefix, text: str, place: str) -> SearchValue:
    # A plus sign of a time zone that was not encoded arrives as a blank.
    return SearchValue(text, prefix, when=when(text.replace(" ", "+"), place))


def _quantity(prefix: Prefix, text: str, place: str) -> SearchValue:
    number, *unit = _split(text, "|")
    try:
        value = Decimal(number)
        half = Decimal((0, (5,), int(value.as_tuple().exponent) - 1))
    except (InvalidOperation, ValueError):
        raise FormatError("no number", place) from None
    if len(number) > 64 or not -400 < value.adjusted() < 400:
        raise FormatError("a number of a size nobody means", place)
    system = _plain(unit[0]) if len(unit) == 2 and unit[0] else None
    return SearchValue(text, prefix, system, _plain(unit[-1]) if unit else "", number=value, half=half)


def _include(name: str, value: str, *, reverse: bool) -> Include:
    base, _, modifier = name.partition(":")
    parts = value.split(":")
    if modifier:
        raise FormatError("repeated inclusion is not offered", _shown(name))
    if len(parts) not in (2, 3) or parts[0] not in resource_types():
        raise FormatError("written Type:parameter or Type:parameter:Target", base)
    parameter = parameters(parts[0]).get(parts[1])
    if parameter is None or parameter.kind != "reference":
        raise FormatError("no reference parameter of this type", base)
    return Include(parts[0], parts[1], parts[2] if len(parts) == 3 else "", reverse)


def _sort(known: Any, text: str) -> tuple[SearchParameter, bool]:
    parameter = known.get(text.removeprefix("-"))
    if parameter is None:
        raise FormatError("no parameter of this type", "_sort")
    return parameter, text.startswith("-")


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or len(text) > 9:
        raise FormatError("must be a whole number from 0", "_count")
    return int(text)


def _split(text: str, mark: str) -> list[str]:
    """The parts between marks that are not escaped, still escaped themselves."""
    parts, start = [], 0
    while True:
        found = _SPLIT[mark].match(text, start)
        if found is None:
            parts.append(text[start:])
            return parts
        parts.append(found[1])
        if found.end() == found.end(1):
            return parts
        start = found.end()


def _plain(text: str) -> str:
    return _ESCAPED.sub(r"\1", text)


def _shown(name: str) -> str:
    """A parameter's name, if it is one: what a user typed in its place is not repeated."""
    return name if re.fullmatch(r"[A-Za-z_:.-]{1,64}", name) else "search"
