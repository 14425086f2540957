"""Kinds are found by their folders, and settings checked as a whole."""

from __future__ import annotations

import sys
import tomllib
from importlib import resources
from types import ModuleType

import pytest
from pydantic import BaseModel

from careloom.core.errors import ConfigurationError
from careloom.systems import registry
from careloom.systems.registry import Kind, Manifest, kinds, settings_for


def test_each_folder_with_a_manifest_is_a_kind_with_settings() -> None:
    found = kinds()
    assert {"mllp", "http"} <= set(found)
    for name in ("mllp", "http"):
        kind = found[name]
        manifest = tomllib.loads(resources.files("careloom.systems").joinpath(name, "manifest.toml").read_text())
        assert (kind.name, kind.manifest.summary) == (manifest["name"], manifest["summary"])
        assert issubclass(kind.settings, BaseModel)
        assert kind.settings.model_config["extra"] == "forbid"
        assert resources.files("careloom.systems").joinpath(name, "README.md").is_file()


def test_kinds_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        kinds()["own"] = kinds()["mllp"]  # type: ignore[index]


def test_every_problem_is_listed_at_once_with_its_path() -> None:
    with pytest.raises(ConfigurationError) as caught:
        settings_for("mllp", {"kind": "mllp", "port": "x", "prot": 1, "max_message": 1}, system="ehr")
    lines = str(caught.value).splitlines()
    assert sorted(line.split(":")[0] for line in lines) == [
        "systems.ehr.max_message", "systems.ehr.port", "systems.ehr.prot",
    ]  # fmt: skip


def test_an_unknown_kind_names_those_there_are() -> None:
    with pytest.raises(ConfigurationError, match=r"systems\.lab\.kind: .*mllp"):
        settings_for("fax", {}, system="lab")


def test_the_path_is_the_kind_where_the_system_has_no_name() -> None:
    with pytest.raises(ConfigurationError, match=r"^systems\.mllp\.port"):
        settings_for("mllp", {})


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("name = ", "is no TOML"),
        ('name = "x"\nsummary = "much too long to be wrong"\ndirection = "sideways"', "manifest.toml.direction"),
        ('name = "y"\nsummary = "much too long to be wrong"\ndirection = "in"', "name must be that of its folder"),
    ],
)
def test_a_manifest_that_is_wrong_is_named(tmp_path, text: str, problem: str) -> None:
    folder = tmp_path / "x"
    folder.mkdir()
    (folder / "manifest.toml").write_text(text)
    with pytest.raises(ConfigurationError, match=r"systems/x/manifest\.toml") as caught:
        registry._kind_in(folder)
    assert problem in str(caught.value)


def test_a_folder_without_manifest_is_no_kind(tmp_path) -> None:
    assert registry._kind_in(tmp_path) is None


def test_a_connector_without_settings_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    kind = Kind(Manifest(name="own", summary="for a test only", direction="in"))
    monkeypatch.setitem(sys.modules, "careloom.systems.own.connector", ModuleType("connector"))
    with pytest.raises(ConfigurationError, match=r"systems/own/connector\.py has no pydantic model"):
        _ = kind.settings
