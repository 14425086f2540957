"""Contacts, dimensions, work for people and files: once each, and as asked."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from careloom.core.errors import MappingError, Rejected
from careloom.systems.odoo.documents.activities import Activity
from careloom.systems.odoo.documents.analytics import Dimension
from careloom.systems.odoo.documents.attachments import LARGEST, Attachment
from careloom.systems.odoo.documents.invoices import Invoice
from careloom.systems.odoo.documents.moves_held import MoveLine
from careloom.systems.odoo.documents.outcome import HeldOtherwise
from careloom.systems.odoo.documents.parties import Party

DAY = date(2026, 11, 2)


async def read(house: Any, model: str, record: int, *fields: str) -> dict[str, Any]:
    [row] = await house.erp.read(model, [record], fields)
    return row


async def test_a_payer_with_its_address_for_invoices(house: Any) -> None:
    parties = house.erp.documents.parties
    payer = Party(
        key=house.key("payer"), name="Example Health Plan", role="payer", ref="60054", city="Springfield",
        state="IL", country="USA", email="claims@example.org",
    )  # fmt: skip
    kept = await parties.keep(payer)
    assert (kept.changed, kept.issues) == (True, ())
    billing = Party(
        key=house.key("billing"),
        name="Claims",
        role="contact",
        company_like=False,
        parent=kept.record_id,
        use="invoice",
    )
    child = await parties.keep(billing)
    row = await read(house, "res.partner", child.record_id, "parent_id", "type", "is_company", "active")
    assert (row["parent_id"][0], row["type"], row["is_company"]) == (kept.record_id, "invoice", False)
    row = await read(house, "res.partner", kept.record_id, "ref", "is_company", "country_id", "state_id")
    assert (row["ref"], row["is_company"], bool(row["country_id"]), bool(row["state_id"])) == (
        "60054",
        True,
        True,
        True,
    )
    assert not (await parties.keep(payer)).changed


async def test_a_place_that_odoo_does_not_know_is_told(house: Any) -> None:
    kept = await house.erp.documents.parties.keep(
        Party(key=house.key("x"), name="Clinic", role="provider", country="Atlantis")
    )
    assert [issue.field for issue in kept.issues] == ["country"]


async def test_a_contact_is_archived_once(house: Any) -> None:
    parties = house.erp.documents.parties
    await parties.keep(Party(key=house.key("old"), name="Old Supplier", role="supplier"))
    assert await parties.archive(house.key("old"))
    assert not await parties.archive(house.key("old"))
    with pytest.raises(Rejected, match="no contact"):
        await parties.archive(house.key("never"))


async def test_a_contact_has_a_name(house: Any) -> None:
    with pytest.raises(MappingError, match="name"):
        await house.erp.documents.parties.keep(Party(key=house.key("x"), name=" ", role="payer"))


async def test_a_line_is_spread_over_dimensions(house: Any) -> None:
    analytics = house.erp.documents.analytics
    plan = await analytics.plan(house.key("plan"), f"Departments {house.run}")
    codes = [f"{house.run}-CARD", f"{house.run}-LAB"]
    for code in codes:
        await analytics.keep(Dimension(key=house.key(code), name=code, code=code, plan=plan))
    assert [one.code for one in await analytics.approved(plan=plan)] == codes
    spread = await analytics.spread({codes[0]: Decimal(60), codes[1]: Decimal(40)})
    line = MoveLine(text="visit", quantity=Decimal(1), price=Decimal(100), analytic=spread)
    asked = Invoice(key=house.key("i"), customer=house.customer, lines=(line,), date=DAY, company=house.company)
    held = await house.erp.documents.invoices.issue(asked)
    [item] = await house.found(
        "account.move.line",
        [["move_id", "=", held.record_id], ["display_type", "=", "product"]],
        ["analytic_distribution"],
    )
    assert item["analytic_distribution"] == {one: float(share) for one, share in spread.items()}


async def test_only_approved_dimensions_and_whole_shares_are_taken(house: Any) -> None:
    analytics = house.erp.documents.analytics
    plan = await analytics.plan(house.key("plan"), f"Grants {house.run}")
    code = f"{house.run}-G1"
    dimension = {"key": house.key(code), "name": code, "code": code, "plan": plan}
    await analytics.keep(Dimension(**dimension))
    with pytest.raises(MappingError, match="sum to 100"):
        await analytics.spread({code: Decimal(99)})
    await analytics.keep(Dimension(**dimension, active=False))
    with pytest.raises(MappingError, match="not approved"):
        await analytics.spread({code: Decimal(100)})


async def activity(house: Any) -> Activity:
    user = await house.erp.documents.access.connection.user_id()
    return Activity(
        key=house.key("call"), model="res.partner", record=house.customer, summary="Call the payer", due=DAY, user=user
    )


async def test_work_is_asked_once_and_stays_done(house: Any) -> None:
    activities = house.erp.documents.activities
    asked = await activity(house)
    first, again = await activities.assign(asked), await activities.assign(asked)
    assert (first.created, again.created, again.record_id) == (True, False, first.record_id)
    assert (await activities.done(asked, "the payer answered")).done
    after = await activities.assign(asked)
    assert (after.done, after.created) == (True, False)
    assert (await activities.done(asked)).done
    open_ones = await house.found("mail.activity", [["res_id", "=", house.customer]], ["summary"])
    assert not [one for one in open_ones if one["summary"] == "Call the payer"]


async def test_a_model_without_activities_is_refused(house: Any) -> None:
    asked = Activity(key=house.key("x"), model="res.country", record=1, summary="x", due=DAY, user=2)
    with pytest.raises(MappingError, match="takes no activities"):
        await house.erp.documents.activities.assign(asked)


def document(house: Any, content: bytes = b"%PDF-1.7 a consent form") -> Attachment:
    given = {"model": "res.partner", "record": house.customer, "name": "consent.pdf", "media_type": "application/pdf"}
    return Attachment(key=house.key("file"), content=content, **given)


async def test_a_file_is_attached_once_and_proven(house: Any) -> None:
    attachments = house.erp.documents.attachments
    first, again = await attachments.attach(document(house)), await attachments.attach(document(house))
    assert (first.created, again.created, again.record_id) == (True, False, first.record_id)
    assert first.size == len(document(house).content)


async def test_another_file_under_the_same_key_is_told(house: Any) -> None:
    attachments = house.erp.documents.attachments
    await attachments.attach(document(house))
    with pytest.raises(HeldOtherwise, match="another file"):
        await attachments.attach(document(house, b"%PDF-1.7 another form"))


@pytest.mark.parametrize("content", [b"", b"x" * (LARGEST + 1)], ids=["empty", "too large"])
async def test_files_that_are_not_taken(house: Any, content: bytes) -> None:
    with pytest.raises(MappingError, match="file"):
        await house.erp.documents.attachments.attach(document(house, content))
