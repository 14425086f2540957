"""HL7 XTN values as FHIR contact points (v2.5.1 chapter 2.A.89, and the TN before v2.3: chapter 2.A.79)."""

from __future__ import annotations

import re

from careloom.mapping.source import Fields, Source
from careloom.mapping.tables import CONTACT_SYSTEM, CONTACT_USE, ContactSystem, ContactUse
from careloom.model import ContactPoint

# A TN after its number: X extension, B beeper code, C comment.
_TN = re.compile(r"([+(\d][\d\s().+/-]*)(?:[xX](\d+))?(?:[bB]\d+)?(?:[cC].*)?", re.ASCII)
_DIGIT = re.compile(r"\d", re.ASCII)
_OTHER = re.compile(r"\D+", re.ASCII)


def contacts(source: Source, fields: Fields, field: int, use: ContactUse) -> tuple[ContactPoint, ...]:
    """The contact points of a field; `use` is what the field itself means (PID-13 home, PID-14 work)."""
    if not fields[field]:
        return ()
    repetitions = source.repetitions(fields, field)
    return tuple([one for raw in repetitions if (one := _contact(source, raw, use)) is not None])


def _contact(source: Source, raw: str, use: ContactUse) -> ContactPoint | None:
    if source.component not in raw:
        return _plain(source.text(raw), "phone", use, "")
    parts = source.components(raw, 12)
    code, equipment = parts[1].upper(), parts[2].upper()
    use = "mobile" if equipment == "CP" else CONTACT_USE.get(code, use)
    mail = _mail(parts[0], parts[3], code, equipment)
    if mail:
        return ContactPoint(system="email", value=mail, use=use)
    system = "pager" if code == "BPN" else _system(equipment)
    return _telephone(parts, system, use)


def _system(equipment: str) -> ContactSystem:
    # Some senders leave "Internet" on telephone numbers: what is no mail address is a telephone number.
    system = CONTACT_SYSTEM.get(equipment, "phone")
    return "phone" if system == "email" else system


def _mail(text: str, stated: str, code: str, equipment: str) -> str:
    """The mail address: component 4; or component 1, where older senders put it."""
    if stated and ("@" in stated or code == "NET" or CONTACT_SYSTEM.get(equipment) == "email"):
        return stated
    return text if "@" in text else ""


def _telephone(parts: list[str], system: ContactSystem, use: ContactUse) -> ContactPoint | None:
    """Component 12 (unformatted), else country, area and local number, else the text of component 1."""
    text, extension = parts[0], parts[7]
    value = parts[11] or _assembled(text, parts[4], parts[5], parts[6])
    if value:
        return ContactPoint(system=system, value=value, use=use, extension=extension or None)
    return _plain(text, system, use, extension)


def _assembled(text: str, country: str, area: str, local: str) -> str:
    """The number from its parts; as the sender wrote it in component 1 where that is the same number."""
    if not local:
        return ""
    if text and _digits(text) == _digits(area + local):
        return text
    number = f"({area}){local}" if area else local
    return f"+{country.lstrip('+')} {number}" if country else number


def _digits(text: str) -> str:
    return text if text.isdigit() and text.isascii() else _OTHER.sub("", text)


def _plain(text: str, system: ContactSystem, use: ContactUse, extension: str) -> ContactPoint | None:
    if "@" in text:
        return ContactPoint(system="email", value=text, use=use)
    found = _TN.fullmatch(text)
    if found is not None:
        number, dialled = found.groups()
        return ContactPoint(system=system, value=number.strip(), use=use, extension=extension or dialled)
    if not _DIGIT.search(text):
        return None
    return ContactPoint(system=system, value=text, use=use, extension=extension or None)
