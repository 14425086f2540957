"""One value at a time: what is stored, what is shown, what `fields_get` says."""

from datetime import date, datetime
from typing import Any

import pytest

from careloom.sim.odoo.errors import (
    OdooError,
    access_denied,
    access_error,
    constraint_error,
    debug_text,
    error_body,
    missing_error,
    not_found,
    serialization_failure,
    user_error,
    validation_error,
)
from careloom.sim.odoo.fields import Field, description, empty_value, shown_value, stored_value
from careloom.sim.odoo.models import models


def field(kind: str, **options: Any) -> Field:
    return Field(name="thing", type=kind, string="Thing", **options)


CHOICE = field("selection", selection=(("a", "First"), ("b", "Second")))


@pytest.mark.parametrize(
    ("kind", "given", "stored"),
    [
        ("char", None, False),
        ("char", 5, "5"),
        ("char", "", ""),
        ("text", ["a"], "['a']"),
        ("integer", None, 0),
        ("integer", "12", 12),
        ("float", "1.5", 1.5),
        ("monetary", False, 0.0),
        ("boolean", "no", True),
        ("boolean", "", False),
        ("date", "2026-03-01", date(2026, 3, 1)),
        ("date", False, False),
        ("datetime", "2026-03-01 08:00:00", datetime(2026, 3, 1, 8)),
        ("datetime", "2026-03-01", datetime(2026, 3, 1)),
        ("many2one", 7, 7),
        ("many2one", False, False),
    ],
)
def test_stored(kind: str, given: Any, stored: Any) -> None:
    relation = "res.partner" if kind == "many2one" else ""
    assert stored_value("some.model", field(kind, relation=relation), given) == stored


@pytest.mark.parametrize(
    ("kind", "given", "name"),
    [
        ("integer", "x", "builtins.ValueError"),
        ("integer", [1], "builtins.ValueError"),
        ("float", "x", "builtins.ValueError"),
        ("date", "01.03.2026", "builtins.ValueError"),
        ("datetime", "2026-03-01T08:00:00", "builtins.ValueError"),
        ("many2one", "base.us", "psycopg2.errors.InvalidTextRepresentation"),
    ],
)
def test_refused(kind: str, given: Any, name: str) -> None:
    with pytest.raises(OdooError) as refused:
        stored_value("some.model", field(kind), given)
    assert refused.value.name == name
    assert refused.value.status == 500


def test_a_selection_takes_its_codes_and_nothing_else() -> None:
    assert [stored_value("m", CHOICE, one) for one in ("a", "", None)] == ["a", False, False]
    with pytest.raises(OdooError, match=r"Wrong value for m\.thing: 'First'"):
        stored_value("m", CHOICE, "First")


@pytest.mark.parametrize(
    ("kind", "empty"),
    [("char", False), ("integer", 0), ("float", 0.0), ("many2many", ()), ("many2one", False), ("date", False)],
)
def test_empty(kind: str, empty: Any) -> None:
    assert empty_value(field(kind)) == empty


@pytest.mark.parametrize(
    ("kind", "held", "shown"),
    [
        ("datetime", datetime(2026, 3, 1, 8, 0, 0, 999_999), "2026-03-01 08:00:00"),
        ("date", date(2026, 3, 1), "2026-03-01"),
        ("many2many", (3, 1), [3, 1]),
        ("char", None, False),
        ("char", "x", "x"),
    ],
)
def test_shown(kind: str, held: Any, shown: Any) -> None:
    assert shown_value(field(kind), held) == shown


def test_a_description_has_what_belongs_to_the_type() -> None:
    assert "relation" not in description(field("char"))
    assert description(field("many2one", relation="res.country"))["relation"] == "res.country"
    assert description(CHOICE)["selection"] == [["a", "First"], ["b", "Second"]]
    assert description(field("char", help="Say why"))["help"] == "Say why"
    assert description(field("char", store=False))["sortable"] is False


@pytest.mark.parametrize("major", [18, 19])
def test_every_link_leads_to_a_model_and_every_order_and_label_to_a_column(major: int) -> None:
    known = models(major)
    outside = {"discuss.channel.rtc.session"}
    for model in known.values():
        for one in model.fields.values():
            assert not one.relation or one.relation in known or one.relation in outside, f"{model.name}.{one.name}"
            assert not one.inverse or one.hidden or one.inverse in known[one.relation].fields
        assert {part.split()[0] for part in model.order.split(",")} <= set(model.fields)
        assert set(model.found_by) <= set(model.fields)


def test_models_and_fields_that_only_18_has() -> None:
    assert set(models(18)) - set(models(19)) == {"res.partner.title"}
    partner_18, partner_19 = (set(models(major)["res.partner"].fields) for major in (18, 19))
    assert partner_18 - partner_19 == {"mobile", "title"}


@pytest.mark.parametrize(
    ("error", "status", "fault"),
    [
        (user_error("x"), 422, 2),
        (validation_error("x"), 422, 2),
        (constraint_error("x"), 422, 2),
        (missing_error("res.partner", 5, 6), 404, 2),
        (access_denied(), 401, 3),
        (access_error("x"), 403, 4),
        (serialization_failure(), 500, 1),
        (not_found("x"), 404, 1),
    ],
)
def test_an_error_by_transport(error: OdooError, status: int, fault: int) -> None:
    assert (error.status, error.fault) == (status, fault)


def test_the_debug_text_quotes_what_was_handled() -> None:
    text = debug_text(user_error("no"), {"name": "Zora Secretname"})
    assert text.startswith("Traceback") and "Zora Secretname" in text
    assert text.endswith("odoo.exceptions.UserError: no\n")


def test_a_python_exception_goes_without_its_module() -> None:
    assert debug_text(OdooError("builtins.KeyError", "x"), None).endswith("\nKeyError: x\n")


def test_an_error_body_has_its_five_keys() -> None:
    body = error_body(not_found("gone"), {})
    assert set(body) == {"name", "message", "arguments", "context", "debug"}
    assert body["arguments"] == ["gone", 404]


@pytest.mark.parametrize(("major", "said"), [(18, "'No name'"), (19, "No name")])
def test_a_row_message_by_version(major: int, said: str) -> None:
    assert constraint_error("No name").row_message(major) == said
    assert user_error("No name").row_message(major) == "No name"
