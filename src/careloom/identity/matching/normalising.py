"""From a patient, or a row of a table, to what is compared: done once, when a record comes in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from careloom.identity.matching.addresses import Place, place
from careloom.identity.matching.dates import date_of
from careloom.identity.matching.features import Features
from careloom.identity.matching.names import Names, generation, names
from careloom.identity.matching.numbers import email_of, national_of, phone_of
from careloom.model.datatypes import Address, HumanName, Identifier
from careloom.model.entities import Patient

NATIONAL = frozenset({"SS", "NI", "NNUSA", "SSN"})
"""Types of identifiers (HL7 table 0203) that are a number of the state."""

_SEXES = {"f": "f", "female": "f", "w": "f", "woman": "f", "2": "f", "m": "m", "male": "m", "man": "m", "1": "m"}
_FORMER = ("maiden", "old")
_NO_NAME = HumanName()
_NO_ADDRESS = Address()


def features_of(patient: Patient, *, region: str = "US", day_first: bool = False) -> Features:
    """What is compared of a patient. `region` is whose telephone numbers come without a country code."""
    return _features(
        _names_of(patient.name),
        _place_of(patient.address),
        date_of(patient.birth_date, day_first=day_first) if patient.birth_date else None,
        _SEXES.get(patient.gender or ""),
        _distinct(phone_of(one.value, region) for one in patient.telecom if one.system in ("phone", "sms")),
        _distinct(email_of(one.value) for one in patient.telecom if one.system == "email"),
        _national(patient.identifier),
        _distinct(map(_identifier, patient.identifier)),
    )


def features_of_row(
    row: Mapping[str, str], mapping: Mapping[str, Sequence[str]], *, region: str = "US", day_first: bool = False
) -> Features:
    """What is compared of a row. `mapping` says which columns hold a field: see `headings.FIELDS`."""

    def all_of(field: str) -> list[str]:
        return [text for column in mapping.get(field, ()) if (text := (row.get(column) or "").strip())]

    def one_of(field: str) -> str:
        return next(iter(all_of(field)), "")

    given, family = all_of("given") + all_of("middle"), one_of("family")
    if not given and not family and (full := one_of("name")):
        given, family = _split(full)
    named = names(given, family, all_of("former"), one_of("suffix"))
    if multiple := one_of("multiple"):
        named = named._replace(multiple=int(multiple) if multiple.isdigit() else 0)
    return _features(
        named,
        place(all_of("address"), one_of("city"), one_of("postcode"), one_of("state"), one_of("number")),
        date_of(one_of("birth"), day_first=day_first),
        _SEXES.get(one_of("sex").lower()),
        _distinct(phone_of(text, region) for text in all_of("phone")),
        _distinct(email_of(text) for text in all_of("email")),
        national_of(one_of("national")),
        tuple(f"{column}||{text}" for column in mapping.get("identifier", ()) if (text := row.get(column))),
    )


def _features(
    named: Names,
    where: Place,
    birth: str | None,
    sex: str | None,
    phones: tuple[str, ...],
    emails: tuple[str, ...],
    national: str | None,
    identifiers: tuple[str, ...],
) -> Features:
    return Features(
        named.given, named.family, named.former, birth, sex, where.number, where.street, where.city, where.postcode,
        where.state, phones, emails, national, identifiers, named.newborn, named.multiple, named.suffix, where.unit,
    )  # fmt: skip


def _names_of(all_names: tuple[HumanName, ...]) -> Names:
    current = next((one for one in all_names if one.use not in (*_FORMER, "anonymous", "nickname")), _NO_NAME)
    former = [one.family for one in all_names if one is not current and one.family]
    given, family = list(current.given), current.family or ""
    if not given and not family and current.text:
        given, family = _split(current.text)
    named = names(given, family, former, " ".join(current.suffix))
    return named if named.suffix or not current.suffix else named._replace(suffix=generation(" ".join(current.suffix)))


def _split(full: str) -> tuple[list[str], str]:
    """`Family, Given` or `Given Family`."""
    if "," in full:
        family, _, given = full.partition(",")
        return given.split(), family
    parts = full.split() or [""]
    return parts[:-1], parts[-1]


def _place_of(addresses: tuple[Address, ...]) -> Place:
    home = next((one for one in addresses if one.use not in ("old", "billing", "temp", "work")), None)
    one = home or next(iter(addresses), _NO_ADDRESS)
    return place(list(one.line), one.city or "", one.postal_code or "", one.state or "")


def _national(identifiers: tuple[Identifier, ...]) -> str | None:
    return next((national_of(one.value) for one in identifiers if one.type in NATIONAL), None)


def _identifier(one: Identifier) -> str | None:
    if one.type in NATIONAL or not one.value.strip("0"):
        return None
    return f"{one.assigner or one.system or ''}|{one.type or ''}|{one.value}"


def _distinct(found: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for one in found if one))
