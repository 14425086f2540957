"""FHIR data types as those of the model. What says nothing, or what a contract could not take, becomes None."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, TypeVar, cast, get_args
from urllib.parse import unquote

from careloom.core.errors import FormatError
from careloom.formats.fhir import when
from careloom.mapping.fhir.codes import ASSIGNER, IDENTIFIER_TYPE, SSN, SYSTEM_TYPE
from careloom.mapping.fhir.elements import Node, child, children, text, texts
from careloom.mapping.identifiers import usable, withheld
from careloom.mapping.tables import AddressUse, ContactSystem, ContactUse, NameUse
from careloom.model import (
    Address,
    CodeableConcept,
    Coding,
    ContactPoint,
    HumanName,
    Identifier,
    Period,
)

_Part = TypeVar("_Part")
_NAME_USE: Final = frozenset(get_args(NameUse))
_ADDRESS_USE: Final = frozenset(get_args(AddressUse))
_CONTACT_USE: Final = frozenset(get_args(ContactUse))
_CONTACT_SYSTEM: Final = frozenset(get_args(ContactSystem))
_ADDRESS_TYPE: Final = frozenset(("postal", "physical", "both"))
_IDENTIFIER_USE: Final = frozenset(("usual", "official", "temp", "secondary", "old"))
_DATE: Final = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?", re.ASCII)
_DATETIME: Final = re.compile(r"\d{4}(-\d{2}(-\d{2}(T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2}))?)?)?", re.ASCII)
_EXTENSION: Final = re.compile(r"\s*(?:x|ext\.?|;ext=)\s*(\d{1,8})$", re.I)
_NO_SEPARATORS: Final = re.compile(r"[-\s]")


def each(nodes: Iterable[Node], read: Callable[[Node], _Part | None]) -> tuple[_Part, ...]:
    """What `read` makes of each, without what is empty."""
    return tuple([one for node in nodes if (one := read(node)) is not None])


def identifier(node: Node) -> Identifier | None:
    """A number with whose it is; None for one that is never carried (of the state, the bank), or says nothing."""
    value, system = text(node, "value"), text(node, "system")
    if value is None or not usable(value):
        return None
    type = SYSTEM_TYPE.get(system or "") or _type(node)
    use = text(node, "use")
    assigner = text(child(node, "assigner"), "display")
    if withheld(type, assigner) and type != "TAX":
        return None
    if type in ("NPI", "TAX", "NDC") and system in SYSTEM_TYPE:
        return Identifier(value=value, type=type)
    short, uri = _authority(system)
    found = cast(Any, use if use in _IDENTIFIER_USE else None)
    return Identifier(value=value, type=type, assigner=assigner or short, system=uri, use=found)


def identifiers(nodes: Iterable[Node]) -> tuple[Identifier, ...]:
    """Those that may be carried, each once."""
    return tuple(dict.fromkeys(each(nodes, identifier)))


def social_security(nodes: Iterable[Node]) -> tuple[Identifier, ...]:
    """The social security number, for deployments that carry it."""
    found = [one for one in nodes if text(one, "system") == SSN or _type(one) == "SS"]
    return tuple([Identifier(value=_NO_SEPARATORS.sub("", value), type="SS", system=SSN)
                  for one in found if (value := text(one, "value"))][:1])  # fmt: skip


def _type(node: Node) -> str | None:
    """The code of table 0203; a coding without system counts, as many senders leave it."""
    for coding in children(child(node, "type"), "coding"):
        code = text(coding, "code")
        if code and (text(coding, "system") or IDENTIFIER_TYPE).endswith("0203"):
            return code.upper()
    return None


@lru_cache(maxsize=1024)
def _authority(system: str | None) -> tuple[str | None, str | None]:
    """Short name and URI of the assigner that a system stands for."""
    if system is None:
        return None, None
    if system.startswith(ASSIGNER):
        return unquote(system.removeprefix(ASSIGNER)) or None, None
    return system.removeprefix("urn:oid:"), system


def human_name(node: Node) -> HumanName | None:
    """A name in parts; its text only where there are none."""
    family, given, use = text(node, "family"), texts(node, "given"), text(node, "use")
    whole = None if family or given else text(node, "text")
    if not (family or given or whole):
        return None
    return HumanName(
        use=cast(Any, use if use in _NAME_USE else None),
        text=whole,
        family=family,
        given=given,
        prefix=texts(node, "prefix"),
        suffix=texts(node, "suffix"),
    )


def address(node: Node) -> Address | None:
    """An address; its text as its line where it has no parts."""
    use, type = text(node, "use"), text(node, "type")
    lines = texts(node, "line")
    parts = {name: text(node, name) for name in ("city", "district", "state", "country")}
    code = text(node, "postalCode")
    if not lines and not code and not any(parts.values()):
        whole = text(node, "text")
        if whole is None:
            return None
        lines = tuple(line.strip() for line in whole.splitlines() if line.strip())
    return Address(
        use=cast(Any, use if use in _ADDRESS_USE else None),
        type=cast(Any, type if type in _ADDRESS_TYPE else None),
        line=lines,
        postal_code=code,
        **parts,
    )


def contact(node: Node) -> ContactPoint | None:
    """A way to reach somebody; without a system it is taken by its form."""
    value, system, use = text(node, "value"), text(node, "system"), text(node, "use")
    if value is None:
        return None
    if system not in _CONTACT_SYSTEM:
        system = "email" if "@" in value else "phone" if any(c.isdigit() for c in value) else "other"
    extension = _EXTENSION.search(value) if system == "phone" else None
    return ContactPoint(
        system=cast(Any, system),
        value=value[: extension.start()] if extension else value,
        use=cast(Any, use if use in _CONTACT_USE else None),
        extension=extension[1] if extension else None,
    )


def day(value: str | None) -> str | None:
    """A date as far as it is known, without the time of day; None when it is none of the calendar."""
    found = value.partition("T")[0] if value else ""
    return found if _DATE.fullmatch(found) and _real(found) else None


def moment(value: str | None) -> str | None:
    """A dateTime; None when it is none of the calendar."""
    return value if value and _DATETIME.fullmatch(value) and _real(value) else None


def instant(value: str | None) -> datetime | None:
    """An aware moment; None when not all of it is said."""
    if value is None or "T" not in value or moment(value) is None:
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError:  # a leap second
        return when(value).start


@lru_cache(maxsize=8192)
def _real(value: str) -> bool:
    try:
        when(value)
    except FormatError:
        return False
    return True


def period(node: Node) -> Period | None:
    """From when to when."""
    start, end = moment(text(node, "start")), moment(text(node, "end"))
    return Period(start=start, end=end) if start or end else None


def when_of(node: Node, name: str) -> Period | None:
    """What `name` and its type say: `servicedDate`, `occurrenceDateTime` or `occurrencePeriod`."""
    for suffix in ("DateTime", "Date", "Instant"):
        at = moment(text(node, name + suffix))
        if at is not None:
            return Period(start=at, end=at)
    return period(child(node, name + "Period"))


def coding(node: Node) -> Coding | None:
    """A code of a system."""
    code = text(node, "code")
    if code is None:
        return None
    return Coding(code=code, system=text(node, "system"), version=text(node, "version"), display=text(node, "display"))


def concept(node: Node) -> CodeableConcept | None:
    """What is meant, as codes and as text."""
    found, words = each(children(node, "coding"), coding), text(node, "text")
    return CodeableConcept(coding=found, text=words) if found or words else None


def codings(nodes: Iterable[Node]) -> tuple[Coding, ...]:
    """The first code of each concept."""
    return tuple([found[0] for node in nodes if (found := each(children(node, "coding"), coding))])


def code(node: Node, *systems: str) -> str | None:
    """The first code of a concept, of one of `systems` where they are given; else its text."""
    for one in children(node, "coding"):
        found = text(one, "code")
        if found and (not systems or text(one, "system") in (None, *systems)):
            return found
    return text(node, "text") if not systems else None


def codes(nodes: Sequence[Node]) -> tuple[str, ...]:
    """The first code of each concept, or its text."""
    return tuple([found for node in nodes if (found := code(node))])
