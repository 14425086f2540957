"""Ids are never cut, brackets are no markup, and refused rights have the exit code that is promised."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from tests.hub.hospital import Hospital, Said, adt, command

from careloom.cli import app
from careloom.cli.output import console, escaped, listing
from careloom.core.errors import AccessRefused, CareloomError, ConfigurationError, Rejected, Unavailable
from careloom.sim.odoo import SimulatedOdoo

NARROW = 30
ID = UUID("0190a6c2-0000-7000-8000-000000000001")


def all_good(said: Said) -> Said:
    assert said.code == 0, said.errors
    return said


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal in which no id has room."""
    monkeypatch.setattr(console, "_width", NARROW)


@pytest.mark.usefixtures("narrow")
def test_a_list_cuts_nothing_and_takes_brackets_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    listing("[/x]", [(ID, "[/red] a description that is far longer than the terminal is wide")])
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["[/x]", f"  {ID}", "     [/red] a description that is far longer than the terminal is wide"]


@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize(("value", "shown"), [("[/red]^[bold]", "[/red]^[bold]"), (None, ""), (7, "7")])
def test_escaped_text_is_shown_as_it_is(value: object, shown: str, capsys: pytest.CaptureFixture[str]) -> None:
    console.print(escaped(value))
    assert capsys.readouterr().out == f"{shown}\n"


@pytest.mark.usefixtures("narrow")
async def test_no_command_cuts_an_id_or_a_name_in_a_narrow_terminal(hospital: Hospital, erp: SimulatedOdoo) -> None:
    hospital.configure(odoo=erp)
    name = "registration.keep_account"
    async with hospital.running() as hub:
        await hub.send(adt("A04", "C1"), adt("A02", "C2"))
        await hub.settled(2)
        [event] = await hub.rows("select event from delivery where subscription = $1", name)
        [message] = await hub.rows("select id from receipt where key = 'C1'")
        all_good(await hospital.careloom("key", "create", "north-lab-of-a-long-name"))
        replay = all_good(await hospital.careloom("replay", name, "--outcome", "done")).output
        status = all_good(await hospital.careloom("status")).output
        keys = all_good(await hospital.careloom("key", "list")).output
        trace = all_good(await hospital.careloom("trace", "C1")).output
        [key] = await hub.rows("select id from api_key")
    assert str(event["event"]) in replay and "registration.created.v1" in replay
    assert f"  {name}\n     running, 0 behind, 0 parked, 0 retrying" in status
    assert "1: " in status and "A02" in status
    assert str(key["id"]) in keys and "  north-lab-of-a-long-name\n" in keys
    assert str(message["id"]) in trace
    assert "…" not in replay + status + keys + trace


async def test_replay_of_an_unknown_subscription_is_told_where_the_names_are(hospital: Hospital) -> None:
    async with hospital.running() as hub:
        for more in ((), ("--yes",)):
            said = await hospital.careloom("replay", "registration.keep_acount", "--outcome", "done", *more)
            assert (said.code, said.output) == (1, "")
            assert "careloom status" in said.errors
        known = all_good(await hospital.careloom("replay", "translate", "--outcome", "done", "--json")).object
        assert not await hub.rows("select 1 from event where kind = 'a'")
    assert known["events"] == []


@pytest.mark.parametrize(
    ("error", "code"),
    [(AccessRefused, 3), (ConfigurationError, 3), (Unavailable, 4), (Rejected, 1), (CareloomError, 1)],
)
def test_errors_have_the_exit_codes_that_are_promised(
    error: Callable[[str], CareloomError], code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def build() -> Callable[[], None]:
        def run() -> None:
            raise error("the API user may not read this model")

        return run

    monkeypatch.setattr(app, "build", build)
    said = command(["check"])
    assert (said.code, said.output) == (code, "")
    assert "may not read this model" in said.errors and "Traceback" not in said.errors
