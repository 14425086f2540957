"""What is compared, and how alike two records can be in it: each level is declared once, in Python for the record that
comes in and in SQL for Splink (DuckDB), which trains the weights and works over everything at once.

The columns of the SQL are those of `columns`, with `_l` and `_r` for the two sides. Where both sides live, phone and
address are one comparison: they are shared by a household together, and to count them one by one would make one person
of a family (see docs/explanation/matching.md).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from careloom.identity.matching import levels as at
from careloom.identity.matching.features import Features
from careloom.identity.matching.nicknames import forms

Predicate = Callable[[Features, Features], bool]
Term = Callable[[Features], str | None]

ABSENT = "absent"
DIFFERS = "differs"


class Test(NamedTuple):
    """One level: when it is reached, both ways. `frequency` names the term whose frequency adjusts its weight."""

    name: str
    holds: Predicate
    sql: str
    frequency: str | None = None


class Declared(NamedTuple):
    """One comparison, its levels in the order in which they are tried; the last one, `differs`, is not listed."""

    name: str
    absent: Predicate
    absent_sql: str
    tests: tuple[Test, ...]

    @property
    def levels(self) -> tuple[str, ...]:
        """The names of all levels but `absent`."""
        return (*(test.name for test in self.tests), DIFFERS)


def _missing(*columns: str) -> str:
    return " or ".join(f"{column}_{side} is null" for column in columns for side in "lr")


def _alike(column: str, least: float) -> str:
    return f"jaro_winkler_similarity({column}_l, {column}_r) >= {least}"


def _initial(column: str) -> str:
    return f"(length({column}_l) = 1 or length({column}_r) = 1) and {column}_l[1] = {column}_r[1]"


_CROSSED = "given_l = family_r and family_l = given_r"
_PHONE = "list_has_any(phones_l, phones_r)"
_HOUSE = "(number_l = number_r and street_l = street_r and coalesce(unit_l = unit_r, true))"
_NEAR_HOUSE = (
    "((number_l = number_r or damerau_levenshtein(number_l, number_r) <= 1)"
    " and jaro_winkler_similarity(street_l, street_r) >= 0.879)"
)
_PLACE = "(postcode_l = postcode_r or city_l = city_r)"

COMPARISONS: tuple[Declared, ...] = (
    Declared(
        "given",
        at.given_absent,
        _missing("given"),
        (
            Test("initial", at.given_initial, _initial("given")),
            Test("exact", at.given_exact, "given_l = given_r", "given"),
            Test("nickname", at.given_nickname, "list_has_any(given_forms_l, given_forms_r)"),
            Test("similar", at.given_similar, _alike("given", 0.919)),
            Test("swapped", at.crossed, _CROSSED),
            Test("another", at.given_another, "list_has_any(given_all_l, given_all_r)"),
            Test("near", at.given_near, _alike("given", 0.799)),
        ),
    ),
    Declared(
        "middle",
        at.middle_absent,
        _missing("middle"),
        (
            Test("initial", at.middle_initial, _initial("middle")),
            Test("exact", at.middle_exact, "middle_l = middle_r"),
            Test("similar", at.middle_similar, _alike("middle", 0.899)),
        ),
    ),
    Declared(
        "family",
        at.family_absent,
        _missing("family"),
        (
            Test("exact", at.family_exact, "family_l = family_r", "family"),
            Test(
                "former",
                at.family_former,
                "list_contains(former_r, family_l) or list_contains(former_l, family_r)",
            ),
            Test("part", at.family_part, "list_has_any(family_parts_l, family_parts_r)"),
            Test("similar", at.family_similar, _alike("family", 0.919)),
            Test("swapped", at.crossed, _CROSSED),
            Test("near", at.family_near, _alike("family", 0.799)),
            Test("both former", at.both_former, "list_has_any(former_l, former_r)"),
        ),
    ),
    Declared(
        "birth",
        at.birth_absent,
        _missing("birth"),
        (
            Test("exact", at.birth_exact, "birth_l = birth_r"),
            Test("partial", at.birth_partial, "starts_with(birth_l, birth_r) or starts_with(birth_r, birth_l)"),
            Test(
                "swapped",
                at.birth_swapped,
                "birth_l[1:4] = birth_r[1:4] and birth_l[6:7] = birth_r[9:10] and birth_l[9:10] = birth_r[6:7]",
            ),
            Test("digit", at.birth_digit, "damerau_levenshtein(birth_l, birth_r) <= 1"),
            Test(
                "two parts",
                at.birth_two_parts,
                "length(birth_l) = 10 and length(birth_r) = 10"
                " and (birth_l[1:7] = birth_r[1:7] or birth_l[6:10] = birth_r[6:10])",
            ),
            Test("two digits", at.birth_two_digits, "damerau_levenshtein(birth_l, birth_r) <= 2"),
            Test("year", at.birth_year, "birth_l[1:4] = birth_r[1:4]"),
        ),
    ),
    Declared("sex", at.sex_absent, _missing("sex"), (Test("same", at.sex_same, "sex_l = sex_r"),)),
    Declared(
        "contact",
        at.contact_absent,
        "(phones_l is null or phones_r is null) and (street_l is null or street_r is null)"
        " and (postcode_l is null or postcode_r is null) and (city_l is null or city_r is null)",
        (
            Test("phone and house", at.phone_and_house, f"{_PHONE} and {_HOUSE}"),
            Test("phone and place", at.phone_and_place, f"{_PHONE} and ({_NEAR_HOUSE} or {_PLACE})"),
            Test("house and place", at.house_and_place, f"{_HOUSE} and {_PLACE}"),
            Test("phone", at.phone_alone, _PHONE),
            Test("house", at.house_or_nearly, f"{_HOUSE} or ({_NEAR_HOUSE} and {_PLACE})"),
            Test("street and place", at.street_and_place, f"street_l = street_r and {_PLACE}"),
            Test("near house", at.near_house, _NEAR_HOUSE),
            Test("postcode and city", at.postcode_and_city, "postcode_l = postcode_r and city_l = city_r"),
            Test("place", at.postcode_or_city, _PLACE),
            Test(
                "near place",
                at.near_place,
                "damerau_levenshtein(postcode_l, postcode_r) <= 1 or jaro_winkler_similarity(city_l, city_r) >= 0.899"
                " or damerau_levenshtein(phone_l, phone_r) <= 1",
            ),
        ),
    ),
    Declared(
        "email",
        at.email_absent,
        _missing("email"),
        (
            Test("exact", at.email_exact, "list_has_any(emails_l, emails_r)"),
            Test("local part", at.email_local, "split_part(email_l, '@', 1) = split_part(email_r, '@', 1)"),
            Test("similar", at.email_similar, _alike("email", 0.899)),
        ),
    ),
    Declared(
        "national",
        at.national_absent,
        _missing("national"),
        (
            Test("exact", at.national_exact, "national_l = national_r"),
            Test("digit", at.national_digit, "damerau_levenshtein(national_l, national_r) <= 1"),
            Test(
                "last four",
                at.national_last_four,
                "(length(national_l) = 4 or length(national_r) = 4) and right(national_l, 4) = right(national_r, 4)",
            ),
            Test("two digits", at.national_two_digits, "damerau_levenshtein(national_l, national_r) <= 2"),
        ),
    ),
)  # fmt: skip

TERMS: Mapping[str, Term] = {
    "given": lambda one: one.given[0] if one.given else None,
    "family": lambda one: one.family or None,
}
"""The terms whose frequency counts, by the column of the same name."""


def columns(one: Features) -> dict[str, str | list[str] | None]:
    """A record as the SQL sees it: NULL where nothing is said."""
    given = one.given[0] if one.given else None
    return {
        "given": given,
        "given_forms": list(forms(given)) if given else None,
        "given_all": [token for token in one.given if len(token) > 1] or None,
        "middle": one.given[1] if len(one.given) > 1 else None,
        "family": one.family or None,
        "family_parts": at.parts(one.family) or None,
        "former": list(one.former) or None,
        "birth": one.birth,
        "sex": one.sex,
        "number": one.number,
        "street": one.street,
        "unit": one.unit,
        "city": one.city,
        "postcode": one.postcode,
        "phones": list(one.phones) or None,
        "phone": one.phones[0] if one.phones else None,
        "emails": list(one.emails) or None,
        "email": one.emails[0] if one.emails else None,
        "national": one.national,
    }


LISTS = ("given_forms", "given_all", "family_parts", "former", "phones", "emails")
"""Columns that hold lists."""
COLUMNS: tuple[str, ...] = tuple(columns(Features()))
"""All columns of `columns`, in their order."""
