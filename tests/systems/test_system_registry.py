"""Kinds are found by their folders, and settings checked as a whole."""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from careloom.core.errors import ConfigurationError
from careloom.systems.registry import kinds, settings_for


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


GOOD = 'name = "{name}"\nsummary = "for a test, and for nothing else"\ndirection = "in"\ndata_classes = ["public"]\n'
CONNECTOR = """
from pydantic import BaseModel, ConfigDict


class Inner(BaseModel):
    one: int = 0
    two: int = 0
    three: int = 0


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")
    url: str
    inner: Inner = Inner()
    names: list[str] = []


class Connection:
    def __init__(self, settings):
        self.settings = settings

    async def close(self):
        pass


def connect(settings, around):
    return Connection(settings)
"""


def write(base: Path, name: str, more: str = "", *, connector: str | None = None, text: str | None = None) -> Path:
    """A kind in a project's folder."""
    folder = base / "systems" / name
    folder.mkdir(parents=True)
    (folder / "manifest.toml").write_text(GOOD.format(name=name) + more if text is None else text)
    if connector is not None:
        (folder / "connector.py").write_text(connector)
    return folder


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("name = ", "is no TOML"),
        (GOOD.format(name="x").replace('"in"', '"sideways"'), "manifest.toml.direction"),
        (GOOD.format(name="y"), "name must be that of its folder"),
        (GOOD.format(name="x").replace("data_classes", "date_classes"), "manifest.toml.data_classes"),
        (GOOD.format(name="x") + "[preset]\nport = 1\n", "preset gives defaults to the kind it extends"),
    ],
)
def test_a_manifest_that_is_wrong_is_named(tmp_path: Path, text: str, problem: str) -> None:
    write(tmp_path, "x", text=text)
    with pytest.raises(ConfigurationError, match=r"systems/x/manifest\.toml") as caught:
        kinds(tmp_path)
    assert problem in str(caught.value)


def test_a_project_adds_kinds_by_folders(tmp_path: Path) -> None:
    write(tmp_path, "ward_board", connector=CONNECTOR)
    found = kinds(tmp_path)
    assert set(found) == {*kinds(), "ward_board"}
    assert list(found) == sorted(found)
    assert settings_for("ward_board", {"url": "x"}, base=tmp_path).model_dump()["url"] == "x"


@pytest.mark.parametrize("name", ["__pycache__", "Upper", "with-dash", "1st", ".hidden"])
def test_a_folder_that_is_no_kind_is_left_alone(tmp_path: Path, name: str) -> None:
    write(tmp_path, name)
    (tmp_path / "systems" / "without_manifest").mkdir()
    (tmp_path / "systems" / "a_file").write_text("")
    assert set(kinds(tmp_path)) == set(kinds())


def test_without_a_folder_of_its_own_a_project_has_our_kinds(tmp_path: Path) -> None:
    assert kinds(tmp_path) is kinds()


def test_a_kind_named_like_one_of_ours_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "mllp", connector=CONNECTOR)
    with pytest.raises(ConfigurationError, match="a kind named mllp already; rename the folder"):
        kinds(tmp_path)


@pytest.mark.parametrize("names", [("c_one", "b_two", "a_three"), ("a_one", "b_two", "c_three")])
def test_a_chain_of_three_has_defaults_from_each_level(tmp_path: Path, names: tuple[str, str, str]) -> None:
    """In whatever order the folders are found."""
    first, second, third = names
    write(tmp_path, first, connector=CONNECTOR)
    write(
        tmp_path,
        second,
        f'extends = "{first}"\n[preset]\nurl = "second"\nnames = ["s"]\ninner = {{ one = 2, two = 2 }}\n',
    )
    write(tmp_path, third, f'extends = "{second}"\n[preset]\nnames = ["t"]\ninner = {{ two = 3 }}\n')
    kind = kinds(tmp_path)[third]
    assert kind.base is not None and kind.base.base is not None and kind.base.base.name == first
    assert kind.preset == {"url": "second", "names": ["t"], "inner": {"one": 2, "two": 3}}
    assert settings_for(third, {"inner": {"three": 4}}, base=tmp_path).model_dump() == {
        "url": "second", "names": ["t"], "inner": {"one": 2, "two": 3, "three": 4},
    }  # fmt: skip
    assert settings_for(third, {"url": "mine"}, base=tmp_path).model_dump()["url"] == "mine"
    assert settings_for(second, {}, base=tmp_path).model_dump()["inner"] == {"one": 2, "two": 2, "three": 0}
    with pytest.raises(ConfigurationError, match=rf"systems\.{first}\.url"):
        settings_for(first, {}, base=tmp_path)


def test_a_chain_is_connected_by_the_code_of_its_first(tmp_path: Path) -> None:
    write(tmp_path, "first_of_all", connector=CONNECTOR)
    write(tmp_path, "second", 'extends = "first_of_all"\n[preset]\nurl = "s"\n')
    kind = kinds(tmp_path)["second"]
    around: Any = object()
    connection: Any = kind.connect(kind.read({}), around)
    assert connection.settings.url == "s"


def test_a_kind_may_extend_one_of_ours(tmp_path: Path) -> None:
    write(tmp_path, "our_crm", 'extends = "crm"\n[preset]\ntimeout = 3.0\n')
    kind = kinds(tmp_path)["our_crm"]
    assert kind.settings is kinds()["crm"].settings
    assert kind.preset == {**kinds()["crm"].preset, "timeout": 3.0}


@pytest.mark.parametrize(
    ("extends", "circle"),
    [
        ({"own": "own"}, "own extends own"),
        ({"one": "two", "two": "one"}, "one extends two extends one"),
        ({"one": "two", "two": "three", "three": "two"}, "two extends three extends two"),
    ],
)
def test_a_circle_is_refused(tmp_path: Path, extends: dict[str, str], circle: str) -> None:
    for name, other in extends.items():
        write(tmp_path, name, f'extends = "{other}"\n')
    with pytest.raises(ConfigurationError, match=rf"manifest\.toml: {circle}; one of them must have its own code"):
        kinds(tmp_path)


def test_to_extend_what_there_is_not_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "own", 'extends = "fax"\n')
    with pytest.raises(ConfigurationError, match=r"systems/own/manifest\.toml: extends fax.* there are .*mllp.*own"):
        kinds(tmp_path)


@pytest.mark.parametrize(
    ("connector", "problem"),
    [
        ("", r"systems/own/connector\.py has no pydantic model"),
        ("Settings = dict", r"systems/own/connector\.py has no pydantic model"),
        ("raise OSError('no')", r"connector\.py cannot be imported: OSError: no"),
        (None, r"there is no .*connector\.py; write it"),
    ],
)
def test_a_connector_that_is_wrong_is_named(tmp_path: Path, connector: str | None, problem: str) -> None:
    write(tmp_path, "own", connector=connector)
    with pytest.raises(ConfigurationError, match=problem):
        _ = kinds(tmp_path)["own"].settings


@pytest.mark.parametrize(
    ("more", "problem"),
    [("", "has no function `connect"), ("def connect(settings, around):\n    return 1\n", "has no `close")],
)
def test_a_connector_that_connects_to_nothing_is_named(tmp_path: Path, more: str, problem: str) -> None:
    write(tmp_path, "own", connector=CONNECTOR.partition("def connect")[0] + more)
    kind = kinds(tmp_path)["own"]
    around: Any = object()
    with pytest.raises(ConfigurationError, match=problem):
        kind.connect(kind.read({"url": "x"}), around)
