"""PID and GT1, rule by rule."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta, timezone
from typing import Any

import pytest

from careloom import model
from careloom.core.errors import MappingError
from careloom.formats import hl7v2
from careloom.mapping import Settings, Translation, translate

Mapped = Callable[..., Translation]


def shown(result: Translation) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(model.encode(result.events[0]))
    return found


def patient(result: Translation) -> Any:
    return shown(result)["patient"]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Okonjo^Maribel", [{"family": "Okonjo", "given": ["Maribel"]}]),
        ("Okonjo", [{"family": "Okonjo"}]),
        ("^Maribel", [{"given": ["Maribel"]}]),
        ("OKONJO&van&OKONJO^M", [{"family": "OKONJO", "given": ["M"]}]),
        (
            "Okonjo^M^T^Jr^Dr^PhD^L",
            [{"use": "official", "family": "Okonjo", "given": ["M", "T"], "prefix": ["Dr"], "suffix": ["Jr", "PhD"]}],
        ),
        ("Okonjo^M^^^^^ZZ", [{"family": "Okonjo", "given": ["M"]}]),
        ("^^^~Okonjo^M~-^.", [{"family": "Okonjo", "given": ["M"]}]),
        ('Okonjo^""', [{"family": "Okonjo"}]),
        (" Okonjo ^ Maribel ", [{"family": "Okonjo", "given": ["Maribel"]}]),
        (r"O\T\B^M", [{"family": "O&B", "given": ["M"]}]),
    ],
)
def test_names(mapped: Mapped, raw: str, expected: list[dict[str, Any]]) -> None:
    assert patient(mapped("A04", {5: raw}))["name"] == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("19840611", "1984-06-11"),
        ("198406111530+0100", "1984-06-11"),
        ("198406", "1984-06"),
        ("1984", "1984"),
        ("19840000", "1984"),
        ("19840600", "1984-06"),
        ("00000000", None),
        ("20260302", "2026-03-02"),
        ("20260303", "2026-03-03"),
        ("", None),
    ],
)
def test_birth_dates_keep_their_precision(mapped: Mapped, raw: str, expected: str | None) -> None:
    assert patient(mapped("A04", {7: raw})).get("birthDate") == expected


@pytest.mark.parametrize(
    "raw", ["19841332", "19840231", "yesterday", "11/06/1984", "17000101", "20260305", "1984-06-11"]
)
def test_an_impossible_birth_date_is_a_case(mapped: Mapped, raw: str) -> None:
    with pytest.raises(MappingError) as caught:
        mapped("A04", {7: raw})
    assert caught.value.field == "PID-7"
    assert raw not in str(caught.value)


@pytest.mark.parametrize(
    ("code", "expected", "problems"),
    [
        ("F", "female", 0),
        ("m", "male", 0),
        ("O", "other", 0),
        ("U", "unknown", 0),
        ("A", "other", 0),
        ("", None, 0),
        ("7", "unknown", 1),
    ],
)
def test_gender(mapped: Mapped, code: str, expected: str | None, problems: int) -> None:
    result = mapped("A04", {8: code})
    assert patient(result).get("gender") == expected
    assert [issue.field for issue in result.issues] == ["PID-8"] * problems


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (
            "4 Mill Ln^Flat 2^Thornby^OH^44001^USA^H^^LAKE",
            {
                "use": "home",
                "line": ["4 Mill Ln", "Flat 2"],
                "city": "Thornby",
                "state": "OH",
                "postalCode": "44001",
                "country": "USA",
                "district": "LAKE",
            },
        ),
        ("4 Mill Ln&Mill Ln&4^^Thornby", {"line": ["4 Mill Ln"], "city": "Thornby"}),
        ("&Mill Ln&4^^Thornby", {"line": ["4 Mill Ln"], "city": "Thornby"}),
        ("4&Mill Ln^^Thornby", {"line": ["4 Mill Ln"], "city": "Thornby"}),
        ("^Flat 2^Thornby", {"line": ["Flat 2"], "city": "Thornby"}),
        ("^^Thornby^^^^M", {"type": "postal", "city": "Thornby"}),
        ("^^Thornby^^^^BA", {"use": "old", "city": "Thornby"}),
        ("^^Thornby^^^^BI^^39&Lake County", {"use": "billing", "city": "Thornby", "district": "Lake County"}),
    ],
)
def test_addresses(mapped: Mapped, raw: str, expected: dict[str, Any]) -> None:
    assert patient(mapped("A04", {11: raw}))["address"] == [expected]


@pytest.mark.parametrize("raw", ["^^Thornby^^^^BDL", "^^^^^^H", '""^""^""', "^^^OH^^^BR"])
def test_places_where_no_bill_goes_are_dropped(mapped: Mapped, raw: str) -> None:
    assert "address" not in patient(mapped("A04", {11: raw}))


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("(555)555-0100", {"system": "phone", "value": "(555)555-0100", "use": "home"}),
        (
            "(555)555-0100X12B7CAFTER SIX",
            {"system": "phone", "value": "(555)555-0100", "use": "home", "extension": "12"},
        ),
        (
            "(555)555-0100^PRN^PH^^1^555^5550100^9",
            {"system": "phone", "value": "(555)555-0100", "use": "home", "extension": "9"},
        ),
        ("^PRN^PH^^^555^5550100", {"system": "phone", "value": "(555)5550100", "use": "home"}),
        ("^^CP^^44^7700^900123", {"system": "phone", "value": "+44 (7700)900123", "use": "mobile"}),
        ("^WPN^FX^^^555^5550199", {"system": "fax", "value": "(555)5550199", "use": "work"}),
        ("555-0100^^^^^^^^^^^+1 555 0100", {"system": "phone", "value": "+1 555 0100", "use": "home"}),
        ("^NET^Internet^a@example.org", {"system": "email", "value": "a@example.org", "use": "home"}),
        ("a@example.org^NET", {"system": "email", "value": "a@example.org", "use": "home"}),
        ("a@example.org", {"system": "email", "value": "a@example.org", "use": "home"}),
        ("6082517777^^Internet^", {"system": "phone", "value": "6082517777", "use": "home"}),
        ("555-0142^BPN^PH", {"system": "pager", "value": "555-0142", "use": "home"}),
        ("555-0142^^TDD", {"system": "other", "value": "555-0142", "use": "home"}),
    ],
)
def test_contacts(mapped: Mapped, raw: str, expected: dict[str, Any]) -> None:
    assert patient(mapped("A04", {13: raw}))["telecom"] == [expected]


@pytest.mark.parametrize("raw", ["^PRN^PH", "none", "^^^^^^", "unlisted^PRN"])
def test_what_reaches_nobody_is_no_contact(mapped: Mapped, raw: str) -> None:
    assert "telecom" not in patient(mapped("A04", {13: raw}))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({3: "9"}, [{"value": "9", "assigner": "LAKESIDE"}]),
        (
            {3: "9^^^CITY&2.999.1&ISO^mr"},
            [{"value": "9", "type": "MR", "assigner": "CITY", "system": "urn:oid:2.999.1"}],
        ),
        ({3: "9^^^&2.999.1&ISO"}, [{"value": "9", "assigner": "2.999.1", "system": "urn:oid:2.999.1"}]),
        ({3: "9^^^CITY&city.example&DNS"}, [{"value": "9", "assigner": "CITY"}]),
        ({3: "^^^CITY^MR~9^^^CITY^PI"}, [{"value": "9", "type": "PI", "assigner": "CITY"}]),
        ({3: "000^^^CITY^MR~9"}, [{"value": "9", "assigner": "LAKESIDE"}]),
        ({3: "UNKNOWN", 2: "8"}, [{"value": "8", "assigner": "LAKESIDE"}]),
        ({3: "", 2: "", 4: "7"}, [{"value": "7", "assigner": "LAKESIDE"}]),
        (
            {3: "9", 2: "9", 4: "7"},
            [{"value": "9", "assigner": "LAKESIDE"}, {"value": "7", "assigner": "LAKESIDE", "use": "secondary"}],
        ),
        ({3: "9~900-12-3456^^^SSA~1^^^X^DL~4111^^^B^BC"}, [{"value": "9", "assigner": "LAKESIDE"}]),
    ],
)
def test_identifiers(mapped: Mapped, fields: dict[int, str], expected: list[dict[str, Any]]) -> None:
    assert patient(mapped("A04", fields))["identifier"] == expected


@pytest.mark.parametrize("raw", ["", "^^^LAKESIDE^MR", '""', "0000", "900-12-3456^^^USSSA^SS", "N/A", "---", "^^^~^^^"])
def test_without_a_usable_number_it_is_a_case(mapped: Mapped, raw: str) -> None:
    with pytest.raises(MappingError) as caught:
        mapped("A08", {3: raw})
    assert caught.value.field == "PID-3"


def test_the_social_security_number_is_carried_only_when_asked_for(mapped: Mapped) -> None:
    fields = {19: "900-12-3456"}
    assert "900-12-3456" not in str(mapped("A04", fields).events[0])
    carried = patient(mapped("A04", fields, settings=Settings(social_security=True)))["identifier"]
    assert [(one["value"], one.get("type")) for one in carried] == [("MRN1", "MR"), ("900-12-3456", "SS")]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({15: "spa", 16: "M"}, {"language": "es", "maritalStatus": "M"}),
        ({15: "en-GB", 16: "A"}, {"language": "en-GB", "maritalStatus": "L"}),
        ({16: "ZZ"}, {}),
        ({18: "A1^^^BILL"}, {"account": [{"value": "A1", "type": "AN", "assigner": "BILL"}]}),
        ({30: "Y"}, {"deceasedBoolean": True}),
        ({30: "N"}, {"deceasedBoolean": False}),
        ({29: "20260301", 30: "Y"}, {"deceasedDateTime": "2026-03-01"}),
        ({29: "202603011215"}, {"deceasedDateTime": "2026-03-01T12:15:00-08:00"}),
    ],
)
def test_other_demographics(mapped: Mapped, fields: dict[int, str], expected: dict[str, Any]) -> None:
    found = patient(mapped("A04", fields))
    keys = ("language", "maritalStatus", "account", "deceasedBoolean", "deceasedDateTime")
    assert {name: found[name] for name in keys if name in found} == expected


def test_a_bad_date_of_death_is_dropped_and_told(mapped: Mapped) -> None:
    result = mapped("A08", {29: "in March", 30: "Y"})
    assert patient(result)["deceasedBoolean"] is True
    assert [issue.field for issue in result.issues] == ["PID-29"]


@pytest.mark.parametrize(
    ("gt1", "expected"),
    [
        (
            {3: "Okonjo^Tunde", 8: "19800101", 9: "M", 11: "SPO"},
            {
                "name": [{"family": "Okonjo", "given": ["Tunde"]}],
                "birthDate": "1980-01-01",
                "gender": "male",
                "relationship": "spouse",
            },
        ),
        ({3: "Okonjo^Tunde", 12: "900-12-3456"}, {"name": [{"family": "Okonjo", "given": ["Tunde"]}]}),
        ({21: "Fairhaven Ferries"}, {"name": [{"text": "Fairhaven Ferries"}]}),
        ({2: "44"}, None),
        (
            {3: "Okonjo", 2: "44^^^BILL"},
            {"identifier": [{"value": "44", "assigner": "BILL"}], "name": [{"family": "Okonjo"}]},
        ),
    ],
)
def test_guarantors(mapped: Mapped, gt1: dict[int, str], expected: dict[str, Any] | None) -> None:
    result = mapped("A04", {}, ("GT1", gt1))
    assert shown(result).get("guarantor") == expected


def test_a_time_without_offset_is_in_the_senders_zone(adt: Callable[..., bytes]) -> None:
    data = adt("A04", {29: "202603011215"}).replace(b"20260302081502-0800", b"20260302081502")
    chosen = Settings(zone=timezone(timedelta(hours=2)))
    event = translate(hl7v2.parse(data), chosen).events[0]
    assert json.loads(model.encode(event))["patient"]["deceasedDateTime"] == "2026-03-01T12:15:00+02:00"
    assert event.occurred is not None
    assert event.occurred.utcoffset() == timedelta(hours=2)
