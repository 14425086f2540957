"""FHIR's data types as those of the model, and amounts without a float."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from careloom.mapping.fhir import amounts, datatypes
from careloom.model import Coding, Identifier, Period

OID = "urn:oid:2.999.1"
NPI = "http://hl7.org/fhir/sid/us-npi"
V2 = "http://terminology.hl7.org/CodeSystem/v2-0203"


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        ({"value": "1", "system": OID}, Identifier(value="1", assigner="2.999.1", system=OID)),
        ({"value": "1", "assigner": {"display": "L"}}, Identifier(value="1", assigner="L")),
        ({"value": " 1 ", "type": {"coding": [{"code": "mr"}]}}, Identifier(value="1", type="MR")),
        ({"value": "1", "type": {"coding": [{"system": V2, "code": "VN"}]}}, Identifier(value="1", type="VN")),
        ({"value": "1", "type": {"coding": [{"system": "urn:x", "code": "VN"}]}}, Identifier(value="1")),
        ({"value": "1999999992", "system": NPI}, Identifier(value="1999999992", type="NPI")),
        ({"value": "1", "system": "urn:careloom:assigner:A%20B"}, Identifier(value="1", assigner="A B")),
        ({"value": "1", "use": "old"}, Identifier(value="1", use="old")),
        ({"value": "1", "use": "nonsense"}, Identifier(value="1")),
        ({"value": "900-55-0120", "system": "http://hl7.org/fhir/sid/us-ssn"}, None),
        ({"value": "D1", "type": {"coding": [{"system": V2, "code": "DL"}]}}, None),
        ({"value": "000"}, None),
        ({"value": "unknown"}, None),
        ({"system": "urn:x"}, None),
        ({}, None),
    ],
)  # fmt: skip
def test_a_number_and_whose_it_is(node: dict[str, Any], expected: Identifier | None) -> None:
    assert datatypes.identifier(node) == expected


@pytest.mark.parametrize(
    ("node", "system", "value", "extension"),
    [
        ({"value": "555-0101", "system": "phone"}, "phone", "555-0101", None),
        ({"value": "555-0101 x12", "system": "phone"}, "phone", "555-0101", "12"),
        ({"value": "555-0101 ext. 7", "system": "phone"}, "phone", "555-0101", "7"),
        ({"value": "a@example.org"}, "email", "a@example.org", None),
        ({"value": "555-0101"}, "phone", "555-0101", None),
        ({"value": "front desk", "system": "carrier-pigeon"}, "other", "front desk", None),
    ],
)
def test_a_way_to_reach_somebody(node: dict[str, Any], system: str, value: str, extension: str | None) -> None:
    found = datatypes.contact(node)
    assert found is not None
    assert (found.system, found.value, found.extension) == (system, value, extension)


def test_a_name_has_a_text_only_without_parts() -> None:
    whole = datatypes.human_name({"text": "Ida Ferro"})
    parts = datatypes.human_name({"text": "Ida Ferro", "family": "Ferro", "given": [None, "Ida", ""]})
    assert whole is not None
    assert parts is not None
    assert (whole.text, whole.family) == ("Ida Ferro", None)
    assert (parts.text, parts.family, parts.given) == (None, "Ferro", ("Ida",))
    assert datatypes.human_name({"use": "official"}) is None


def test_an_address_that_is_only_a_text_keeps_its_lines() -> None:
    found = datatypes.address({"text": "1 Elm St\nPort, WA"})
    assert found is not None
    assert found.line == ("1 Elm St", "Port, WA")
    assert datatypes.address({"use": "home"}) is None


@pytest.mark.parametrize(
    ("text", "moment", "day"),
    [
        ("2026-03-02T08:15:00Z", "2026-03-02T08:15:00Z", "2026-03-02"),
        ("2026-03-02", "2026-03-02", "2026-03-02"),
        ("2026-03", "2026-03", "2026-03"),
        ("2026", "2026", "2026"),
        ("2026-02-30", None, None),
        ("2026-03-02T08:15:00", None, "2026-03-02"),
        ("02/03/2026", None, None),
        ("", None, None),
    ],
)
def test_times_are_as_exact_as_they_were_sent(text: str, moment: str | None, day: str | None) -> None:
    assert datatypes.moment(text) == moment
    assert datatypes.day(text) == day


def test_a_time_of_any_form_is_a_period() -> None:
    both = Period(start="2026-03-02", end="2026-03-02")
    assert datatypes.when_of({"servicedDate": "2026-03-02"}, "serviced") == both
    assert datatypes.when_of({"occurrenceDateTime": "2026-03-02"}, "occurrence") == both
    assert datatypes.when_of({"occurrencePeriod": {"start": "2026-03-02"}}, "occurrence") == Period(start="2026-03-02")
    assert datatypes.when_of({"occurrenceTiming": {}}, "occurrence") is None


def test_a_moment_needs_its_offset() -> None:
    found = datatypes.instant("2026-03-02T08:15:00.123456789+01:00")
    assert found is not None
    assert found.utcoffset() is not None
    assert datatypes.instant("2026-03-02") is None
    assert datatypes.instant("2026-06-30T23:59:60Z") is not None


def test_codes_keep_their_order_and_systems() -> None:
    concept = {
        "coding": [{"code": "99213", "system": "urn:cpt"}, {"display": "no code"}, {"code": "X"}],
        "text": "visit",
    }
    found = datatypes.concept(concept)
    assert found is not None
    assert [one.code for one in found.coding] == ["99213", "X"]
    assert datatypes.codings([concept, {}]) == (Coding(code="99213", system="urn:cpt"),)
    assert datatypes.code(concept) == "99213"
    assert datatypes.code(concept, "urn:other") == "X"
    assert datatypes.code({"text": "visit"}) == "visit"
    assert datatypes.code({"text": "visit"}, "urn:cpt") is None


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        ({"value": Decimal("72.50"), "currency": "EUR"}, ("72.50", "EUR")),
        ({"value": 5}, ("5", "USD")),
        ({"value": Decimal("-1.5"), "currency": "USD"}, ("-1.5", "USD")),
        ({"value": "5"}, None),
        ({"value": True}, None),
        ({"value": Decimal("NaN")}, None),
        ({"value": Decimal(10) ** 30}, None),
        ({"value": 5, "currency": "usd"}, None),
        ({}, None),
    ],
)
def test_money_is_exact_or_none(node: dict[str, Any], expected: tuple[str, str] | None) -> None:
    found = amounts.money(node, "USD")
    assert (found and (str(found.value), found.currency)) == expected


def test_an_amount_that_is_only_a_bound_is_none() -> None:
    assert amounts.quantity({"value": 5, "comparator": "<"}) is None
    found = amounts.quantity({"value": 5, "unit": "tablets", "code": "{tbl}"})
    assert found is not None
    assert found.unit == "{tbl}"
