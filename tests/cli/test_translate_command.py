"""`careloom translate` over everything: each line is JSON, the exit code 0 or 1, never a traceback."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.hub.hospital import Said, adt, command
from tests.hub.mutation import mutated

SAMPLES = sorted((Path(__file__).resolve().parents[1] / "samples" / "hl7v2").glob("*.hl7"))
CORPORA = Path(__file__).resolve().parents[2] / ".." / "shared" / "corpora" / "open"
OUTCOMES = {"translated", "filtered", "case", "refused"}


def judged(said: Said) -> list[dict[str, object]]:
    """The lines, each of which must be an object of a known outcome that the exit code fits."""
    lines = [json.loads(line) for line in said.output.splitlines()]
    assert "Traceback" not in said.errors
    for line in lines:
        assert line["outcome"] in OUTCOMES
        if line["outcome"] in ("case", "refused"):
            assert line["error"]["message"]
            assert line["error"].get("field") or line["error"].get("location"), line
        if line["outcome"] == "filtered":
            assert line["reason"]
    wrong = any(line["outcome"] in ("case", "refused") for line in lines)
    assert said.code == (1 if wrong else 0)
    return lines


def test_samples_are_translated_and_read_by_people_too() -> None:
    lines = judged(command(["translate", "--json", *map(str, SAMPLES)]))
    assert {line["outcome"] for line in lines} == {"translated", "filtered"}
    shown = command(["translate", *map(str, SAMPLES)])
    assert shown.code == 0
    assert "registration.created.v1" in shown.output


def test_three_hundred_damaged_messages(tmp_path: Path) -> None:
    files = []
    for number, body in enumerate(mutated([file.read_bytes() for file in SAMPLES], 300, seed=5)):
        files.append(tmp_path / f"{number}.hl7")
        files[-1].write_bytes(body)
    lines = judged(command(["translate", "--json", *map(str, files)]))
    assert {str(line["file"]) for line in lines} == {str(file) for file in files}
    assert len({line["outcome"] for line in lines}) == 4
    assert command(["translate", *map(str, files)]).code == 1


def test_files_that_are_not_there_or_hold_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty.hl7").touch()
    (tmp_path / "good.hl7").write_bytes(adt("A04", "C1"))
    said = command(["translate", "--json", str(tmp_path / "absent"), str(tmp_path), str(tmp_path / "good.hl7")])
    assert said.code == 1
    assert said.errors.count("cannot be read") == 2
    assert said.object["outcome"] == "translated"
    [line] = judged(command(["translate", "--json", str(tmp_path / "empty.hl7")]))
    assert line["outcome"] == "refused"


def test_brackets_in_a_message_do_not_become_markup(tmp_path: Path) -> None:
    """rich reads [/x] as the end of a style and fails on one that was never begun."""
    file = tmp_path / "brackets [bold].hl7"
    file.write_bytes(adt("A04", "C1", pid={5: "[/red]^[bold]", 11: "[link=x]^^[/]^IL"}) + b"ZZZ|[/nope]\r")
    assert command(["translate", str(file)]).code == 0
    file.write_bytes(adt("A04", "C1", pid={3: "[/red]"}).replace(b"ADT^A04^ADT_A01", b"[/red]^[/x]"))
    assert command(["translate", str(file)]).code in (0, 1)


@pytest.mark.corpora
@pytest.mark.skipif(not CORPORA.exists(), reason="the corpora do not stand beside the project")
def test_every_file_of_the_corpora() -> None:
    files = sorted(str(file) for kind in ("hl7v2", "x12") for file in (CORPORA / kind).rglob("*") if file.is_file())
    lines = judged(command(["translate", "--json", *files]))
    assert {str(line["file"]) for line in lines} == set(files)
    assert {line["outcome"] for line in lines} == OUTCOMES
