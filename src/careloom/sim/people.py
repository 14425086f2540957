"""Invented people: surnames of the weaver's trade, streets and towns that are on no map, fictional telephone numbers.

Telephone numbers are 555-0100 to 555-0199, which the North American numbering plan keeps for fiction.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

FAMILIES = (
    "Heddleworth", "Shuttlebee", "Warpingham", "Weftwick", "Bobbinsley", "Selvedgard", "Twillingsby", "Spindlecote",
    "Treadleson", "Tapestrom", "Damaskerry", "Jacquardsen", "Brocadeau", "Flaxmeridge", "Skeinhart", "Distaffield",
    "Tuftington", "Yarnwrighter", "Reedmarker", "Corduroyd", "Gabardini", "Muslinsohn", "Organzino", "Chenillard",
    "Batikova", "Ikatsukawa", "Kilimovic", "Häkelström", "Nouéchard", "Fadenmüller", "Hilolargo", "Tecelinho",
)  # fmt: skip
_GIVEN = (
    ("Adelind", "F"), ("Brunhild", "F"), ("Calantha", "F"), ("Dorothea", "F"), ("Eglantine", "F"), ("Fiorella", "F"),
    ("Guinevra", "F"), ("Hesperia", "F"), ("Isaura", "F"), ("Jessamyn", "F"), ("Kerensa", "F"), ("Leocadia", "F"),
    ("Melisend", "F"), ("Nerissa", "F"), ("Ottoline", "F"), ("Perpetua", "F"), ("Quintina", "F"), ("Rosalba", "F"),
    ("Anselm", "M"), ("Bartholo", "M"), ("Cuthbert", "M"), ("Dagobert", "M"), ("Evander", "M"), ("Florizel", "M"),
    ("Gawaine", "M"), ("Hyacinth", "M"), ("Ignatius", "M"), ("Jocelyn", "M"), ("Kenelm", "M"), ("Lysander", "M"),
    ("Mortimer", "M"), ("Nicodemo", "M"), ("Osbert", "M"), ("Peregrin", "M"), ("Quentin", "M"), ("Rodrigo", "M"),
)  # fmt: skip
NUMBERS = "CLM"
"""What record numbers begin with."""
_STREETS = ("Shuttle Row", "Heddle Lane", "Warp Street", "Weft Street", "Bobbin Court", "Treadle Way", "Distaff Hill")
_TOWNS = (("Loomford", "WA"), ("Spindle Bay", "OR"), ("Tapestry Falls", "ID"), ("New Selvedge", "MT"))
_NEWEST_BIRTH = date(2020, 12, 31)
_DAYS_OF_BIRTHS = 80 * 365


@dataclass(frozen=True, slots=True)
class Person:
    """An invented patient as the EHR knows them. `born` is YYYYMMDD."""

    mrn: str
    given: str
    middle: str
    family: str
    sex: str
    born: str
    phone: str
    email: str
    street: str
    city: str
    state: str
    zip: str

    @property
    def full_name(self) -> str:
        """As billing writes it."""
        return " ".join(part for part in (self.given, self.middle, self.family) if part)


def people(chance: random.Random, first: int = 500_001) -> Iterator[Person]:
    """People without end, each with a record number of their own; no two of the first 1,152 share a name."""
    names = [(given, sex, family) for given, sex in _GIVEN for family in FAMILIES]
    chance.shuffle(names)
    number = first
    while True:
        for given, sex, family in names:
            yield _person(chance, f"{NUMBERS}{number}", given, sex, family)
            number += 1


def _person(chance: random.Random, mrn: str, given: str, sex: str, family: str) -> Person:
    street, city, state, code = address(chance)
    born = _NEWEST_BIRTH - timedelta(days=chance.randrange(_DAYS_OF_BIRTHS))
    return Person(
        mrn=mrn,
        given=given,
        middle=chance.choice(("", "", "K", "T", "W")),
        family=family,
        sex=sex,
        born=f"{born:%Y%m%d}",
        phone=telephone(chance),
        email=f"{mrn.lower()}@example.org" if chance.random() < 0.6 else "",
        street=street,
        city=city,
        state=state,
        zip=code,
    )


def telephone(chance: random.Random) -> str:
    """A number that rings nowhere."""
    return f"({chance.randrange(201, 990)})555-01{chance.randrange(100):02}"


def address(chance: random.Random) -> tuple[str, str, str, str]:
    """Street, town, state and postal code; none of the streets, towns or codes exists."""
    city, state = chance.choice(_TOWNS)
    return f"{chance.randrange(1, 400)} {chance.choice(_STREETS)}", city, state, f"00{chance.randrange(1, 1000):03}"
