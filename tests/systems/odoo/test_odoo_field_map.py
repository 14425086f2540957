"""The map says what the code does: each line of it is held against what is really sent or asked for."""

from __future__ import annotations

import pytest

from careloom.core.errors import MappingError
from careloom.systems.odoo import fieldmap
from careloom.systems.odoo.documents.series import NAMES_18
from careloom.systems.odoo.feed.watches import MODELS, WATCHES
from careloom.systems.odoo.fieldmap import SERIES, into_odoo, out_of_odoo, tables
from careloom.systems.odoo.partner import PartnerRow, partner_values
from careloom.systems.odoo.places import Place


def columns(series: int, document: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for one in into_odoo(series):
        if one.document == document:
            found.setdefault(one.field, set()).add(f"{one.model}.{one.column}")
    return found


@pytest.mark.parametrize("series", SERIES)
def test_a_partner_s_map_covers_all_that_is_sent_of_a_full_row(series: int) -> None:
    row = PartnerRow(
        given="A", family="B", ref="C", street="D", street2="E", city="F", zip="G", phone="H", mobile="I", email="J",
        country="K", state="L",
    )  # fmt: skip
    sent = {one.partition("/")[0] for one in partner_values(row, Place(1, 2, ()), major=series).values}
    told = {place.rpartition(".")[2] for places in columns(series, "partner").values() for place in places}
    assert sent - told == {"is_company"}  # says that it is a person, and comes of no value
    assert told <= sent | {"phone"}


def test_both_names_go_to_one_field_and_country_and_state_to_theirs() -> None:
    told = columns(19, "partner")
    assert told["given"] == told["family"] == {"res.partner.name"}
    assert (told["country"], told["state"]) == ({"res.partner.country_id"}, {"res.partner.state_id"})


def test_a_mobile_number_goes_where_the_series_has_one() -> None:
    assert columns(18, "partner")["mobile"] == {"res.partner.mobile"}
    assert columns(19, "partner")["mobile"] == {"res.partner.phone"}
    [note] = {one.note for one in into_odoo(19) if (one.document, one.field) == ("partner", "mobile")}
    assert "Odoo 19 keeps one number" in note


@pytest.mark.parametrize("series", SERIES)
def test_every_field_of_every_document_is_there(series: int) -> None:
    told = {(one.document, one.field) for one in into_odoo(series)}
    assert {(name, field) for name, table in tables().items() for field in table} <= told
    assert len(tables()) > 5


def test_a_field_that_changed_its_name_is_told_by_the_name_of_the_series() -> None:
    old = {(one.model, one.column) for one in into_odoo(18)}
    new = {(one.model, one.column) for one in into_odoo(19)}
    for (model, name), before in NAMES_18.items():
        if (model, name) in new:
            assert (model, before) in old
            assert (model, name) not in old
    assert ("purchase.order.line", "product_uom") in old


def test_a_table_without_a_model_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fieldmap, "tables", lambda: {"orders": {"lines": "nowhere"}})
    with pytest.raises(MappingError, match=r"orders\.lines: 'nowhere' names no model"):
        into_odoo(19)


@pytest.mark.parametrize("series", SERIES)
def test_what_is_read_for_events_is_what_the_feeds_ask_for(series: int) -> None:
    told = out_of_odoo(series)
    assert {one.model for one in told} == set(MODELS)
    for watch in WATCHES:
        of_model = [one for one in told if one.model == watch.model]
        assert len({one.path for one in of_model}) == len(of_model)
        assert {one.path for one in of_model if one.decides} >= set(watch.state) & {one.path for one in of_model}
    assert any(one.path == "invoice_line_ids.product_id.default_code" for one in told)
