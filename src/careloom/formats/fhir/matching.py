"""Whether a resource is what a search asks for, in memory; its order; and what comes with it (FHIR R4 3.1.1)."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import cmp_to_key
from typing import Any, Final

from careloom.core.errors import FormatError
from careloom.formats.fhir.dates import When, when
from careloom.formats.fhir.parameters import SearchParameter, parameters
from careloom.formats.fhir.query import Criterion, Include, Prefix, Query, SearchValue
from careloom.formats.fhir.reading import Resource
from careloom.formats.fhir.references import parse_reference, reference_of

_ALWAYS: Final = datetime.min.replace(tzinfo=UTC)
_NEVER: Final = datetime.max.replace(tzinfo=UTC)
_NAME_PARTS: Final = ("text", "family", "given", "prefix", "suffix")
_ADDRESS_PARTS: Final = ("text", "line", "city", "district", "state", "postalCode", "country")


def matches(resource: Resource, query: Query) -> bool:
    """Whether a resource is of the type of the query and meets all its criteria."""
    return resource.get("resourceType") == query.type and all(_meets(resource, one) for one in query.criteria)


def in_order(resources: Iterable[Resource], query: Query) -> list[Resource]:
    """The resources by the `_sort` of the query; those without a value come last, equal ones keep their order."""
    found = list(resources)
    for parameter, descending in reversed(query.sort):
        keyed = [(_sort_key(parameter, one, descending), one) for one in found]
        have = [pair for pair in keyed if pair[0] is not None]
        have.sort(key=cmp_to_key(_compare), reverse=descending)
        found = [one for _, one in have] + [one for key, one in keyed if key is None]
    return found


def included(resource: Resource, include: Include) -> Iterator[str]:
    """The literal references that an `_include` follows from a match."""
    if resource.get("resourceType") != include.type or include.reverse:
        return
    parameter = parameters(include.type)[include.parameter]
    for value in parameter.values(resource):
        text = reference_of(value)
        if text and _of_type(text, parameter.target) and _of_type(text, include.target):
            yield text


def _meets(resource: Resource, criterion: Criterion) -> bool:
    values = list(criterion.parameter.values(resource))
    if criterion.modifier == "missing":
        return (not values) == (criterion.values[0].text == "true")
    if criterion.modifier == "not":
        return not any(_token(value, wanted, "") for value in values for wanted in criterion.values)
    test = _TESTS[criterion.parameter.kind]
    if criterion.parameter.target:
        values = [value for value in values if _of_type(reference_of(value), criterion.parameter.target, value)]
    return any(test(value, wanted, criterion.modifier) for value in values for wanted in criterion.values)


def _of_type(text: str, target: str, value: Any = None) -> bool:
    """Whether a reference points to a type; one that does not tell (urn:uuid, identifier alone) may."""
    if not target:
        return True
    said = parse_reference(text).type if text else ""
    said = said or (str(value.get("type", "")).rpartition("/")[2] if type(value) is dict else "")
    return not said or said == target


def _element(value: Any) -> dict[str, Any]:
    """An element, or an empty one in place of what is none: a stored resource may be of any shape."""
    return value if type(value) is dict else {}


def _listed(value: Any) -> list[Any]:
    """The items of a list, or the one value there is."""
    return value if type(value) is list else [] if value is None else [value]


def _folded(text: str) -> str:
    """Without case and accents, as string searches compare (FHIR R4 3.1.1.4.8)."""
    return "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))


def _string(value: Any, wanted: SearchValue, modifier: str) -> bool:
    texts = _texts(value)
    if modifier == "exact":
        return wanted.text in texts
    sought = _folded(wanted.text)
    if modifier == "contains":
        return any(sought in _folded(text) for text in texts)
    return any(_folded(text).startswith(sought) for text in texts)


def _texts(value: Any) -> list[str]:
    """The texts of a string, or the parts of a name or an address."""
    if type(value) is not dict:
        return [value] if type(value) is str else []
    names = _ADDRESS_PARTS if any(name in value for name in _ADDRESS_PARTS[1:]) else _NAME_PARTS
    return [one for name in names for one in _listed(value.get(name)) if type(one) is str]


def _token(value: Any, wanted: SearchValue, modifier: str) -> bool:
    if modifier == "text":
        return _token_text(value, wanted)
    if modifier == "of-type":
        identifier = _element(value)
        typed, as_type = _element(identifier.get("type")), SearchValue("", system=wanted.system, code=wanted.code)
        return identifier.get("value") == wanted.value and any(_is_token(pair, as_type) for pair in _pairs(typed))
    return any(_is_token(pair, wanted) for pair in _pairs(value))


def _is_token(pair: tuple[str, str], wanted: SearchValue) -> bool:
    system, code = pair
    if wanted.system is not None and system != wanted.system:
        return False
    return not wanted.code or code == wanted.code


def _pairs(value: Any) -> list[tuple[str, str]]:
    """System and code of whatever a token may look at; `""` where there is none."""
    if type(value) is bool:
        return [("", "true" if value else "false")]
    if type(value) is not dict:
        return [("", str(value))]
    if "coding" in value:
        codings = map(_element, _listed(value["coding"]))
        return [(str(one.get("system", "")), str(one.get("code", ""))) for one in codings]
    return [(str(value.get("system", "")), str(value.get("code", value.get("value", ""))))]


def _token_text(value: Any, wanted: SearchValue) -> bool:
    concept = _element(value)
    texts = [concept.get("text"), concept.get("display"), _element(concept.get("type")).get("text")]
    texts += [_element(one).get("display") for one in _listed(concept.get("coding"))]
    sought = _folded(wanted.text)
    return any(_folded(text).startswith(sought) for text in texts if type(text) is str)


def _reference(value: Any, wanted: SearchValue, modifier: str) -> bool:
    if modifier == "identifier":
        identifier = _element(value).get("identifier")
        return identifier is not None and _token(identifier, wanted, "")
    text = reference_of(value) or (value if type(value) is str else "")
    if not text:
        return False
    parts, sought = parse_reference(text), wanted.text
    if modifier and not _of_type(text, modifier, value):
        return False
    if sought in (text, text.partition("/_history/")[0]):
        return True
    if "/" not in sought:
        return parts.id == sought and parts.kind in ("relative", "absolute")
    return parts.local != "" and parse_reference(sought).kind == "relative" and parts.local == sought


def _uri(value: Any, wanted: SearchValue, modifier: str) -> bool:
    if type(value) is not str:
        return False
    if modifier == "below":
        return value == wanted.text or value.startswith(wanted.text.rstrip("/") + "/")
    if modifier == "above":
        return value == wanted.text or wanted.text.startswith(value.rstrip("/") + "/")
    return value == wanted.text


def _date(value: Any, wanted: SearchValue, _: str) -> bool:
    target = span(value)
    return target is not None and wanted.when is not None and _DATES[wanted.prefix](target, wanted.when)


def span(value: Any) -> When | None:
    """The time that a date, a Period or a Timing covers; None when it says none."""
    try:
        if type(value) is str:
            return when(value)
        if type(value) is not dict:
            return None
        if "start" in value or "end" in value:
            start = when(value["start"]).start if "start" in value else _ALWAYS
            return When(start, when(value["end"]).until if "end" in value else _NEVER)
        spans = [when(one) for one in _listed(value.get("event"))]
    except (FormatError, TypeError):
        return None
    bounds = span(_element(value.get("repeat")).get("boundsPeriod"))
    spans += [bounds] if bounds else []
    return When(min(one.start for one in spans), max(one.until for one in spans)) if spans else None


_DATES: Final[Mapping[Prefix, Callable[[When, When], bool]]] = {
    "eq": lambda target, asked: asked.covers(target),
    "ne": lambda target, asked: not asked.covers(target),
    "gt": lambda target, asked: target.until > asked.until,
    "lt": lambda target, asked: target.start < asked.start,
    "ge": lambda target, asked: target.until > asked.until or asked.covers(target),
    "le": lambda target, asked: target.start < asked.start or asked.covers(target),
    "sa": lambda target, asked: target.start >= asked.until,
    "eb": lambda target, asked: target.until <= asked.start,
    "ap": lambda target, asked: target.overlaps(asked),
}


def _number(value: Any, wanted: SearchValue, _: str) -> bool:
    """A number, a Quantity or a Money; a unit that was asked for must be that of the value."""
    raw = value.get("value") if type(value) is dict else value
    if type(raw) not in (int, Decimal, float) or wanted.number is None:
        return False
    if wanted.code and type(value) is dict:
        unit = {value.get("code"), value.get("currency")} | ({value.get("unit")} if wanted.system is None else set())
        if wanted.code not in unit or wanted.system not in (None, value.get("system")):
            return False
    return _NUMBERS[wanted.prefix](Decimal(str(raw)), wanted.number, wanted.half)


_NUMBERS: Final[Mapping[Prefix, Callable[[Decimal, Decimal, Decimal], bool]]] = {
    "eq": lambda value, asked, half: asked - half <= value < asked + half,
    "ne": lambda value, asked, half: not asked - half <= value < asked + half,
    "gt": lambda value, asked, _: value > asked,
    "lt": lambda value, asked, _: value < asked,
    "ge": lambda value, asked, _: value >= asked,
    "le": lambda value, asked, _: value <= asked,
    "sa": lambda value, asked, _: value > asked,
    "eb": lambda value, asked, _: value < asked,
    "ap": lambda value, asked, _: abs(value - asked) <= abs(asked) / 10,
}

_TESTS: Final[Mapping[str, Callable[[Any, SearchValue, str], bool]]] = {
    "string": _string,
    "token": _token,
    "reference": _reference,
    "uri": _uri,
    "date": _date,
    "number": _number,
    "quantity": _number,
}


def _sort_key(parameter: SearchParameter, resource: Resource, descending: bool) -> Any:
    keys = [key for value in parameter.values(resource) for key in _keys(parameter.kind, value)]
    return (max if descending else min)(keys) if keys else None


def _keys(kind: str, value: Any) -> Sequence[Any]:
    if kind == "date":
        found = span(value)
        return [found.start] if found else []
    if kind in ("number", "quantity"):
        raw = value.get("value") if type(value) is dict else value
        return [Decimal(str(raw))] if type(raw) in (int, Decimal, float) else []
    if kind == "token":
        return [code for _, code in _pairs(value) if code]
    texts = [reference_of(value)] if kind == "reference" else _texts(value)
    return [_folded(text) for text in texts if text]


def _compare(one: tuple[Any, Resource], other: tuple[Any, Resource]) -> int:
    return int(one[0] > other[0]) - int(one[0] < other[0])
