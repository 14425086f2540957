"""A patient field by field, as people read it, and two of them side by side. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

from careloom.identity.matching.comparing import ABSENT
from careloom.identity.matching.zones import Evidence
from careloom.model import Address, ContactPoint, HumanName, Identifier, Patient

_COMPARED: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "number": ("national",),
        "given name": ("given", "middle"),
        "family name": ("family",),
        "birth date": ("birth",),
        "gender": ("sex",),
        "deceased": (),
        "address": ("contact",),
        "telephone": (),
        "e-mail": ("email",),
        "marital status": (),
        "language": (),
        "account": (),
    }
)
FIELDS: Final = tuple(_COMPARED)
"""What is shown of a patient, in this order."""
_KEPT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "given name": "name", "family name": "name", "birth date": "birth_date", "gender": "gender",
        "deceased": "deceased", "address": "address", "telephone": "telecom", "e-mail": "telecom",
        "marital status": "marital_status", "language": "language",
    }
)  # fmt: skip


class Said(NamedTuple):
    """One value of a field. `of` says which of several it is, such as the type and assigner of a number, and tells
    nothing of anybody."""

    text: str
    of: str = ""


class Reached(NamedTuple):
    """The level that a comparison reached, and its weight (log2 of the Bayes factor)."""

    comparison: str
    level: str
    weight: float


class Beside(NamedTuple):
    """One field of two records. `alike`: `same`, `differs`, `one only` or `neither`; `reached` is what the evidence
    says of it."""

    field: str
    older: tuple[Said, ...]
    newer: tuple[Said, ...]
    alike: str
    reached: tuple[Reached, ...]


def portrait(patient: Patient) -> dict[str, tuple[Said, ...]]:
    """Every field of `FIELDS`, empty where nothing is said."""
    phones = [one for one in patient.telecom if one.system != "email"]
    texts = {
        "number": _numbers(patient.identifier),
        "given name": [Said(" ".join(one.given), one.use or "") for one in patient.name],
        "family name": [Said(_family(one), one.use or "") for one in patient.name],
        "birth date": [Said(patient.birth_date or "")],
        "gender": [Said(patient.gender or "")],
        "deceased": [Said(_deceased(patient))],
        "address": [Said(_address(one), one.use or "") for one in patient.address],
        "telephone": [_phone(one) for one in phones],
        "e-mail": [Said(one.value, one.use or "") for one in patient.telecom if one.system == "email"],
        "marital status": [Said(patient.marital_status or "")],
        "language": [Said(patient.language or "")],
        "account": _numbers(patient.account),
    }
    return {field: tuple(dict.fromkeys(one for one in texts[field] if one.text)) for field in FIELDS}


def kept_as(field: str) -> str:
    """The field of survivorship that a shown one belongs to; empty for those that are of all records."""
    return _KEPT.get(field, "")


def beside(older: Patient, newer: Patient, evidence: Evidence | None) -> list[Beside]:
    """Two records field by field, but for fields of which neither says anything."""
    one, other = portrait(older), portrait(newer)
    rows = [
        Beside(field, one[field], other[field], _alike(one[field], other[field]), tuple(_reached(field, evidence)))
        for field in FIELDS
    ]
    return [row for row in rows if row.older or row.newer or row.reached]


def _alike(one: Sequence[Said], other: Sequence[Said]) -> str:
    if not one or not other:
        return "one only" if one or other else "neither"
    return "same" if {_plain(each) for each in one} & {_plain(each) for each in other} else "differs"


def _plain(said: Said) -> str:
    return " ".join(said.text.split()).casefold()


def _reached(field: str, evidence: Evidence | None) -> Iterable[Reached]:
    """What was compared of it; of what one side did not say nothing was."""
    if evidence is None:
        return
    for name in _COMPARED[field]:
        level = evidence.levels.get(name, ABSENT)
        if level != ABSENT:
            yield Reached(name, level, evidence.weights.get(name, 0.0))


def _numbers(found: Iterable[Identifier]) -> list[Said]:
    return [Said(one.value, " ".join(part for part in (one.type, one.assigner, _ended(one)) if part)) for one in found]


def _ended(one: Identifier) -> str:
    return one.use if one.use in ("secondary", "old", "temp") else ""


def _family(name: HumanName) -> str:
    return " ".join(part for part in (name.family or name.text or "", *name.suffix) if part)


def _deceased(patient: Patient) -> str:
    if patient.deceased_date_time is not None:
        return str(patient.deceased_date_time)
    return "" if patient.deceased_boolean is None else ("yes" if patient.deceased_boolean else "no")


def _address(one: Address) -> str:
    parts = (*one.line, one.city, one.district, one.state, one.postal_code, one.country)
    return ", ".join(part for part in parts if part)


def _phone(one: ContactPoint) -> Said:
    extension = f" ext. {one.extension}" if one.extension else ""
    return Said(f"{one.value}{extension}", " ".join(part for part in (one.use, one.system) if part))
