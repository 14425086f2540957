"""The whole demo in this process: PostgreSQL, the hub, the simulated EHR and Odoo; and no person in its output."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import typer
from typer.testing import CliRunner, Result

from careloom.cli.app import build
from careloom.sim import demo as demo_command
from careloom.sim.books import wrong_books
from careloom.sim.cast import Cast, cast
from careloom.sim.demo import register
from careloom.sim.morning import Morning, morning
from careloom.sim.odoo import SimulatedOdoo

PATIENTS, SEED = 30, 23
pytestmark = pytest.mark.timeout(600)  # a whole day in one process, beside whatever else the machine does


@dataclass(frozen=True)
class Run:
    """A demo that has ended."""

    result: Result
    folder: Path
    script: Morning
    cast: Cast


@pytest.fixture(scope="module")
def app() -> typer.Typer:
    made = typer.Typer(pretty_exceptions_enable=False)
    made.callback()(lambda: None)
    register(made)
    return made


@pytest.fixture(scope="module")
def run(app: typer.Typer) -> Iterator[Run]:
    with TemporaryDirectory(prefix="careloom demo ") as name:
        folder = Path(name)
        folder.chmod(0o711)  # PostgreSQL of root runs as another user
        words = ["demo", "--data", str(folder / "here"), "--patients", str(PATIENTS), "--seed", str(SEED)]
        yield Run(
            CliRunner().invoke(app, words), folder / "here", morning(PATIENTS, SEED), cast(SEED, datetime.now(UTC))
        )


def test_it_ends_by_itself_and_well(run: Run) -> None:
    assert run.result.exit_code == 0, run.result.output
    assert "wrong:" not in run.result.output


def test_the_summary_adds_up(run: Run) -> None:
    found = re.search(
        r"received (\d+) = delivered (\d+) \+ filtered (\d+) \+ parked (\d+) \+ in flight (\d+)", run.result.output
    )
    assert found is not None
    received, delivered, filtered, parked, in_flight = map(int, found.groups())
    assert received == delivered + filtered + parked + in_flight
    assert in_flight == 0 and delivered > PATIENTS and filtered > 0 and parked >= 3


def test_the_outage_is_seen_and_passes(run: Run) -> None:
    assert "Odoo is down" in run.result.output
    assert "breaker for Odoo is open" in run.result.output
    assert "breaker for Odoo is closed" in run.result.output
    acknowledged = re.search(r"acknowledged while Odoo was down: (\d+)", run.result.output)
    assert acknowledged is not None and int(acknowledged[1]) > 0


def test_every_parked_message_is_told_with_field_and_reason(run: Run) -> None:
    assert "ADT^A04 PID-3: no number" in run.result.output
    assert "ADT^A04 PID-7: the date of birth" in run.result.output


def test_the_command_that_it_ends_with_traces_the_patient(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CARELOOM_DATABASE_URL", raising=False)
    assert f"trace {run.script.star} --config " in run.result.output
    config = ["--config", str(run.folder / "careloom.toml")]
    traced = CliRunner().invoke(build(), ["trace", run.script.star, *config])
    assert traced.exit_code == 0
    assert "ADT^A40" in traced.output and "res.partner/" in traced.output
    parked = CliRunner().invoke(build(), ["parked", "list", "--json", *config])
    assert parked.exit_code == 0
    assert parked.output.count('"field":"PID-') == 2


def test_no_person_of_the_day_is_in_the_logs_or_on_the_screen(run: Run) -> None:
    shown = run.result.output.replace(f"trace {run.script.star} ", "")
    logged = (run.folder / "hub.log").read_text() + (run.folder / "data" / "postgres.log").read_text()
    assert "refused a message" in logged
    for person in (*(one.person for one in run.script.expected().values()), *run.cast.everybody):
        for value in (person.mrn, person.family, person.given, person.phone, person.street, person.email or person.mrn):
            assert value not in shown
            assert value not in logged


def test_a_run_that_is_not_as_it_must_be_ends_with_1_and_is_removed_all_the_same(
    app: typer.Typer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARELOOM_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/real")  # must not be used
    monkeypatch.setattr("careloom.sim.performance.differences", lambda *_: ["res.partner/7: phone is wrong"])
    monkeypatch.setattr("careloom.sim.evening.wrong_books", _tampered)
    with TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o711)
        result = CliRunner().invoke(app, ["demo", "--data", str(folder / "x"), "--patients", "10", "--no-keep"])
        assert result.exit_code == 1
        told = " ".join(result.output.split())
        assert "wrong: res.partner/7: phone is wrong" in told
        assert "debits and credits differ by 1.00" in told and "wrong: in stock of S-GEL-5" in told
        assert told.count("wrong: ") == 4, "one of the contact, two of the entry, one of the stock"
        assert not (folder / "x").exists()
        assert "--config" not in result.output


def _tampered(cast: Cast, visits: frozenset[str], odoo: SimulatedOdoo) -> list[str]:
    """Somebody wrote a dollar on to a posted entry, and took a gel that nobody booked."""
    assert wrong_books(cast, visits, odoo) == []
    tables = odoo._store.tables
    posted = next(row["id"] for row in tables["account.move"].values() if row["state"] == "posted")
    line = next(row for row in tables["account.move.line"].values() if row["move_id"] == posted and row["debit"])
    line["debit"] += 1
    gel = next(row["id"] for row in tables["product.product"].values() if row["default_code"] == "S-GEL-5")
    quant = next(row for row in tables["stock.quant"].values() if row["product_id"] == gel and row["quantity"] > 0)
    quant["quantity"] -= 1
    return wrong_books(cast, visits, odoo)


def test_the_log_handler_goes_when_the_demo_ends(tmp_path: Path) -> None:
    before = (list(logging.getLogger().handlers), logging.getLogger().level)
    with demo_command._logging_to(tmp_path / "hub.log"):
        logging.getLogger("careloom.anything").info("written")
    assert (list(logging.getLogger().handlers), logging.getLogger().level) == before
    assert "careloom.anything written" in (tmp_path / "hub.log").read_text()
