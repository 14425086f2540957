"""A contact (`res.partner`) with the least data that billing a person needs; nothing clinical."""

from __future__ import annotations

from dataclasses import dataclass

from careloom.core.errors import MappingError
from careloom.systems.odoo.cells import Value
from careloom.systems.odoo.places import Place

_PLAIN = ("ref", "street", "street2", "city", "zip", "email")


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerRow:
    """A person, in plain values. None leaves the field in Odoo as it is, "" clears it.

    `ref` is the number staff search by (the MRN). `country` is ISO 3166 alpha-2 or alpha-3 or a name, `state` a code
    of that country.
    """

    given: str = ""
    family: str = ""
    ref: str | None = None
    street: str | None = None
    street2: str | None = None
    city: str | None = None
    zip: str | None = None
    state: str | None = None
    country: str | None = None
    phone: str | None = None
    mobile: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class Issue:
    """A source value that was left out: which, and why. Never the value."""

    field: str
    problem: str


@dataclass(frozen=True, slots=True)
class PartnerValues:
    """Columns for `upsert`, and what could not be carried over."""

    values: dict[str, Value]
    issues: tuple[Issue, ...]


def partner_values(row: PartnerRow, place: Place, *, major: int) -> PartnerValues:
    """The columns for a person in Odoo `major`. Raises MappingError when there is no name, which Odoo requires."""
    name = " ".join(part for part in (row.given.strip(), row.family.strip()) if part)
    if not name:
        raise MappingError("a contact needs a given or family name", "name")
    values: dict[str, Value] = {"name": name, "is_company": False}
    values |= {column: given for column in _PLAIN if (given := getattr(row, column)) is not None}
    issues = [Issue(field, f"no such {field} in Odoo; the contact is sent without it") for field in place.unknown]
    issues += _numbers(row, major, values)
    values |= _where(row, place)
    return PartnerValues(values, tuple(issues))


def _numbers(row: PartnerRow, major: int, values: dict[str, Value]) -> list[Issue]:
    """Odoo 19 has no mobile number: it becomes the phone where there is no other."""
    phone, mobile = row.phone, row.mobile
    issues = []
    if major < 19:
        values |= {"mobile": mobile} if mobile is not None else {}
    elif mobile and phone:
        issues.append(Issue("mobile", "Odoo 19 keeps one number; the phone was taken"))
    elif mobile:
        phone = mobile
    if phone is not None:
        values["phone"] = phone
    return issues


def _where(row: PartnerRow, place: Place) -> dict[str, Value]:
    """Country and state move together, so that no state of another country stays behind."""
    if place.country_id is not None:
        return {"country_id/.id": place.country_id, "state_id/.id": place.state_id}
    if row.country == "":
        return {"country_id/.id": None, "state_id/.id": None}
    return {"state_id/.id": None} if row.state == "" else {}
