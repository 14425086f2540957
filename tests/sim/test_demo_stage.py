"""The demo's folder: its own, made anew, and never anybody else's."""

from __future__ import annotations

import fcntl
import os
import shlex
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import cast

import pytest

from careloom.core.errors import ConfigurationError
from careloom.hub.configuration import load
from careloom.hub.flowlist import find_flows
from careloom.sim import stage as staging
from careloom.sim.odoo import SimulatedOdoo
from careloom.sim.stage import DATABASE_VARIABLE, command, open_stage, own_database
from careloom.store.service_account import ServiceAccount

OURSELVES = ServiceAccount("ourselves", os.geteuid(), os.getegid(), dropping=False)
SOMEBODY = ServiceAccount("somebody", 65_533, 65_533, dropping=True)


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The current folder, one that PostgreSQL's user may pass."""
    monkeypatch.delenv(DATABASE_VARIABLE, raising=False)
    with TemporaryDirectory(prefix="a demo ") as name:
        folder = Path(name).resolve()
        folder.chmod(0o755)
        monkeypatch.chdir(folder)
        yield folder


def _odoo() -> SimulatedOdoo:
    made = SimpleNamespace(url="http://127.0.0.1:8069", database="careloom19", login="svc", api_key="0123456789abcdef")
    return cast(SimulatedOdoo, made)


def test_the_folder_is_below_the_current_one(here: Path) -> None:
    assert open_stage().folder == here / "build" / "demo"


def test_a_chosen_folder_is_taken(here: Path) -> None:
    assert open_stage(Path("elsewhere/deep")).folder == here / "elsewhere" / "deep"


def test_what_an_earlier_demo_left_is_gone(here: Path) -> None:
    first = open_stage()
    (first.folder / "data").mkdir()
    (first.folder / "data" / "master.key").write_text("old")
    first.config.write_text("old")
    again = open_stage()
    assert again == first
    assert [entry.name for entry in again.folder.iterdir()] == [".careloom-demo"]


def test_a_folder_with_other_things_in_it_is_not_touched(here: Path) -> None:
    (here / "mine").mkdir()
    (here / "mine" / "letter").write_text("dear")
    with pytest.raises(ConfigurationError, match="what is not the demo's"):
        open_stage(here / "mine")
    assert (here / "mine" / "letter").read_text() == "dear"


def test_the_data_of_a_real_hub_is_not_touched(here: Path) -> None:
    (here / "data").mkdir()
    (here / "data" / "master.key").write_text("precious")
    with pytest.raises(ConfigurationError):
        open_stage(here / "data")
    assert (here / "data" / "master.key").read_text() == "precious"


@pytest.mark.parametrize("user", [0, 65_533])
def test_a_folder_that_somebody_else_left_among_the_temporary_ones_is_not_used(
    here: Path, monkeypatch: pytest.MonkeyPatch, user: int
) -> None:
    (here / "trap").mkdir()
    owner = (here / "trap").stat().st_uid
    monkeypatch.setattr(staging, "_TEMPORARY", (here,))
    monkeypatch.setattr(os, "geteuid", lambda: user if user != owner else 65_534)
    monkeypatch.setattr(staging, "service_account", lambda: OURSELVES)
    with pytest.raises(ConfigurationError, match="not yours"):
        open_stage(here / "trap")
    assert not any((here / "trap").iterdir())


@pytest.mark.parametrize("kind", ["file", "link"])
def test_what_is_no_folder_is_refused(here: Path, kind: str) -> None:
    target = here / "target"
    target.mkdir()
    (here / "odd").write_text("") if kind == "file" else (here / "odd").symlink_to(target)
    with pytest.raises(ConfigurationError, match="no folder"):
        open_stage(here / "odd")


def test_a_link_inside_is_removed_and_not_followed(here: Path) -> None:
    (here / "precious").mkdir()
    (here / "precious" / "letter").write_text("dear")
    (open_stage().folder / "link").symlink_to(here / "precious")
    assert not (open_stage().folder / "link").exists()
    assert (here / "precious" / "letter").read_text() == "dear"


def test_a_folder_where_a_demo_runs_is_left_to_it(here: Path) -> None:
    data = open_stage(here / "busy").folder / "data"
    data.mkdir()
    with (data / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(ConfigurationError, match="running"):
            open_stage(here / "busy")
    assert open_stage(here / "busy").folder == here / "busy"


def test_without_a_place_here_a_temporary_folder_serves(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "build").write_text("in the way")
    (here / "temporary").mkdir()
    monkeypatch.setattr(staging, "_TEMPORARY", (here / "temporary",))
    assert open_stage().folder == here / "temporary" / f"careloom-demo-{os.geteuid()}"


def test_a_folder_that_postgresql_cannot_reach_is_passed_over(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "closed").mkdir(mode=0o700)
    monkeypatch.chdir(here / "closed")
    (here / "temporary").mkdir()
    monkeypatch.setattr(staging, "_TEMPORARY", (here / "temporary",))
    monkeypatch.setattr(staging, "service_account", lambda: SOMEBODY)
    assert open_stage().folder.parent == here / "temporary"
    assert not any((here / "closed").iterdir())


def test_what_is_made_for_postgresql_can_be_passed_whatever_the_mask(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "service_account", lambda: SOMEBODY)
    before = os.umask(0o077)
    try:
        made = open_stage()
    finally:
        os.umask(before)
    assert made.folder.stat().st_mode & 0o111 == made.folder.parent.stat().st_mode & 0o111 == 0o111


def test_an_ordinary_user_may_use_a_closed_folder(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "closed").mkdir(mode=0o700)
    monkeypatch.chdir(here / "closed")
    monkeypatch.setattr(staging, "service_account", lambda: OURSELVES)
    assert open_stage().folder == here / "closed" / "build" / "demo"


def test_when_nothing_can_be_used_every_reason_is_told(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "build").write_text("in the way")
    monkeypatch.setattr(staging, "_TEMPORARY", (here / "build",))
    with pytest.raises(ConfigurationError, match="--data") as caught:
        open_stage()
    assert str(here / "build" / "demo") in str(caught.value)


def test_the_temporary_folders_are_those_of_the_system() -> None:
    assert Path(tempfile.gettempdir()) in staging._TEMPORARY


def test_the_generated_settings_are_good_ones(here: Path) -> None:
    made = open_stage()
    made.configure(_odoo(), "http://127.0.0.1:1/core", "http://127.0.0.1:2/wms")
    configuration = load(made.config)
    assert set(configuration.systems) == {"ehr", "erp", "payer", "supplier", "wms", "paygate"}
    bound = {name: dict(one) for name, one in configuration.settings.flows.items()}
    assert bound.pop("authorizations") == {}
    assert all(one == {"erp": "erp"} for one in bound.values())
    flows = find_flows(configuration.settings.hub.flows, configuration.base)
    assert {flow.name for flow in flows} - {"standards"} == {*bound, "authorizations"}, "all that are named act"
    assert configuration.base == made.folder
    assert "0123456789abcdef" not in made.config.read_text()
    for secret in ("odoo.key", "wms.key", "paygate.secret"):
        assert (made.folder / secret).stat().st_mode & 0o777 == 0o600
    assert tomllib.loads(made.config.read_text())["systems"]["erp"]["api_key"] == "file:odoo.key"


def test_nothing_is_left_when_it_is_removed(here: Path) -> None:
    made = open_stage()
    made.configure(_odoo(), "http://127.0.0.1:1/core", "http://127.0.0.1:2/wms")
    made.remove()
    assert not made.folder.exists()


@pytest.mark.parametrize(
    ("started", "program"),
    [("/usr/lib/careloom/__main__.py", [sys.executable, "-m", "careloom"]), ("careloom", ["careloom"])],
)
def test_a_command_is_written_as_this_program_was_started(
    here: Path, monkeypatch: pytest.MonkeyPatch, started: str, program: list[str]
) -> None:
    monkeypatch.setattr(sys, "argv", [started])
    assert shlex.split(command("trace", "CLM1")) == [*program, "trace", "CLM1"]


def test_the_script_of_a_virtual_environment_is_named_from_here(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = here / ".venv" / "bin" / "careloom"
    script.parent.mkdir(parents=True)
    script.write_text("")
    monkeypatch.setattr(sys, "argv", [str(script)])
    monkeypatch.setenv("PATH", "/nowhere")
    assert command("status") == ".venv/bin/careloom status"
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(script.parent))
    assert command("status") == "careloom status"


def test_paths_are_short_below_here_and_quoted(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["careloom"])
    assert (
        command("status", "--config", here / "build" / "careloom.toml")
        == "careloom status --config build/careloom.toml"
    )
    assert command("status", Path("/an other/place")) == "careloom status '/an other/place'"


def test_a_database_that_the_environment_names_is_set_aside_and_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["careloom"])
    monkeypatch.setenv(DATABASE_VARIABLE, "postgresql://real")
    with own_database():
        assert DATABASE_VARIABLE not in os.environ
    assert os.environ[DATABASE_VARIABLE] == "postgresql://real"
    assert command("status") == "env -u CARELOOM_DATABASE_URL careloom status"


def test_an_environment_that_names_none_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(DATABASE_VARIABLE, raising=False)
    with own_database():
        pass
    assert DATABASE_VARIABLE not in os.environ
