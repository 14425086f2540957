"""Values before they are sent: cells, external ids, digests, contacts."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from careloom.core.errors import MappingError
from careloom.systems.ledger import digest
from careloom.systems.odoo import PartnerRow, Settings, external_id
from careloom.systems.odoo.cells import FieldInfo, cell, check_written
from careloom.systems.odoo.external_ids import LONGEST, fingerprint, split
from careloom.systems.odoo.partner import partner_values
from careloom.systems.odoo.places import ALPHA_2, Place

NOWHERE = Place(None, None)


@pytest.mark.parametrize(
    ("type_", "column", "value", "text"),
    [
        ("char", "name", "Ada", "Ada"),
        ("char", "name", None, ""),
        ("char", "name", "", ""),
        ("boolean", "active", True, "1"),
        ("boolean", "active", False, "0"),
        ("integer", "color", 0, "0"),
        ("float", "credit_limit", 1.5, "1.5"),
        ("monetary", "amount", Decimal("120.10"), "120.10"),
        ("date", "date", date(2026, 11, 1), "2026-11-01"),
        ("date", "date", "2026-11-01", "2026-11-01"),
        ("datetime", "at", datetime(2026, 11, 1, 12, tzinfo=timezone(timedelta(hours=2))), "2026-11-01 10:00:00"),
        ("many2one", "country_id/id", "base.us", "base.us"),
        ("many2one", "country_id/.id", 233, "233"),
        ("many2one", "country_id/.id", None, ""),
        ("many2many", "category_id/id", ["a.b", "c.d"], "a.b,c.d"),
        ("many2many", "category_id/.id", (1, 2), "1,2"),
    ],
)
def test_a_cell_is_text(type_: str, column: str, value: Any, text: str) -> None:
    assert cell(column, FieldInfo(type_), value) == text


@pytest.mark.parametrize(
    ("type_", "column", "value"),
    [
        ("char", "name", ["a", "b"]),
        ("char", "name", 7),
        ("char", "name", "a\x00b"),
        ("boolean", "active", "no"),
        ("boolean", "active", 1),
        ("integer", "color", True),
        ("integer", "color", "7"),
        ("float", "amount", "1.5"),
        ("float", "amount", float("nan")),
        ("monetary", "amount", Decimal("Infinity")),
        ("date", "date", "20261101"),
        ("date", "date", "01/11/2026"),
        ("date", "date", datetime(2026, 1, 1, tzinfo=UTC)),
        ("datetime", "at", datetime(2026, 1, 1)),
        ("datetime", "at", "2026-01-01 00:00:00"),
        ("many2one", "country_id", "United States"),
        ("many2one", "country_id/id", "us"),
        ("many2one", "country_id/id", 233),
        ("many2one", "country_id/.id", "233"),
        ("many2one", "country_id/.id", True),
        ("many2one", "country_id/id", ["base.us"]),
        ("one2many", "child_ids/id", "a.b"),
        ("binary", "image", "x"),
        ("char", "name/id", "a.b"),
    ],
)
def test_a_value_of_another_type_is_refused_by_field_and_without_the_value(type_: str, column: str, value: Any) -> None:
    with pytest.raises(MappingError) as error:
        cell(column, FieldInfo(type_), value)
    assert error.value.field == column
    assert repr(value) not in str(error.value)


def test_a_selection_takes_its_keys_only() -> None:
    info = FieldInfo("selection", options=frozenset({"person", "company"}))
    assert cell("company_type", info, "person") == "person"
    with pytest.raises(MappingError):
        cell("company_type", info, "Individual")


@pytest.mark.parametrize(
    ("type_", "value", "sent"),
    [
        ("char", "x", "x"),
        ("char", None, False),
        ("boolean", False, False),
        ("boolean", True, True),
        ("integer", 0, 0),
        ("float", Decimal("1.25"), 1.25),
        ("many2one", 7, 7),
        ("many2one", None, False),
        ("many2many", [[6, 0, [1]]], [[6, 0, [1]]]),
        ("date", date(2026, 1, 2), "2026-01-02"),
    ],
)
def test_written_values(type_: str, value: Any, sent: Any) -> None:
    assert check_written("f", FieldInfo(type_), value) == sent


@pytest.mark.parametrize(("type_", "value"), [("char", ["a"]), ("boolean", "no"), ("many2one", "US"), ("many2many", 3)])
def test_written_values_of_another_type_are_refused(type_: str, value: Any) -> None:
    with pytest.raises(MappingError):
        check_written("f", FieldInfo(type_), value)


def test_an_external_id_reads_well() -> None:
    assert external_id("patient", "GENHOSP", "MRN00042") == "careloom.patient_GENHOSP_MRN00042"


PART = st.text(min_size=1, max_size=90)


@given(PART, PART, PART, PART)
def test_different_identifiers_never_share_an_external_id(a1: str, v1: str, a2: str, v2: str) -> None:
    first, second = external_id("patient", a1, v1), external_id("patient", a2, v2)
    assert (first == second) == ((a1, v1) == (a2, v2))


@given(PART, PART)
def test_an_external_id_is_safe_and_short(assigner: str, value: str) -> None:
    made = external_id("patient", assigner, value)
    module, name = split(made)
    assert module == "careloom"
    assert len(made) <= LONGEST
    assert all(character.isascii() and (character.isalnum() or character in "._-") for character in name)


def test_an_external_id_needs_an_identifier_and_a_module() -> None:
    with pytest.raises(ValueError, match="empty"):
        external_id("patient", "GENHOSP", "")
    with pytest.raises(ValueError, match="module"):
        external_id("patient", "GENHOSP", "1", module="My Module")
    assert split("no_dot") == ("__import__", "no_dot")
    assert "MRN" not in fingerprint("careloom.patient_G_MRN1")


def test_a_digest_tells_columns_values_and_key_apart() -> None:
    digests = [
        digest(["name"], ["a"]),
        digest(["ref"], ["a"]),
        digest(["name"], ["b"]),
        digest(["name", "ref"], ["a", ""]),
        digest(["name"], ["a"], b"key"),
    ]
    assert len(set(digests)) == len(digests)
    assert digest(["name"], ["a"]) == digests[0]


def test_a_contact_is_named_as_odoo_users_expect() -> None:
    values = partner_values(PartnerRow(given=" Ada", family="Moss ", ref="MRN7"), NOWHERE, major=19).values
    assert values == {"name": "Ada Moss", "is_company": False, "ref": "MRN7"}


def test_a_contact_without_a_name_is_a_mapping_error() -> None:
    with pytest.raises(MappingError) as error:
        partner_values(PartnerRow(ref="MRN7"), NOWHERE, major=19)
    assert error.value.field == "name"


def test_none_leaves_and_empty_clears() -> None:
    values = partner_values(PartnerRow(family="Moss", street="", city=None), NOWHERE, major=18).values
    assert values["street"] == ""
    assert "city" not in values


def test_the_mobile_number_of_odoo_18_becomes_the_phone_of_19() -> None:
    row = PartnerRow(family="Moss", mobile="555-0100")
    assert partner_values(row, NOWHERE, major=18).values["mobile"] == "555-0100"
    made = partner_values(row, NOWHERE, major=19)
    assert made.values["phone"] == "555-0100"
    assert "mobile" not in made.values
    both = partner_values(PartnerRow(family="Moss", mobile="555-0100", phone="555-0101"), NOWHERE, major=19)
    assert both.values["phone"] == "555-0101"
    assert [issue.field for issue in both.issues] == ["mobile"]


def test_an_unknown_place_is_left_out_with_an_issue() -> None:
    row = PartnerRow(family="Moss", country="Atlantis", state="ZZ")
    made = partner_values(row, Place(None, None, ("country", "state")), major=19)
    assert [issue.field for issue in made.issues] == ["country", "state"]
    assert not {"country_id/.id", "state_id/.id"} & set(made.values)
    assert not any("Atlantis" in issue.problem for issue in made.issues)


def test_country_and_state_move_together() -> None:
    moved = partner_values(PartnerRow(family="Moss", country="FR"), Place(75, None), major=19).values
    assert (moved["country_id/.id"], moved["state_id/.id"]) == (75, None)
    cleared = partner_values(PartnerRow(family="Moss", country=""), NOWHERE, major=19).values
    assert (cleared["country_id/.id"], cleared["state_id/.id"]) == (None, None)
    assert partner_values(PartnerRow(family="Moss", state=""), NOWHERE, major=19).values["state_id/.id"] is None


def test_the_alpha_3_table_is_whole() -> None:
    assert len(ALPHA_2) == len(set(ALPHA_2.values())) == 249
    assert (ALPHA_2["USA"], ALPHA_2["GBR"], ALPHA_2["DEU"], ALPHA_2["CHE"]) == ("US", "GB", "DE", "CH")


@pytest.mark.parametrize(
    "wrong",
    [
        {"api_key": "plain-key"},
        {"url": "erp.example.org"},
        {"concurrency": 0},
        {"external_id_module": "A B"},
        {"odd": 1},
    ],
)
def test_settings_are_checked(wrong: dict[str, Any]) -> None:
    right = {"url": "https://erp.example.org", "database": "d", "login": "l", "api_key": "env:KEY"}
    assert Settings.model_validate(right).concurrency == 1
    with pytest.raises(ValidationError):
        Settings.model_validate(right | wrong)
