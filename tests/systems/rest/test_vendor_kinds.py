"""The kinds that are a REST API with other defaults: their samples become the events that they say."""

from __future__ import annotations

import json
import shutil
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.systems.rest.conftest import Bench, document

from careloom.core.errors import ConfigurationError
from careloom.core.outcomes import Done
from careloom.hub.configuration import Configuration, check
from careloom.hub.sections import rules_of
from careloom.hub.sources import rules_beside, source_of
from careloom.mapping.declared import Rules
from careloom.mapping.source import Settings
from careloom.model import CONTRACTS, decode, encode, examples
from careloom.systems.registry import Kind, kinds
from careloom.systems.rest.fake import described
from careloom.systems.trial import event

VENDORS = sorted(name for name, kind in kinds().items() if kind.manifest.extends == "rest")
EXPECTED = {
    "contact_centre": {"interactions": ["message.received.v1"], "cases": ["ticket.updated.v1"]},
    "crm": {"contacts": ["contact.updated.v1"]},
    "document_service": {"documents": ["document.published.v1"]},
    "ecommerce": {
        "orders": ["purchase_order.acknowledged.v1"],
        "products": ["product.changed.v1", "product.changed.v1"],
        "shipments": ["shipment.announced.v1"],
    },
    "hr_payroll": {"payrolls": ["payroll.posted.v1"], "workers": ["employee.updated.v1"]},
    "patient_engagement": {"messages": ["message.sent.v1"], "preferences": ["consent.recorded.v1"]},
    "service_desk": {"incidents": ["ticket.opened.v1"]},
    "warehouse": {
        "counts": ["inventory.reported.v1"],
        "movements": ["stock.moved.v1"],
        "receipts": ["goods.received.v1"],
    },
}


def kind_of(name: str) -> Kind:
    return kinds()[name]


def rules(name: str) -> Rules:
    return rules_of(kind_of(name).folder / "mapping.toml")


def sample(name: str, resource: str) -> dict[str, Any]:
    text = (kind_of(name).folder / "fixtures" / f"{resource}.json").read_text("utf-8")
    return {"resource": resource, **json.loads(text)}


def made(name: str, resource: str, **changed: Any) -> Any:
    return rules(name).translate({**sample(name, resource), **changed}, Settings(), f"{name}/{resource}").events[0]


@pytest.mark.parametrize("name", VENDORS)
def test_every_sample_becomes_the_events_it_should_and_no_field_is_unspoken_of(name: str) -> None:
    found: dict[str, list[str]] = {}
    for resource in EXPECTED[name]:
        document = sample(name, resource)
        translation = rules(name).translate(document, Settings(), f"{name}/{resource}")
        found[resource] = [one.type for one in translation.events]
        assert not translation.issues
        assert rules(name).unknown(document) == ()
        assert all(decode(one.type, encode(one)) == one for one in translation.events)

    assert found == EXPECTED[name]


@pytest.mark.parametrize("name", VENDORS)
def test_a_manifest_says_what_its_rules_and_operations_do(name: str) -> None:
    manifest = kind_of(name).manifest
    preset = manifest.preset
    operations = preset.get("operations", {})

    assert sorted(manifest.publishes) == list(rules(name).events)
    assert sorted(manifest.consumes) == sorted(type for one in operations.values() for type in one["events"])
    assert set(preset["resources"]) == set(EXPECTED[name])
    assert all(one["body"] in rules(name).outgoing for one in operations.values())
    assert (kind_of(name).folder / "README.md").is_file()


@pytest.mark.parametrize("name", VENDORS)
def test_every_vendor_may_publish_what_its_kind_makes(name: str) -> None:
    assert all(type in CONTRACTS for type in (*kind_of(name).manifest.publishes, *kind_of(name).manifest.consumes))


@pytest.mark.parametrize("name", VENDORS)
def test_every_document_that_goes_out_can_be_made_of_the_examples(name: str) -> None:
    for outgoing in rules(name).outgoing.values():
        for type in outgoing.events:
            assert json.loads(outgoing.make(encode(examples()[type]), type))


def test_what_stays_behind_stays_behind() -> None:
    text = "".join(encode(made(name, one)).decode() for name, resources in EXPECTED.items() for one in resources)

    for value in ("900-12-3456", "1988-01-01", "Called twice", "agrees", "Monday", "transcript", "Asked for"):
        assert value not in text


def test_values_are_what_the_vendor_meant() -> None:
    payroll = made("hr_payroll", "payrolls").payroll
    receipt = made("warehouse", "receipts").delivery
    gloves = made("ecommerce", "products").product
    consent = made("patient_engagement", "preferences").consent
    incident = made("service_desk", "incidents", state=6, resolved=1772438400)

    assert sum(line.debit.value for line in payroll.line if line.debit) == payroll.total.value == Decimal("812340.55")
    assert (receipt.status, receipt.item[0].ordered.value, receipt.order[0].value) == (
        "partially-received",
        120,
        "P00412",
    )
    assert (gloves.name, str(gloves.price.value), gloves.identifier[0].assigner) == (
        "Nitrile gloves, M",
        "12.50",
        "HARBOR",
    )
    assert (consent.status, consent.decision, consent.channel) == ("active", "deny", ("sms", "phone"))
    assert (incident.type, incident.ticket.status, incident.ticket.resolved) == (
        "ticket.updated.v1", "resolved", "2026-03-02T08:00:00+00:00",
    )  # fmt: skip


def test_moves_within_a_zone_are_filtered_with_the_reason() -> None:
    translation = rules("warehouse").translate({"resource": "movements", "kind": "PICK"}, Settings(), "x")

    assert translation.filtered == "moves between bins of one zone change no stock"


@pytest.mark.parametrize("name", VENDORS)
def test_fixtures_describe_lists_that_the_manifest_reads(name: str) -> None:
    api, _ = described(kind_of(name).folder)
    paths = {one["path"] for one in kind_of(name).manifest.preset["resources"].values()}

    assert {one.path for one in api.lists} == paths


# A vendor's second version, and what it takes (CON-11).

V2 = {
    "uid": "1001",
    "audit": {"changed": "2026-03-02T08:00:01Z"},
    "profile": {"full_name": "Quillfeather, Odalys", "mails": [{"kind": "work", "to": "odalys@example.org"}]},
    "stage": {"code": "CUST"},
}
V2_RULES = """
[document]
dialect = "crm"
type = "/resource"
key = "/uid"
version = "/audit/changed"
noun = "Contact"
[[rules]]
when = { "/resource" = "contacts" }
event = "contact.updated.v1"
occurred = "/audit/changed"
[rules.fields]
"contact.identifier[0].value" = "/uid"
"contact.identifier[0].assigner" = { constant = "CRM" }
"contact.name" = { from = "/profile/full_name", split = "family, given" }
"contact.telecom" = { each = "/profile/mails", fields = { system = { constant = "email" }, value = "/to" } }
"contact.stage" = { from = "/stage/code", table = { CUST = "patient" } }
[outgoing.contact]
events = ["registration.created.v1", "patient.updated.v1"]
[outgoing.contact.body]
"/uid_ext" = "patient.identifier[0].value"
"/profile/full_name" = { join = ["patient.name[0].family", "patient.name[0].given[0]"], separator = ", " }
"""


def configured(base: Path, settings: str) -> Configuration:
    return check(tomllib.loads(settings), base)


async def test_a_vendors_second_version_lands_by_its_mapping_alone(tmp_path: Path, bench: Bench) -> None:
    (tmp_path / "crm-v2.toml").write_text(V2_RULES, "utf-8")
    system = f'[systems.crm]\nkind = "crm"\nurl = "{bench.origin}"\nauth = {{ token = "env:KEY" }}\n'
    before = configured(tmp_path, system)
    after = configured(tmp_path, system + '[sources.crm]\nmapping = "crm-v2.toml"\n')
    first = source_of(before, "crm").rules.translate(sample("crm", "contacts"), Settings(), "crm/contacts").events[0]
    sent: list[Mapping[str, Any]] = []

    def answers(request: Any) -> bytes:
        search = request.path.endswith("/search")
        sent.extend([json.loads(request.body)] if request.body and not search else [])
        return document({"data": [] if search else [V2]})

    bench.answers = answers
    rest = kind_of("crm").connect(after.systems["crm"].settings, bench.world.around(source=source_of(after, "crm")))
    await rest.poll()  # type: ignore[attr-defined]
    stored = json.loads(bench.world.intake.messages[0].body)
    (second,) = source_of(after, "crm").rules.translate(stored, Settings(), "crm/contacts").events
    outcome = await rest.post(event(1))  # type: ignore[attr-defined]
    await rest.close()

    assert (second.contact.identifier, second.contact.stage, second.occurred) == (
        first.contact.identifier, first.contact.stage, first.occurred,
    )  # fmt: skip
    assert second.contact.name == first.contact.name
    assert bench.stored == [("json:crm/contacts", "contacts/1001/2026-03-02T08:00:01Z", "Contact/contacts/1001")]
    assert isinstance(outcome, Done)
    assert sent == [{"uid_ext": "MRN00000", "profile": {"full_name": "Quillfeather, Given1"}}]


def test_the_rules_of_a_kind_hold_where_the_settings_name_none(tmp_path: Path) -> None:
    settings = '[systems.desk]\nkind = "service_desk"\nurl = "https://desk.example.org"\n'
    settings += 'auth = { user = "u", password = "env:P" }\n[sources.desk]\nzone = "America/Chicago"\n'

    source = source_of(configured(tmp_path, settings), "desk")

    assert source.rules.events == ("ticket.opened.v1", "ticket.updated.v1")
    assert (source.json.dialect, str(source.zone)) == ("service-desk", "America/Chicago")  # type: ignore[union-attr]


def test_a_projects_kind_brings_its_rules_too(tmp_path: Path) -> None:
    folder = tmp_path / "systems" / "our_desk"
    folder.mkdir(parents=True)
    shutil.copy(kind_of("service_desk").folder / "mapping.toml", folder)
    (folder / "manifest.toml").write_text(
        'name = "our_desk"\nsummary = "a desk of our own"\ndirection = "in"\ndata_classes = ["operational"]\n'
        'extends = "service_desk"\n',
        "utf-8",
    )

    assert rules_beside(kinds(tmp_path)["our_desk"]) == folder / "mapping.toml"
    (folder / "mapping.toml").unlink()
    assert rules_beside(kinds(tmp_path)["our_desk"]) == kind_of("service_desk").folder / "mapping.toml"
    assert rules_beside(kinds()["http"]) is None


def test_mistakes_in_a_mapping_are_told_by_careloom_check(tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text('[[rules]]\nevent = "contact.updated.v1"\n', "utf-8")
    settings = '[systems.f]\nkind = "inbox"\n[sources.f]\nmapping = "{}"\n'

    with pytest.raises(ConfigurationError, match=r"sources\.f\.mapping: .*m\.toml: rules\.0\.fields\.contact"):
        configured(tmp_path, settings.format("m.toml"))
    with pytest.raises(ConfigurationError, match="cannot be read"):
        configured(tmp_path, settings.format("gone.toml"))
