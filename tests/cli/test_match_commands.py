"""`careloom match`: measured on labelled tables, and refused where a table is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from careloom.cli.app import build
from careloom.core.errors import ConfigurationError, FormatError
from careloom.identity.matching.headings import FIELDS
from careloom.identity.matching.training import SURE
from careloom.sim import population_names
from careloom.sim.population import hospital

SHARED = Path(__file__).resolve().parents[2] / ".." / "shared" / "corpora" / "open" / "linkage"
needs_corpora = pytest.mark.skipif(not SHARED.exists(), reason="the samples stand beside the project")


def evaluated(*arguments: object) -> dict[str, object]:
    done = CliRunner().invoke(build(), ["match", "evaluate", *map(str, arguments), "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    found: dict[str, object] = json.loads(done.output)
    return found


@pytest.fixture
def tables(tmp_path: Path) -> tuple[Path, Path]:
    """A generated hospital in two files: what is known, and what arrives."""
    seen: set[int] = set()
    files = {True: tmp_path / "known.csv", False: tmp_path / "arrives.csv"}
    heading = ",".join(["who", *FIELDS])
    lines: dict[bool, list[str]] = {True: [heading], False: [heading]}
    for one in hospital(400, 3):
        fields = (f'"{one.row.get(field, "")}"' for field in FIELDS)
        lines[one.person not in seen].append(",".join([str(one.person), *fields]))
        seen.add(one.person)
    for first, file in files.items():
        file.write_text("\n".join(lines[first]) + "\n")
    return files[True], files[False]


def test_two_files_are_linked(tables: tuple[Path, Path]) -> None:
    found = evaluated(*tables, "--truth", "who", "--shipped", "--no-plain")
    assert found["set"] == "known.csv + arrives.csv"
    assert found["records"] == 400 + found["arrivals"]
    assert found["same"] == found["arrivals"]
    assert "shipped" in str(found["weights"])
    assert found["ours"]["precision"] > 0.9
    assert found["ours"]["recall_with_review"] > 0.6
    assert "splink" not in found


def test_a_generated_hospital_is_measured_and_told_to_people() -> None:
    done = CliRunner().invoke(build(), ["match", "evaluate", "--population", "300", "--no-plain"])
    assert done.exit_code == 0, done.output
    assert "hospital-300-2" in done.output
    assert "precision" in done.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--truth", "nobody"], "line 1: has no column nobody"),
        (["--truth", "who", "--map", "shoe=given"], "column shoe: has no such column"),
        (["--truth", "who", "--map", "given=shoe"], "column given: shoe is no field"),
    ],
)
def test_what_is_wrong_with_a_table_is_located(tables: tuple[Path, Path], arguments: list[str], said: str) -> None:
    with pytest.raises(FormatError, match=said):
        CliRunner().invoke(build(), ["match", "evaluate", str(tables[0]), *arguments], catch_exceptions=False)


@pytest.mark.parametrize(
    "arguments", [[], ["a.csv", "b.csv", "c.csv", "--truth", "x"], ["a.csv"], ["a.csv", "--truth", "x", "--map", "y"]]
)
def test_misuse_says_what_to_do(arguments: list[str]) -> None:
    assert CliRunner().invoke(build(), ["match", "evaluate", *arguments]).exit_code == 2


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="cannot be read"):
        evaluated(tmp_path / "none.csv", "--truth", "who")
    (tmp_path / "latin.csv").write_bytes(b"who,first\n1,Andr\xe9\n")
    with pytest.raises(FormatError, match="is no UTF-8"):
        evaluated(tmp_path / "latin.csv", "--truth", "who")


def test_training_by_the_index_wants_a_deployment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError, match="there is no careloom"):
        CliRunner().invoke(build(), ["match", "train"], catch_exceptions=False)


def test_training_writes_a_model(tmp_path: Path) -> None:
    target = tmp_path / "model.json"
    done = CliRunner().invoke(
        build(), ["match", "train", "--population", "2500", "--output", str(target), "--json"], catch_exceptions=False
    )
    assert done.exit_code == 0, done.output
    written = json.loads(target.read_bytes())
    assert written["version"] == json.loads(done.output)["model"] == "hospital-2500-1"
    assert written["records"] == json.loads(done.output)["records"]
    for feature, names in population_names.common().items():
        assert set(written["frequencies"][feature]) <= names  # of those that people really have


def test_zones_are_chosen_on_another_hospital(tmp_path: Path) -> None:
    target = tmp_path / "model.json"
    options = ["--population", "2500", "--zones", "3000", "--zones-seed", "7", "--output", str(target), "--json"]
    done = CliRunner().invoke(build(), ["match", "train", *options], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    written = json.loads(target.read_bytes())
    assert "hospital-3000-7" in written["measured"] or written["link"] == SURE  # too few pairs to say so
    assert (written["version"], written["prior"]) == ("hospital-2500-1", json.loads(done.output)["prior"])


@pytest.mark.corpora
@needs_corpora
@pytest.mark.parametrize(
    ("file", "truth"), [("febrl/febrl/dataset1.csv", "rec_id"), ("splink/splink/fake_1000.csv", "cluster")]
)
def test_labelled_sets_of_others(file: str, truth: str) -> None:
    found = evaluated(SHARED / file, "--truth", truth, "--no-plain")
    assert found["ours"]["precision"] > 0.99
    assert found["ours"]["recall_with_review"] > 0.5


@pytest.mark.corpora
@needs_corpora
def test_a_set_of_expected_results() -> None:
    room = SHARED / "recordlinker" / "recordlinker"
    found = evaluated(room / "nbs_seed.csv", room / "nbs_test.csv", "--truth", "Match Id", "--no-plain")
    assert found["arrivals"] == 84
    assert found["ours"]["recall_with_review"] > 0.8
