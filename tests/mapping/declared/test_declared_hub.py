"""Settings, a layout and a mapping are all that a file of rows or a vendor's document needs to become events."""

from __future__ import annotations

import tomllib
from pathlib import Path
from uuid import UUID

import pytest

from careloom.core.envelope import Kind, Position, Recorded
from careloom.core.errors import MappingError
from careloom.core.ids import Uuid7
from careloom.core.outcomes import Done, Skip
from careloom.flows.standards import standards
from careloom.flows.translation import translation
from careloom.hub.configuration import Configuration, check
from careloom.hub.sources import sources_of
from careloom.log.handling import Handled
from careloom.mapping.reading import Unit, reader
from careloom.systems.trial import START

SETTINGS = """
[systems.prices]
kind = "folder"
path = "in"
format = "csv"

[systems.desk]
kind = "service_desk"
url = "https://desk.example.org"
auth = { user = "u", password = "env:P" }

[sources.prices]
layout = "prices.layout.toml"
mapping = "prices.toml"
currency = "EUR"
"""
LAYOUT = """
name = "prices"
message = "group"
key = ["catalogue"]
columns = [
    { name = "catalogue", required = true },
    { name = "sku", required = true },
    { name = "text" },
    { name = "price", type = "decimal", decimal = ",", thousands = "." },
]
"""
MAPPING = """
[[rules]]
event = "product.changed.v1"
each = "/rows"
[rules.fields]
"product.identifier[0].value" = "/sku"
"product.name" = "/text"
"product.price" = "/price"

[[rules]]
event = "catalogue.received.v1"
[rules.fields]
"catalogue.identifier[0].value" = "/catalogue"
"catalogue.subject" = { constant = "product" }
"catalogue.complete" = { constant = true }
"catalogue.entries" = { count = "/rows" }
"""
FILE = b'catalogue,sku,text,price\r\nC7,GLV,Gloves,"1.012,50"\r\nC7,SYR,,"0,125"\r\nC8,GLV,Gloves,"9,00"\r\n'


@pytest.fixture
def configuration(tmp_path: Path) -> Configuration:
    (tmp_path / "prices.layout.toml").write_text(LAYOUT, "utf-8")
    (tmp_path / "prices.toml").write_text(MAPPING, "utf-8")
    return check(tomllib.loads(SETTINGS), tmp_path)


def recorded(system: str, type: str, body: bytes) -> Recorded:
    return Recorded(
        id=UUID(int=1),
        kind=Kind.MESSAGE,
        type=type,
        source=system,
        subject="x",
        token=UUID(int=2),
        time=START,
        data=body,
        datacontenttype="application/json",
        correlation=UUID(int=1),
        causation=None,
        position=Position(0, 1),
        recorded=START,
    )


def handled(configuration: Configuration, message: Recorded) -> Handled:
    made = translation([standards], Uuid7(), sources_of(configuration)).handler(message)
    assert isinstance(made, Handled)
    return made


def test_a_price_list_becomes_products_and_the_fact_that_it_came(configuration: Configuration) -> None:
    settings = sources_of(configuration)["prices"]
    first, second = [one for one in reader("csv").units(FILE, settings) if isinstance(one, Unit)]

    done = handled(configuration, recorded("prices", f"csv:{first.type}", first.body))
    other = handled(configuration, recorded("prices", f"csv:{second.type}", second.body))

    assert isinstance(done.outcome, Done)
    assert [(one.type, one.subject) for one in done.events] == [
        ("product.changed.v1", "Product/-/GLV"),
        ("product.changed.v1", "Product/-/SYR"),
        ("catalogue.received.v1", "Catalogue/-/C7"),
    ]
    assert b'"price":{"value":"1012.50","currency":"EUR"}' in done.events[0].data
    assert b'"entries":1' in other.events[-1].data


def test_documents_of_a_kind_are_mapped_by_its_own_rules(configuration: Configuration) -> None:
    body = b'{"resource":"incidents","number":"I1","state":1,"updated":1772438400}'

    done = handled(configuration, recorded("desk", "json:service-desk/incidents", body))

    assert [(one.type, one.subject) for one in done.events] == [("ticket.opened.v1", "Ticket/DESK/I1")]


def test_what_no_rule_takes_is_skipped_with_its_type(configuration: Configuration) -> None:
    done = handled(configuration, recorded("desk", "json:service-desk/news", b'{"resource":"news"}'))

    assert done.outcome == Skip("no mapping for service-desk/news")


def test_what_is_missing_is_a_case_that_names_the_source(configuration: Configuration) -> None:
    with pytest.raises(MappingError) as caught:
        handled(configuration, recorded("desk", "json:service-desk/incidents", b'{"resource":"incidents","state":6}'))

    assert caught.value.field == "/number"
    assert caught.value.case == "mapping"
