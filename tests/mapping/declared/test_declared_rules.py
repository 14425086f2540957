"""Rules as data make canonical events of documents."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careloom.core.errors import FormatError, MappingError
from careloom.formats.csv import Layout, Row
from careloom.formats.csv.units import rows_of
from careloom.formats.csv.units import units as split
from careloom.mapping.catalogue import mapping_for
from careloom.mapping.declared import Rules, from_document, from_rows
from careloom.mapping.source import JsonShape, Settings
from careloom.model import (
    CatalogueReceived,
    ContactUpdated,
    HumanName,
    Identifier,
    Money,
    ProductChanged,
    PurchaseOrderPlaced,
    Quantity,
    StockMoved,
    decode,
    encode,
)

CONTACT = """
[tables.stage]
lead = "prospect"

[drop]
"/notes" = "clinical text stays behind"

[[rules]]
when = { "/type" = ["contact", "person"] }
unless = { "/deleted" = true }
event = "contact.updated.v1"
occurred = "/updated"
facility = { constant = "LAKESIDE" }

[rules.fields]
"contact.identifier[0].value" = "/id"
"contact.identifier[0].assigner" = { constant = "CRM" }
"contact.name" = { from = "/name", split = "given family" }
"contact.telecom[0].system" = { constant = "phone" }
"contact.telecom[0].value" = { from = ["/mobile", "/phone"] }
"contact.telecom[0].use" = { from = "/phone_use", default = "home" }
"contact.stage" = { from = "/stage", table = "stage", keep = true }
"contact.owner" = { join = ["/owner/first", "/owner/last"], separator = " " }
"contact.active" = { from = "/status", true = "on", false = ["off", "gone"] }
"contact.tag" = { each = "/tags", value = "." }

[rules.fields."contact.address"]
each = "/addresses"
where = { "/kind" = "home" }
fields = { "line[0]" = "/street", city = "/city", country = "../country", use = { constant = "home" } }

[[rules]]
when = { "/type" = "heartbeat" }
skip = "a heartbeat is about nothing"
"""
DOCUMENT: Mapping[str, Any] = {
    "type": "contact",
    "id": 7,
    "updated": "2026-03-01T08:00:00Z",
    "name": "Ada Mae Quillfeather",
    "phone": "555-0142",
    "stage": "lead",
    "owner": {"first": "Jo", "last": "Reed"},
    "status": "on",
    "tags": ["vip", "en"],
    "country": "US",
    "addresses": [{"kind": "home", "street": "1 Mill Lane", "city": "Avon"}, {"kind": "work", "city": "Bree"}],
    "notes": "long",
}


@pytest.fixture(scope="module")
def contact() -> Rules:
    return Rules.load(CONTACT)


def made(rules: Rules, document: Any, **settings: Any) -> Any:
    (event,) = rules.translate(document, Settings(**settings), "crm/contact").events
    return event


def rule(event: str, **fields: Any) -> Rules:
    """`__` stands for a dot and `_0` for an index."""
    return Rules.load({"rules": [{"event": event, "fields": fields.pop("fields"), **fields}]})


def product(**fields: Any) -> Rules:
    return rule("product.changed.v1", fields={"product.identifier[0].value": "/sku", **fields})


def test_a_document_becomes_the_event_that_its_rule_names(contact: Rules) -> None:
    event = made(contact, DOCUMENT)

    assert isinstance(event, ContactUpdated)
    assert (event.trigger, event.facility) == ("crm/contact", "LAKESIDE")
    assert event.occurred == datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
    assert event.contact.identifier == (Identifier(value="7", assigner="CRM"),)
    assert event.contact.name == HumanName(family="Quillfeather", given=("Ada", "Mae"))
    assert [(one.system, one.value, one.use) for one in event.contact.telecom] == [("phone", "555-0142", "home")]
    assert (event.contact.stage, event.contact.owner, event.contact.active) == ("prospect", "Jo Reed", True)
    assert event.contact.tag == ("vip", "en")
    assert [(one.line, one.city, one.country) for one in event.contact.address] == [(("1 Mill Lane",), "Avon", "US")]
    assert decode(event.type, encode(event)) == event


def test_the_first_source_that_has_a_value_wins(contact: Rules) -> None:
    event = made(contact, {**DOCUMENT, "mobile": "555-0199"})

    assert event.contact.telecom[0].value == "555-0199"


@pytest.mark.parametrize("absent", [None, "", "  "])
def test_what_no_source_says_is_left_out_with_all_that_was_fixed_beside_it(contact: Rules, absent: object) -> None:
    event = made(contact, {**DOCUMENT, "phone": absent})

    assert event.contact.telecom == ()


def test_a_code_that_the_table_does_not_have_stays_as_it_is_where_that_is_declared(contact: Rules) -> None:
    assert made(contact, {**DOCUMENT, "stage": "won"}).contact.stage == "won"


def test_one_thing_where_a_list_is_expected_is_a_list_of_one(contact: Rules) -> None:
    event = made(contact, {**DOCUMENT, "addresses": {"kind": "home", "city": "Avon"}})

    assert [one.city for one in event.contact.address] == ["Avon"]


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"type": "invoice"}, "no mapping for crm/contact"),
        ({**DOCUMENT, "deleted": True}, "no mapping for crm/contact"),
        ({"type": "heartbeat"}, "a heartbeat is about nothing"),
        ([], "no mapping for crm/contact"),
        ("text", "no mapping for crm/contact"),
        (None, "no mapping for crm/contact"),
    ],
)
def test_what_no_rule_takes_is_filtered_with_a_reason(contact: Rules, document: Any, reason: str) -> None:
    translation = contact.translate(document, Settings(), "crm/contact")

    assert (translation.events, translation.filtered) == ((), reason)


def test_a_required_value_that_is_missing_names_its_source(contact: Rules) -> None:
    with pytest.raises(MappingError) as caught:
        contact.translate({**DOCUMENT, "id": None}, Settings(), "crm/contact")

    assert caught.value.field == "/id"
    assert "Quillfeather" not in str(caught.value)


def test_a_document_that_says_nothing_at_all_names_what_it_needs(contact: Rules) -> None:
    with pytest.raises(MappingError) as caught:
        contact.translate({"type": "contact"}, Settings(), "crm/contact")

    assert caught.value.field == "/id"


def test_an_optional_value_that_does_not_fit_is_dropped_with_its_place(contact: Rules) -> None:
    translation = contact.translate({**DOCUMENT, "status": "maybe"}, Settings(), "crm/contact")

    assert translation.events[0].contact.active is True  # type: ignore[attr-defined]
    assert [(one.field, one.problem) for one in translation.issues] == [
        ("/status", "is neither of the texts for yes and no; dropped")
    ]


def test_an_item_without_what_it_needs_is_never_left_out_silently() -> None:
    rules = rule(
        "purchase_order.placed.v1",
        fields={
            "order.identifier[0].value": "/number",
            "order.line": {
                "each": "/lines",
                "fields": {
                    "identifier": "/no",
                    "item[0].value": "/sku",
                    "quantity": {"from": "/qty", "unit": "/uom"},
                    "unitPrice": {"from": "/price", "currency": "../currency"},
                },
            },
        },
    )
    lines = [{"no": 1, "sku": "A", "qty": 2.5, "uom": "EA", "price": "1.10"}, {"no": 2, "sku": "B"}]

    with pytest.raises(MappingError) as caught:
        made(rules, {"number": "P1", "currency": "EUR", "lines": lines})
    event = made(rules, {"number": "P1", "currency": "EUR", "lines": lines[:1]})

    assert caught.value.field == "/lines/*/qty"
    assert isinstance(event, PurchaseOrderPlaced)
    assert event.order.line[0].quantity == Quantity(value=Decimal("2.5"), unit="EA")
    assert event.order.line[0].unit_price == Money(value=Decimal("1.10"), currency="EUR")


@pytest.mark.parametrize(
    ("spec", "value", "expected"),
    [
        ({"currency": "EUR"}, "12.50", ("12.50", "EUR")),
        ({"currency": "/cur"}, 12.5, ("12.5", "CAD")),
        ({"decimals": 2}, 1250, ("12.50", "USD")),
        ({}, Decimal("0.10"), ("0.10", "USD")),
        ({"currency": "/none"}, "7", ("7", "USD")),
    ],
)
def test_money_is_exact(spec: Mapping[str, Any], value: object, expected: tuple[str, str]) -> None:
    rules = product(**{"product.price": {"from": "/price", **spec}})

    price = made(rules, {"sku": "A", "price": value, "cur": "cad"}).product.price

    assert (str(price.value), price.currency) == expected


@pytest.mark.parametrize(
    "value",
    ["1,5", "abc", True, [1], {}, "1e9", "NaN", "9" * 19, "0." + "1" * 18, float("inf"), 1e300, 10**5000],
    ids=range(12),
)
def test_what_is_no_amount_is_no_amount(value: object) -> None:
    rules = product(**{"product.price": "/price", "product.name": "/price"})

    translation = rules.translate({"sku": "A", "price": value}, Settings(), "shop/products")

    assert translation.events[0].product.price is None  # type: ignore[attr-defined]
    assert translation.issues[-1].field == "/price"


@pytest.mark.parametrize(
    ("spec", "value", "expected"),
    [
        ({}, "2026-03-01", "2026-03-01"),
        ({}, "2026-03", "2026-03"),
        ({}, "2026-03-01T23:30:00", "2026-03-01T23:30:00-06:00"),
        ({}, "2026-03-01T23:30:00Z", "2026-03-01T23:30:00+00:00"),
        ({"zone": "Europe/Berlin"}, "2026-07-01 23:30:00", "2026-07-01T23:30:00+02:00"),
        ({"format": "%m/%d/%Y"}, "03/01/2026", "2026-03-01"),
        ({"format": "%d.%m.%Y %H:%M"}, "01.03.2026 07:05", "2026-03-01T07:05:00-06:00"),
        ({"format": "epoch"}, 1772323200, "2026-03-01T00:00:00+00:00"),
        ({"format": "epoch-ms"}, "1772323200500", "2026-03-01T00:00:00.500000+00:00"),
    ],
)
def test_times_are_read_as_declared_and_get_an_offset(spec: Mapping[str, Any], value: Any, expected: str) -> None:
    rules = rule(
        "ticket.opened.v1",
        fields={
            "ticket.identifier[0].value": "/id",
            "ticket.status": {"constant": "open"},
            "ticket.opened": {"from": "/at", **spec},
        },
    )

    assert made(rules, {"id": 1, "at": value}, zone=ZoneInfo("America/Chicago")).ticket.opened == expected


@pytest.mark.parametrize(
    ("spec", "value", "expected"),
    [
        ({}, "2026-03-01T23:30:00Z", "2026-03-01"),
        ({"format": "epoch"}, 1772323200, "2026-02-28"),
        ({"format": "%Y%m%d"}, 20260301, "2026-03-01"),
        ({}, "soon", None),
    ],
)
def test_a_day_is_the_day_as_it_was_written(spec: Mapping[str, Any], value: Any, expected: str | None) -> None:
    rules = rule(
        "employee.updated.v1",
        fields={"employee.identifier[0].value": "/id", "employee.birthDate": {"from": "/born", **spec}},
    )

    assert made(rules, {"id": 1, "born": value}, zone=ZoneInfo("America/Chicago")).employee.birth_date == expected


@pytest.mark.parametrize(
    ("split", "value", "family", "given_names"),
    [
        ("given family", "Ada Mae Quill", "Quill", ("Ada", "Mae")),
        ("family given", "Quill Ada", "Quill", ("Ada",)),
        ("family, given", "van der Quill, Ada M", "van der Quill", ("Ada", "M")),
        ("family, given", "Ada Quill", "Quill", ("Ada",)),
        ("given family", "Ada", "Ada", ()),
    ],
)
def test_a_name_is_split_as_it_is_written(split: str, value: str, family: str, given_names: tuple[str, ...]) -> None:
    rules = rule(
        "contact.updated.v1",
        fields={"contact.identifier[0].value": "/id", "contact.name": {"from": "/n", "split": split}},
    )

    name = made(rules, {"id": 1, "n": value}).contact.name

    assert (name.family, name.given) == (family, given_names)


def test_rules_without_a_file_make_nothing() -> None:
    translation = from_document({"kind": "x"}, Settings(json=JsonShape(dialect="crm", type="/kind")))

    assert translation.filtered == "no mapping for crm/x"
    assert from_document({}, Settings()).filtered == "no mapping for document"


def test_the_trigger_is_the_type_of_the_message(contact: Rules) -> None:
    settings = Settings(json=JsonShape(dialect="crm", type="/type"), rules=contact)

    assert from_document(DOCUMENT, settings).events[0].trigger == "crm/contact"


def test_all_rules_that_fit_make_an_event_and_each_makes_one_for_every_item() -> None:
    rules = Rules.load(
        {
            "rules": [
                {
                    "event": "stock.moved.v1",
                    "each": "/moves",
                    "fields": {
                        "move.identifier[0].value": {"join": ["../id", "/line"], "separator": "-"},
                        "move.item[0].value": "/sku",
                        "move.quantity": "/qty",
                    },
                },
                {
                    "event": "stock.below_threshold.v1",
                    "when": {"/low": "*"},
                    "fields": {
                        "level.item[0].value": "/low/sku",
                        "level.atHand": "/low/left",
                        "level.threshold": {"constant": 5},
                    },
                },
            ]
        }
    )
    document = {"id": "M9", "moves": [{"line": 1, "sku": "A", "qty": 1}, {"line": 2, "sku": "B", "qty": "2"}]}

    one = rules.translate(document, Settings(), "wms/moves").events
    both = rules.translate({**document, "low": {"sku": "A", "left": 0}}, Settings(), "wms/moves").events

    assert [event.move.identifier[0].value for event in one if isinstance(event, StockMoved)] == ["M9-1", "M9-2"]
    assert [event.type for event in both] == ["stock.moved.v1", "stock.moved.v1", "stock.below_threshold.v1"]


def test_a_report_tells_what_is_mapped_what_is_dropped_and_what_nobody_spoke_of(contact: Rules) -> None:
    sources = contact.sources()

    assert sources["/id"] == "mapped"
    assert sources["/addresses/*/city"] == "mapped"
    assert sources["/notes"] == "clinical text stays behind"
    assert contact.unknown({**DOCUMENT, "score": {"value": [1]}}) == ("/addresses/*/zip", "/score/value/*")[1:]
    assert contact.unknown({"addresses": [{"zip": "1"}]}) == ("/addresses/*/zip",)


CATALOGUE_LAYOUT = """
name = "catalogue"
message = "group"
key = ["catalogue"]
columns = [
    { name = "catalogue", required = true },
    { name = "sku", required = true },
    { name = "description" },
    { name = "price", type = "decimal" },
    { name = "currency" },
    { name = "until", type = "date", format = "%m/%d/%Y" },
    { name = "lot_tracked", type = "boolean" },
]
"""
CATALOGUE_RULES = """
[[rules]]
event = "product.changed.v1"
each = "/rows"
[rules.fields]
"product.identifier[0].value" = "/sku"
"product.identifier[0].type" = { constant = "VP" }
"product.name" = "/description"
"product.price" = { from = "/price", currency = "/currency" }
"product.pricePeriod.end" = "/until"
"product.lotTracked" = "/lot_tracked"
"product.status" = { constant = "active" }

[[rules]]
event = "catalogue.received.v1"
[rules.fields]
"catalogue.identifier[0].value" = "/catalogue"
"catalogue.subject" = { constant = "product" }
"catalogue.complete" = { constant = false }
"catalogue.entries" = { count = "/rows" }
"""
CATALOGUE_FILE = (
    b"catalogue,sku,description,price,currency,until,lot_tracked\r\n"
    b"C-7,GLV-1,Gloves,12.50,USD,12/31/2026,yes\r\n"
    b"C-7,SYR-2,Syringe,0.1250,USD,,\r\n"
)


def rows(layout: Layout) -> list[Row]:
    (unit,) = split(CATALOGUE_FILE, layout, file="f")
    return list(rows_of(unit.body, layout))  # type: ignore[union-attr]


def test_a_price_catalogue_in_rows_becomes_its_products_and_that_it_came() -> None:
    layout = Layout.load(CATALOGUE_LAYOUT)
    settings = Settings(layout=layout, rules=Rules.load(CATALOGUE_RULES))

    gloves, syringe, came = from_rows(rows(layout), settings).events

    assert isinstance(gloves, ProductChanged) and isinstance(syringe, ProductChanged)
    assert isinstance(came, CatalogueReceived)
    assert gloves.product.price == Money(value=Decimal("12.50"), currency="USD")
    assert (gloves.product.price_period.end, gloves.product.lot_tracked) == ("2026-12-31", True)  # type: ignore[union-attr]
    assert (str(syringe.product.price.value), syringe.product.price_period) == ("0.1250", None)  # type: ignore[union-attr]
    assert (came.trigger, came.catalogue.entries) == ("catalogue", 2)


def test_no_rows_are_no_message() -> None:
    with pytest.raises(FormatError):
        from_rows([], Settings())


@pytest.mark.parametrize("format", ["json", "csv"])
def test_every_document_and_every_layout_has_this_mapping(format: str) -> None:
    found = mapping_for(format, "whatever/it-is")

    assert found is not None and found.translate in (from_document, from_rows)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@given(changed=st.dictionaries(st.sampled_from([*DOCUMENT, "mobile", "phone_use"]), JSON, max_size=6))
def test_any_document_is_mapped_or_refused_with_its_place(changed: dict[str, Any]) -> None:
    rules = Rules.load(CONTACT)
    try:
        translation = rules.translate({**DOCUMENT, **changed}, Settings(), "crm/contact")
    except MappingError as error:
        assert error.field
        return
    for event in translation.events:
        assert decode(event.type, encode(event)) == event
