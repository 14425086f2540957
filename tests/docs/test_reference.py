"""The reference is what the code says, and the code says something of everything."""

from __future__ import annotations

import pytest
from tests.docs import commands_page, errors_page, events_page, settings_page, source
from tests.docs.generate import FOLDER, PAGES
from tests.docs.markdown import ROOT
from tests.docs.schema_page import tables

from careloom.store.database import Database
from careloom.systems.registry import kinds


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_what_the_code_says(name: str) -> None:
    page = FOLDER / name
    assert page.exists() and page.read_text("utf-8") == PAGES[name](), f"docs/reference/{name} is stale: run make docs"


def test_no_other_page_stands_in_the_reference() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(PAGES)


def test_the_pages_come_out_the_same_twice() -> None:
    """The first time was for the test above, or stands in the folder: either way the page is what is made now."""
    assert [name for name, make in PAGES.items() if make() != (FOLDER / name).read_text("utf-8")] == []


def test_every_command_argument_and_option_has_help() -> None:
    assert commands_page.undocumented() == []


def test_every_setting_says_what_it_means() -> None:
    assert settings_page.undocumented() == []


def test_every_environment_variable_that_is_read_is_documented_and_no_other() -> None:
    documented, read = settings_page.environment()
    assert documented == read


def test_every_event_has_owner_meaning_example_and_documented_types() -> None:
    assert events_page.undocumented() == []


def test_every_error_says_what_it_means() -> None:
    tree = [error for error, _ in source.error_tree()]

    assert len(tree) == len(set(tree)) > 15
    assert [error.__name__ for error in tree if not errors_page.meaning(error)] == []


def test_every_kind_of_case_that_is_opened_is_declared() -> None:
    opened = source.case_kinds()

    assert {"mapping", "unroutable", "unanswered", "endpoint-disabled"} <= opened <= set(errors_page.CASES)


def test_every_kind_of_case_that_a_system_opens_is_declared_in_a_manifest_and_no_other() -> None:
    declared = {case for kind in kinds().values() for case in kind.manifest.cases}

    assert source.opened(source.SOURCE / "systems") == declared
    assert "endpoint-disabled" in declared


def test_every_code_of_hl7_is_documented_and_no_other() -> None:
    assert set(source.hl7_codes()) == set(errors_page.HL7_CODES)


def test_the_runbook_has_a_section_for_every_kind_of_case_and_speaks_of_every_error() -> None:
    runbook = (ROOT / "docs/operations/runbook.md").read_text("utf-8")

    assert [kind for kind in errors_page.CASES if f"\n## Case: {kind}\n" not in runbook] == []
    own = [error.__name__ for error, _ in source.error_tree() if not error.__name__.startswith("Odoo")]
    bases = {"CareloomError", "TransientError", "PermanentError"}
    assert [name for name in own if name not in bases and f"`{name}`" not in runbook] == []


async def test_the_tables_are_those_of_a_migrated_database(database: Database) -> None:
    async with database.acquire() as connection:
        rows = await connection.fetch(
            "select table_name, column_name from information_schema.columns where table_schema = 'public'"
        )
    found = {(row["table_name"], row["column_name"]) for row in rows if row["table_name"] != "migration"}

    assert {(table.name, name) for table in tables() for name, _ in table.columns} == found
