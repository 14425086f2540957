"""From what people write to what is compared."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies

from careloom.core.errors import FormatError
from careloom.identity.matching.addresses import place
from careloom.identity.matching.dates import date_of
from careloom.identity.matching.headings import recognised
from careloom.identity.matching.names import folded, names
from careloom.identity.matching.nicknames import canonical, forms
from careloom.identity.matching.normalising import features_of, features_of_row
from careloom.identity.matching.numbers import email_of, national_of, phone_of
from careloom.model.datatypes import Address, ContactPoint, HumanName, Identifier
from careloom.model.entities import Patient


@pytest.mark.parametrize(
    ("written", "first", "last"),
    [
        ((["José María"], "Núñez"), ("jose", "maria"), "nunez"),
        ((["Tho-mas"], "O'Hara"), ("thomas",), "ohara"),
        ((["ANNA", "K."], "de la Cruz-Vega"), ("anna", "k"), "cruz vega"),
        ((["Dr. Anna"], "Mc Weft"), ("anna",), "mcweft"),
        ((["Łukasz"], "Strauß"), ("lukasz",), "strauss"),
        ((["Unknown"], "UNKNOWN"), (), ""),
        ((["TEST"], "Patient"), (), ""),
        ((["John"], "Doe"), (), ""),
        ((["Anna"], "Le"), ("anna",), "le"),
    ],
)
def test_names(written: tuple[list[str], str], first: tuple[str, ...], last: str) -> None:
    found = names(*written, [])
    assert (found.given, found.family) == (first, last)


@pytest.mark.parametrize(
    ("given_name", "family", "multiple"),
    [("BABYGIRL", "Weft", 0), ("BB", "Weft", 0), ("TWIN A", "Weft", 1), ("Baby Boy B", "Weft", 2), ("BabyB", "Weft", 2),
     ("Baby", "Girl", 0)],
)  # fmt: skip
def test_newborns(given_name: str, family: str, multiple: int) -> None:
    found = names([given_name], family, [])
    assert (found.given, found.newborn, found.multiple) == ((), True, multiple)
    assert found.family == ("" if family == "Girl" else "weft")


def test_generations_and_former_names() -> None:
    found = names(["Anna"], "Weft Jr.", ["Shuttle", "Weft", "UNKNOWN"])
    assert (found.family, found.suffix, found.former) == ("weft", "jr", ("shuttle",))
    assert names(["Anna"], "Weft", [], "III").suffix == "iii"


def test_nicknames_stand_for_names() -> None:
    assert canonical("bob") == canonical("robert") == "robert"
    assert set(forms("alex")) == {"alexander", "alexandra"}
    assert canonical("nobodysname") == "nobodysname"


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("1971-06-24", "1971-06-24"), ("19710624", "1971-06-24"), ("06/24/1971", "1971-06-24"),
        ("24/06/1971", "1971-06-24"), ("6/4/71", "1971-06-04"), ("24 Jun 1971", "1971-06-24"),
        ("June 24, 1971", "1971-06-24"), ("1971-06-24T00:00:00", "1971-06-24"), ("19710624000000", "1971-06-24"),
        ("1971-06", "1971-06"), ("1971", "1971"), ("2000-13-01", "2000-01-13"), ("2000-12-32", None),
        ("3000-01-01", None), ("1900-01-01", None), ("01/01/1900", None), ("Missing, but age 23", None), ("", None),
        ("2001-02-29", None),
    ],
)  # fmt: skip
def test_dates(written: str, found: str | None) -> None:
    assert date_of(written) == found


def test_the_day_first_where_the_sender_says_so() -> None:
    assert date_of("03/04/1970", day_first=True) == "1970-04-03"
    assert date_of("03/04/1970") == "1970-03-04"


@pytest.mark.parametrize(
    ("lines", "number", "street", "unit"),
    [
        (["7524 Mejia Grove, Apt. 708"], "7524", "mejia grv", "708"),
        (["04877 WEFT FERRY"], "4877", "weft ferry", None),
        (["12 North Heddle Street #4B"], "12", "n heddle st", "4b"),
        (["12 N. Heddle St", "Suite 9"], "12", "n heddle st", "9"),
        (["c/o Weft House,12 Heddle Lane"], "12", "heddle ln", None),
        (["P.O. Box 0123"], "123", "po box", None),
        (["GENERAL DELIVERY"], None, None, None),
        (["UNKNOWN"], None, None, None),
        ([], None, None, None),
    ],
)
def test_addresses(lines: list[str], number: str | None, street: str | None, unit: str | None) -> None:
    found = place(lines)
    assert (found.number, found.street, found.unit) == (number, street, unit)


def test_places() -> None:
    found = place([], "Saint Weft", "05308-0001", "WA", "007")
    assert (found.city, found.postcode, found.state, found.number) == ("st weft", "5308", "wa", "7")
    assert place([], "Unknown", "99999").city is None
    assert place([], "", "99999").postcode is None


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("(206) 555-0101", "+12065550101"), ("1-206-555-0101", "+12065550101"), ("+44 20 7946 0018", "+442079460018"),
        ("0000000000", None), ("999-999-9999", None), ("123-456-7890", None), ("n/a", None), ("555", None),
    ],
)  # fmt: skip
def test_phones(written: str, found: str | None) -> None:
    assert phone_of(written) == found


def test_phones_of_another_region() -> None:
    assert phone_of("020 7946 0018", "GB") == "+442079460018"


@pytest.mark.parametrize(
    ("written", "found"),
    [("Anna+x@Example.ORG", "anna@example.org"), ("none@none.com", None), ("unknown@example.org", None), ("x", None)],
)
def test_emails(written: str, found: str | None) -> None:
    assert email_of(written) == found


@pytest.mark.parametrize(
    ("written", "found"),
    [("900-11-2222", "900112222"), ("999-99-9999", None), ("123-45-6789", None), ("000-11-2222", None),
     ("2223", "2223"), ("", None)],
)  # fmt: skip
def test_national_numbers(written: str, found: str | None) -> None:
    assert national_of(written) == found


def test_a_patient() -> None:
    patient = Patient(
        identifier=(
            Identifier(value="77", type="MR", assigner="EHR"),
            Identifier(value="900-11-2222", type="SS"),
        ),
        name=(
            HumanName(use="maiden", family="Shuttle"),
            HumanName(use="official", family="Weft", given=("Anna", "K"), suffix=("Jr",)),
        ),
        birth_date="1984-03-07",
        gender="female",
        address=(
            Address(use="old", line=("1 Gone Rd",)),
            Address(line=("12 Heddle Lane",), city="Loomford", postal_code="98001", state="WA"),
        ),
        telecom=(
            ContactPoint(system="phone", value="206-555-0101"),
            ContactPoint(system="email", value="a@example.org"),
        ),
    )
    found = features_of(patient)
    assert found.given == ("anna", "k")
    assert (found.family, found.former, found.suffix) == ("weft", ("shuttle",), "jr")
    assert (found.number, found.street, found.city, found.postcode) == ("12", "heddle ln", "loomford", "98001")
    assert (found.birth, found.sex, found.national) == ("1984-03-07", "f", "900112222")
    assert (found.phones, found.emails, found.identifiers) == (("+12065550101",), ("a@example.org",), ("EHR|MR|77",))


def test_a_name_in_one_piece() -> None:
    patient = Patient(identifier=(Identifier(value="1"),), name=(HumanName(text="Weft, Anna K"),))
    assert features_of(patient).given == ("anna", "k")
    assert features_of(patient).family == "weft"


def test_a_row_by_the_usual_names_of_columns() -> None:
    row = {
        "FIRST": "Anna",
        "Last Name": "Weft",
        "DOB": "03/07/1984",
        "Zip": "98001",
        "Phone 1": "2065550101",
        "id": "x",
    }
    mapping = recognised(list(row), {"id": "identifier"})
    found = features_of_row(row, mapping)
    assert (found.given, found.family, found.birth, found.postcode) == (("anna",), "weft", "1984-03-07", "98001")
    assert (found.phones, found.identifiers) == (("+12065550101",), ("id||x",))


def test_columns_that_are_not_there_are_refused() -> None:
    with pytest.raises(FormatError, match="column shoe"):
        recognised(["first"], {"shoe": "given"})
    with pytest.raises(FormatError, match="is no field"):
        recognised(["first"], {"first": "shoe"})
    assert recognised(["first", "dob"], {"dob": "-"}) == {"given": ["first"]}
    assert recognised(["first", "ssn"], {}, apart=["ssn"]) == {"given": ["first"]}


@given(strategies.text(max_size=40))
def test_nothing_that_people_type_breaks_it(text: str) -> None:
    row = dict.fromkeys(("first", "last", "dob", "address", "zip", "phone", "email", "ssn", "city", "maiden"), text)
    found = features_of_row(row, recognised(list(row), {}))
    assert all(token == folded(token) for token in found.given)
