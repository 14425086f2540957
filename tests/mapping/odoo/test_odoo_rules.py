"""What Odoo's changes mean where a sample cannot show it: what is not known, taken back, or comes several at once."""

from __future__ import annotations

import copy
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careloom.core.errors import FormatError, MappingError
from careloom.mapping.catalogue import mapping_for
from careloom.mapping.odoo import invoices, partners, payments, products, purchases, sales, stock
from careloom.mapping.reading import reader
from careloom.mapping.result import Translation
from careloom.mapping.source import Settings
from careloom.model import decode, encode

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "odoo" / "19.0"
NAMES = sorted(file.stem for file in SAMPLES.iterdir())
SENDER = Settings(name="erp")


def sample(name: str) -> dict[str, Any]:
    made: dict[str, Any] = json.loads((SAMPLES / f"{name}.json").read_bytes())
    return made


def translated(change: dict[str, Any]) -> Translation:
    parsed = reader("odoo").parse(json.dumps(change).encode(), SENDER)
    mapping = mapping_for("odoo", parsed.model)
    assert mapping is not None
    return mapping.translate(parsed, SENDER)


def types(change: dict[str, Any]) -> list[str] | str:
    made = translated(change)
    return made.filtered or [one.type for one in made.events]


def moved(name: str, before: dict[str, Any] | None, **after: Any) -> dict[str, Any]:
    change = sample(name)
    change["before"] = None if before is None else {**change["after"], **before}
    change["after"] |= after
    return change


def test_what_a_poll_saw_at_once_is_told_in_its_order() -> None:
    late = moved("post.account.move", None, state="posted", payment_state="paid", amount_residual=0.0)
    assert types(late) == ["invoice.issued.v1", "invoice.paid.v1"]


def test_an_invoice_that_was_posted_anew_with_another_total_is_issued_again() -> None:
    again = moved("post.account.move", {"state": "posted", "amount_total": 10.0})
    assert types(again) == ["invoice.issued.v1"]


def test_a_new_number_alone_is_no_business() -> None:
    renamed = moved("post.account.move", {"state": "posted", "name": "INV/1"})
    assert types(renamed) == "nothing that is owed changed"


def test_a_draft_that_is_cancelled_was_never_owed() -> None:
    assert types(moved("invoice-cancelled.account.move", {"state": "draft"})) == (
        "a draft that was cancelled was never owed"
    )


def test_a_payment_that_is_matched_later_is_not_told_twice() -> None:
    matched = moved("payment.account.payment", {"state": "in_process"}, state="paid")
    assert "when it is registered" in str(types(matched))


def test_a_payment_to_a_supplier_is_not_told() -> None:
    change = sample("payment.account.payment")
    change["record"]["partner_type"] = "supplier"
    assert types(change) == "a payment to a supplier is the house's own doing"


def test_a_rejected_payment_failed() -> None:
    rejected = moved("payment.account.payment", {"state": "in_process"}, state="rejected")
    assert types(rejected) == ["payment.failed.v1"]


def test_an_order_that_changes_after_its_approval_is_told_as_changed() -> None:
    change = moved("po-confirmed.purchase.order", {"state": "purchase", "amount_total": 1.0})
    assert types(change) == ["purchase_order.changed.v1"]
    locked = moved("po-confirmed.purchase.order", {"state": "purchase"}, state="done")
    assert types(locked) == "an order that nobody approved is no order yet"


def test_a_done_movement_that_is_corrected_moves_the_difference() -> None:
    more = moved("receipt.stock.move.line", {"state": "done", "quantity": 4.0}, quantity=6.0)
    less = moved("receipt.stock.move.line", {"state": "done", "quantity": 6.0}, quantity=5.5)
    (plus,), (minus,) = translated(more).events, translated(less).events
    there, back = json.loads(encode(plus))["move"], json.loads(encode(minus))["move"]
    assert (there["quantity"]["value"], back["quantity"]["value"]) == ("2", "0.5")
    assert (there["source"], there["destination"]) == (back["destination"], back["source"])
    assert (
        there["identifier"]
        != json.loads(encode(translated(sample("receipt.stock.move.line")).events[0]))["move"]["identifier"]
    )


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (None, 4.0, True),
        (6.0, 4.0, True),
        (5.0, 4.99, True),
        (4.0, 3.0, False),
        (4.0, 5.0, False),
        (4.0, 9.0, False),
        (9.0, 5.0, False),
    ],
)
def test_a_threshold_is_told_once_for_each_crossing(before: float | None, after: float, told: bool) -> None:
    state = None if before is None else {"qty_on_hand": before}
    made = types(moved("count.stock.warehouse.orderpoint", state, qty_on_hand=after))
    assert (made == ["stock.below_threshold.v1"]) is told


def test_an_archived_threshold_is_not_told() -> None:
    change = moved("count.stock.warehouse.orderpoint", {"qty_on_hand": 9.0}, active=False)
    assert types(change) == "the stock is not below its threshold"


def test_lots_and_serial_numbers_are_told_apart() -> None:
    change = sample("receipt.stock.move.line")
    change["record"]["lot_id"] = {"id": 3, "name": "L-77", "expiration_date": "2027-01-31 12:00:00"}
    (by_lot,) = translated(change).events
    change["record"]["product_id"]["tracking"] = "serial"
    (by_serial,) = translated(change).events
    assert json.loads(encode(by_lot))["move"]["lot"] == {"number": "L-77", "expirationDate": "2027-01-31"}
    assert json.loads(encode(by_serial))["move"]["lot"] == {"serial": "L-77", "expirationDate": "2027-01-31"}


def test_a_partner_without_a_number_has_the_database_s() -> None:
    change = sample("partner-create.res.partner")
    change["record"]["ref"] = False
    (event,) = translated(change).events
    assert json.loads(encode(event))["partner"]["identifier"][0]["assigner"] == "odoo"


def test_the_phone_that_18_kept_apart_is_told() -> None:
    change = sample("partner-create.res.partner")
    change["record"] |= {"phone": "(360)555-0101", "mobile": "(360)555-0102"}
    (event,) = translated(change).events
    told = [(one["value"], one.get("use")) for one in json.loads(encode(event))["partner"]["telecom"]]
    assert told[:2] == [("(360)555-0101", "home"), ("(360)555-0102", "mobile")]


def test_a_currency_without_cents_has_none() -> None:
    change = sample("post.account.move")
    change["record"]["currency_id"] = {"id": 25, "name": "JPY", "decimal_places": 0}
    (event,) = translated(change).events
    assert json.loads(encode(event))["invoice"]["totalGross"] == {"value": "69", "currency": "JPY"}


def test_a_field_of_another_type_names_its_path_and_not_its_value() -> None:
    change = sample("post.account.move")
    change["record"]["invoice_line_ids"][0]["quantity"] = "SECRET"
    with pytest.raises(MappingError) as caught:
        translated(change)
    assert caught.value.field == "record.invoice_line_ids[0].quantity"
    assert "SECRET" not in str(caught.value)


def test_what_stays_behind_has_its_reason() -> None:
    for family in (invoices, partners, payments, products, purchases, sales, stock):
        assert family.DROPPED
        assert all(reason and reason[0].islower() for reason in family.DROPPED.values())
    assert "comment" in partners.DROPPED
    assert "narration" in invoices.DROPPED


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, one in below for found in _paths(one, (*path, key)))]


JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=9),
    st.just([]), st.just({}), st.just([{"id": 1}]), st.just({"id": "x"}), st.just("2026-99-99 99:99:99"),
)  # fmt: skip


@given(data=st.data(), name=st.sampled_from(NAMES))
def test_whatever_stands_in_a_record_nothing_else_is_raised(data: st.DataObject, name: str) -> None:
    change = copy.deepcopy(sample(name))
    path = data.draw(st.sampled_from(_paths(change)[1:]))
    place: Any = change
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = data.draw(JUNK)
    try:
        made = translated(change)
    except (FormatError, MappingError) as error:
        assert error.location if isinstance(error, FormatError) else error.field
        return
    for event in made.events:
        assert decode(event.type, encode(event)) == event


def test_amounts_are_read_by_their_digits() -> None:
    body = (SAMPLES / "post.account.move.json").read_bytes().replace(b"59.97", b"59.969999999999999")
    assert reader("odoo").parse(body, SENDER).record["amount_untaxed"] == Decimal("59.969999999999999")
    (event,) = mapping_for("odoo", "account.move").translate(reader("odoo").parse(body, SENDER), SENDER).events  # type: ignore[union-attr]
    assert json.loads(encode(event))["invoice"]["totalNet"]["value"] == "59.97"
