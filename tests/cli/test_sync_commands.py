"""`careloom sync`: the last synchronisations, and whether both sides agree."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from typer.testing import CliRunner

from careloom.cli import sync
from careloom.cli.app import build
from careloom.flows.master_store import Sync

RUNNER = CliRunner()


def synchronised(**others: object) -> Sync:
    given: dict[str, object] = {
        "id": UUID(int=7), "list": "catalogue", "began": datetime(2026, 11, 21, 2, tzinfo=UTC),
        "ended": datetime(2026, 11, 21, 2, 1, tzinfo=UTC), "version": "v", "whole": True, "expected": 90, "read": 100,
        "written": 3, "aside": 1, "vanished": 2, "source_rows": 99, "source_total": "aa", "odoo_rows": 99,
        "odoo_total": "aa", "differing": 0, **others,
    }  # fmt: skip
    return Sync(**given)  # type: ignore[arg-type]


def asked(monkeypatch: pytest.MonkeyPatch, found: list[Sync], *arguments: str) -> tuple[int, str]:
    async def last(*_: object) -> list[Sync]:
        return found

    monkeypatch.setattr(sync, "_last", last)
    came = RUNNER.invoke(build(), ["sync", *arguments])
    return came.exit_code, came.stdout


def test_what_each_did_and_whether_the_sides_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    code, said = asked(monkeypatch, [synchronised(), synchronised(odoo_total="bb", differing=4)], "list")
    assert code == 0
    assert "100 read, 3 written, 96 unchanged, 2 vanished, 1 aside; both sides agree" in said
    assert "4 rows differ" in said


def test_totals_of_both_sides_and_an_exit_code_when_they_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    code, said = asked(monkeypatch, [synchronised(odoo_rows=98, odoo_total="bb", differing=1)], "show", "catalogue")
    assert code == 1
    assert "list: 99 rows, total aa" in said
    assert "Odoo: 98 rows, total bb" in said


def test_progress_while_it_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    reading = synchronised(ended=None, source_rows=None, source_total=None, odoo_total=None, read=40)
    code, said = asked(monkeypatch, [reading], "show", "catalogue")
    assert code == 0
    assert "reading: 40 of about 90 rows" in said


def test_one_object_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    code, said = asked(monkeypatch, [synchronised()], "list", "--json")
    assert code == 0
    assert '"unchanged":96,"agrees":true' in said


def test_a_list_that_was_never_synchronised(monkeypatch: pytest.MonkeyPatch) -> None:
    code, _ = asked(monkeypatch, [], "show", "catalogue")
    assert code == 1
