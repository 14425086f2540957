"""Imports: what is seen is what is done, all of it or nothing; by four eyes where the policy asks for it."""

from __future__ import annotations

import io
from datetime import date
from uuid import UUID

import msgspec
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.identity.crosswalk.house import TOLD, House, table

from careloom.cases.desk import Decision
from careloom.cases.kinds import Action
from careloom.cases.rights import Actor, NotAllowed
from careloom.cases.states import NotPossible
from careloom.core.envelope import Kind
from careloom.core.errors import ConfigurationError, FormatError
from careloom.identity.crosswalk.codes import NoSuchProposal, NotAsSeen, Refused, Said
from careloom.identity.crosswalk.imports import CHANGED
from careloom.identity.crosswalk.sheets import read, sort_of, written
from careloom.log.steps import Item

SAM, NOOR = Actor("Sam Lindqvist"), Actor("noor  haddad")


async def test_a_preview_shows_what_would_be_done_and_where_rows_are_wrong(house: House) -> None:
    await house.load("payer,*,payer,P1,ACME,,,", "payer,*,payer,P2,BRAVO,,,", "payer,*,payer,P3,CEDAR,,,")
    preview = await house.preview(
        "payer,*,payer,P1,ACME,,,",
        "payer,*,payer,P2,DELTA,,,",
        "payer,*,payer,P3,EAST,2026-05-01,,",
        "payer,*,payer,P4,FERN,,,",
        "patient,*,payer,P5,GROVE,,,",
        "payer,*,payer,P6,,,,",
        "payer,*,payer,P7,HILL,01.05.2026,,",
        "payer,*,payer,P8,INN,2026-05-01,2026-04-01,",
        "payer,*,payer,P4,JUNE,2026-01-01,,",
    )
    assert preview.counts == {"added": 2, "changed": 1, "ended": 1, "unchanged": 1, "refused": 5}
    assert [one.place for one in preview.refused] == [
        "row 6, column 1 (entity)",
        "row 7, column 5 (canonical)",
        "row 8, column 6 (from)",
        "row 9 (to)",
        "row 10 (from)",
    ]
    assert "row 5" in preview.refused[-1].text
    assert not any(value in one.text for one in preview.refused for value in ("GROVE", "HILL", "01.05.2026"))
    [ended] = preview.of("ended")
    assert (ended.after.canonical, ended.after.valid_to) == ("CEDAR", date(2026, 5, 1))


async def test_nothing_is_done_of_an_import_with_a_row_that_cannot_stand(house: House) -> None:
    data = table("payer,*,payer,P1,ACME,,,", "patient,*,payer,P2,BRAVO,,,")
    preview = await house.desk.preview(data)
    with pytest.raises(Refused, match=r"1 rows cannot stand, the first at row 3, column 1 \(entity\)"):
        await house.desk.apply(data, preview.digest, TOLD)
    assert await house.desk.ledger.export() == []


async def test_only_what_was_seen_is_done(house: House) -> None:
    data = table("payer,*,payer,P1,ACME,,,")
    digest = (await house.desk.preview(data)).digest
    with pytest.raises(NotAsSeen):
        await house.desk.apply(table("payer,*,payer,P1,OTHER,,,"), digest, TOLD)
    await house.load("payer,*,payer,P1,BRAVO,,,")
    with pytest.raises(NotAsSeen):
        await house.desk.apply(data, digest, TOLD)
    assert [one.canonical for one in await house.desk.ledger.export()] == ["BRAVO"]


async def test_an_import_that_changes_nothing_is_no_version(house: House) -> None:
    assert await house.load("payer,*,payer,P1,ACME,,,") == 1
    assert await house.load("payer,*,payer,P1,ACME,,,") == 1
    assert len(await house.desk.ledger.versions()) == 1


async def test_who_changed_it_is_in_the_log(house: House) -> None:
    await house.load("payer,*,payer,P1,ACME,,,")
    [row] = await house.rows("select * from event where type = $1", CHANGED)
    assert row["kind"] == Kind.AUDIT.value
    async with house.database.acquire() as connection:
        keys = await house.keyring.open(connection, {row["key"]})
    said = msgspec.json.decode(Item.of(row).opened(keys[row["key"]]).data)
    assert (said["by"], said["reason"], said["targets"]) == (
        "Noor Haddad",
        "the yearly list",
        ["version 1 from payers.csv"],
    )


async def test_where_changes_are_approved_nobody_writes_alone(house: House) -> None:
    data = table("payer,*,payer,P1,ACME,,,")
    digest = (await house.governed.preview(data)).digest
    with pytest.raises(ConfigurationError, match="approved by master-data"):
        await house.governed.apply(data, digest, TOLD)


async def _proposed(house: House, *lines: str) -> tuple[UUID, UUID]:
    data = table(*lines)
    proposal = await house.governed.propose(data, (await house.governed.preview(data)).digest, TOLD)
    [row] = [one for one in await house.governed.proposals() if one["id"] == proposal]
    return proposal, row["case_id"]


async def _decide(house: House, case: UUID, action: Action, by: Actor = SAM) -> None:
    await house.work.desk.act(case, by, Decision(action, "it was looked at"))


async def test_an_approval_writes_what_was_proposed(house: House) -> None:
    proposal, case = await _proposed(house, "payer,*,payer,P1,ACME,,,")
    standing = await house.work.reader.one(case)
    assert (standing.kind, standing.owner, standing.reason) == (
        "approval",
        "master-data",
        "codes of the crosswalk: 1 added",
    )
    assert set(standing.actions) == {"approve", "reject"}
    assert (await house.governed.proposed(proposal)).summary == "1 added"
    await _decide(house, case, Action.APPROVE)
    [version] = await house.desk.ledger.versions()
    assert (version["by"], version["proposal"]) == ("Sam Lindqvist", proposal)
    assert version["source"] == "proposed by Noor Haddad: payers.csv"
    assert await house.governed.proposals() == []
    assert (await house.work.reader.one(case)).resolution == "approved, version 1: it was looked at"
    assert len(await house.rows("select 1 from event where type = $1", CHANGED)) == 1


async def test_whoever_proposed_it_may_not_approve_it(house: House) -> None:
    _, case = await _proposed(house, "payer,*,payer,P1,ACME,,,")
    with pytest.raises(NotAllowed):
        await _decide(house, case, Action.APPROVE, NOOR)
    nobody = Actor("a key without roles", assigned=False)
    with pytest.raises(NotAllowed):
        await _decide(house, case, Action.APPROVE, nobody)
    assert await house.desk.ledger.export() == []
    await _decide(house, case, Action.APPROVE)
    assert len(await house.desk.ledger.export()) == 1


async def test_a_rejection_writes_nothing(house: House) -> None:
    proposal, case = await _proposed(house, "payer,*,payer,P1,ACME,,,")
    await _decide(house, case, Action.REJECT)
    assert await house.desk.ledger.export() == []
    assert await house.governed.proposals() == []
    rows = await house.rows("select outcome, decider from crosswalk_proposal where id = $1", proposal)
    assert [tuple(row) for row in rows] == [("rejected", "Sam Lindqvist")]


async def test_what_was_overtaken_is_proposed_anew(house: House) -> None:
    _, case = await _proposed(house, "payer,*,payer,P1,ACME,,,")
    await house.load("payer,*,payer,P1,BRAVO,,,")
    with pytest.raises(NotPossible, match="reject it, and have it proposed anew"):
        await _decide(house, case, Action.APPROVE)
    assert [one.canonical for one in await house.desk.ledger.export()] == ["BRAVO"]
    assert len(await house.governed.proposals()) == 1


async def test_what_changes_nothing_is_not_proposed(house: House) -> None:
    await house.load("payer,*,payer,P1,ACME,,,")
    with pytest.raises(Refused, match="nothing to approve"):
        await _proposed(house, "payer,*,payer,P1,ACME,,,")
    with pytest.raises(Refused, match="row 2"):
        await _proposed(house, "patient,*,payer,P1,ACME,,,")
    with pytest.raises(NoSuchProposal):
        await house.governed.proposed(UUID(int=1))


_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=12)
_SAID = st.builds(
    Said,
    entity=st.sampled_from(["payer", "charge-code"]),
    system=_TEXT,
    type=_TEXT,
    value=_TEXT | st.sampled_from(["=1+1", "-3", "'x", "007", "1e5", "2026-01-01", "TRUE"]),
    canonical=_TEXT,
    label=st.just("") | _TEXT,
    valid_from=st.none() | st.dates(date(2000, 1, 1), date(2020, 1, 1)),
    valid_to=st.none() | st.dates(date(2021, 1, 1), date(2030, 1, 1)),
)


@settings(max_examples=25)
@given(st.lists(_SAID, max_size=4))
def test_what_is_written_reads_as_what_it_was(said: list[Said]) -> None:
    for sort in ("csv", "excel"):
        sheet = read(written(said, sort))  # type: ignore[arg-type]
        assert ([row.said for row in sheet.rows], list(sheet.wrong)) == (said, [])


async def test_an_export_imported_elsewhere_is_the_same_table(house: House) -> None:
    await house.load(
        "payer,*,payer,P1,ACME,,2026-01-01,Acme", "payer,*,payer,P1,BRAVO,2026-01-01,,", "account,ehr,x,=1,4,,,"
    )
    said = await house.desk.ledger.export()
    for sort in ("csv", "excel"):
        preview = await house.desk.preview(written(said, sort))  # type: ignore[arg-type]
        assert preview.counts == {"added": 0, "changed": 0, "ended": 0, "unchanged": 3, "refused": 0}


async def test_a_workbook_with_columns_in_another_order_and_real_dates(house: House) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["value", "canonical", "entity", "type", "system", "note", "from"])
    sheet.append(["P1", "ACME", "payer", "payer", "*", "asked twice", date(2026, 1, 1)])
    stream = io.BytesIO()
    book.save(stream)
    preview = await house.desk.preview(stream.getvalue())
    assert [(one.after.canonical, one.after.valid_from) for one in preview.changes] == [("ACME", date(2026, 1, 1))]


async def test_a_file_without_a_needed_column_is_refused(house: House) -> None:
    with pytest.raises(FormatError, match="canonical"):
        await house.desk.preview(b"entity,system,type,value\r\npayer,*,payer,P1\r\n")


def test_files_are_told_apart_by_their_names() -> None:
    assert (sort_of("a.XLSX"), sort_of("a.csv")) == ("excel", "csv")
    with pytest.raises(ConfigurationError, match=r"\.csv or \.xlsx"):
        sort_of("a.txt")


async def test_one_row_that_somebody_said_ends_what_was_before(house: House) -> None:
    await house.load("payer,*,payer,P1,ACME,,,")
    said = Said(entity="payer", system="*", type="payer", value="P1", canonical="BRAVO", valid_from=date(2026, 5, 1))
    assert await house.governed.learn(said, TOLD) == 2
    assert await house.governed.learn(said, TOLD) == 2
    assert [(one.canonical, one.valid_to) for one in await house.desk.ledger.export()] == [
        ("ACME", date(2026, 5, 1)),
        ("BRAVO", None),
    ]
