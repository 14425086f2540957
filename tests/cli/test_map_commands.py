"""`careloom map`: where values come from, what stays behind, and what a change of a mapping changes."""

from __future__ import annotations

import json
import shutil
import sys
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest
from tests.hub.hospital import Said, adt, command

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
REGISTRATION = str(SAMPLES / "hl7v2" / "a04_registration.hl7")
REMITTANCE = str(SAMPLES / "x12" / "835_two_claims.edi")
SETTINGS = """
[systems.prices]
kind = "folder"
path = "in"
format = "csv"

[systems.crm]
kind = "webhook"
secret = "file:secret"

[sources.prices]
layout = "prices.layout.toml"
mapping = "prices.toml"
currency = "EUR"

[sources.crm]
mapping = "crm.toml"
[sources.crm.json]
dialect = "crm"
type = "/type"
key = "/id"
noun = "Contact"
"""
LAYOUT = """
name = "prices"
message = "{message}"
columns = [{{ name = "sku", required = true }}, {{ name = "price", type = "decimal" }}, {{ name = "remark" }}]
"""
PRICES = """
[drop]
"/remark" = "remarks are for buyers"
[[rules]]
event = "product.changed.v1"
fields = { "product.identifier[0].value" = "/sku", "product.price" = "/price" }
"""
CRM = """
[drop]
"/notes" = "notes are free text"
[[rules]]
event = "contact.updated.v1"
fields = { "contact.identifier[0].value" = "/id" }
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "careloom.toml").write_text(SETTINGS)
    (tmp_path / "prices.layout.toml").write_text(LAYOUT.format(message="row"))
    (tmp_path / "prices.toml").write_text(PRICES)
    (tmp_path / "crm.toml").write_text(CRM)
    return tmp_path / "careloom.toml"


def good(*arguments: str) -> Said:
    said = command(["map", *arguments])
    assert said.code == 0, said.errors
    return said


def test_explain_prints_each_target_with_the_places_it_came_from() -> None:
    found = good("explain", REGISTRATION, "--json").object
    assert found.keys() == {"file", "place", "outcome", "targets", "decides"}
    assert (found["file"], found["place"], found["outcome"]) == (REGISTRATION, "line 1", "translated")
    targets = {one["target"].partition("/")[2]: one for one in found["targets"]}
    family = targets["patient/name/0/family"]
    assert family.keys() == {"target", "value", "sources"} and family["sources"] == ["PID-5.1"]
    assert "MSH-9.2" in found["decides"]


def test_explain_for_people() -> None:
    shown = good("explain", REGISTRATION, REMITTANCE).output
    assert f"{REGISTRATION} line 1 translated" in shown and f"{REMITTANCE} segment 3 translated" in shown
    assert "/patient/birthDate = " in shown and "← PID-7.1" in shown
    assert "remittance/payor/type = payer  ← the mapping" in shown
    assert "payor/telecom/1/system = phone  ← 1000A/PER[2]03" in shown, "brackets are no markup"
    assert "ST01 says what the message becomes" in shown


def test_each_message_of_a_file_is_explained_by_itself(tmp_path: Path) -> None:
    file = tmp_path / "two.hl7"
    file.write_bytes(adt("A04", "C1", "N-1") + adt("A08", "C2", "N-2"))
    found = good("explain", str(file), "--json").objects
    assert [one["place"] for one in found] == ["line 1", "line 5"]
    assert [one["targets"][0]["target"].partition("/")[0] for one in found] == [
        "registration.created.v1", "patient.updated.v1",
    ]  # fmt: skip


def test_standard_input_is_read_where_no_file_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(Path(REGISTRATION).read_bytes())))
    assert good("explain", "--json").object["file"] == "-"


@pytest.mark.parametrize("act", ["explain", "coverage"])
def test_what_cannot_be_explained_is_said_and_the_rest_is(tmp_path: Path, act: str) -> None:
    wrong = tmp_path / "wrong.hl7"
    wrong.write_bytes(adt("A04", "C1").replace(b"ADT^A04^ADT_A01", b"QQQ^Q01") + b"MSH|^~\\&|X\r")
    said = command(["map", act, str(wrong), str(tmp_path / "absent"), str(SAMPLES / "bank" / "statement_mt940.sta"),
                    REGISTRATION, "--json"])  # fmt: skip
    assert said.code == 1
    [found] = said.objects
    assert found.get("file") == REGISTRATION or found.get("messages") == 1
    assert "Traceback" not in said.errors
    assert f"{wrong}: line 5" in said.errors and "cannot be read" in said.errors
    assert "there is no mapping for QQQ^Q01" in said.errors
    assert "bank statements are not explained" in said.errors


def test_errors_name_no_value(tmp_path: Path) -> None:
    file = tmp_path / "one.hl7"
    file.write_bytes(adt("A08", "C1", pid={5: "", 7: "Weaver"}))
    said = command(["map", "coverage", str(file)])
    assert "Weaver" not in said.errors and "Weaver" not in said.output


def test_coverage_tells_the_fate_of_each_field() -> None:
    found = good("coverage", REGISTRATION, REMITTANCE, "--json").object
    assert found.keys() == {"messages", "counts", "fields"}
    assert found["messages"] == 2
    assert found["counts"].keys() == {"mapped", "decides", "dropped", "unknown"}
    assert sum(found["counts"].values()) == len(found["fields"])
    assert found["fields"]["PID-5.1"] == {"fate": "mapped", "seen": 1, "reason": None}
    dropped = found["fields"]["BPR06"]
    assert dropped["fate"] == "dropped" and "bank" in dropped["reason"]
    assert found["fields"]["ISA06"]["fate"] == "mapped"


def test_coverage_for_people() -> None:
    shown = good("coverage", REMITTANCE).output
    assert shown.startswith("1 messages: ")
    assert "  decides  ST01 (1)\n" in shown
    assert "  dropped  BPR06 (1): " in shown and "  unknown  TRN01 (1)\n" in shown


def test_rows_are_explained_by_the_layout_and_the_rules_of_their_source(config: Path) -> None:
    file = config.parent / "prices.csv"
    file.write_text("sku,price,remark\nGLV,12.10,x\nSYR,0.1,y\n")
    source = ("--config", str(config), "--source", "prices", "--json")
    first, _ = good("explain", str(file), *source).objects
    prices = {one["target"]: one for one in first["targets"]}
    assert prices["product.changed.v1/product/price/value"]["value"] == "12.10"
    assert prices["product.changed.v1/product/price/value"]["sources"] == ["/rows/0/price"]
    fields = good("coverage", str(file), *source).object["fields"]
    assert fields["/rows/*/remark"] == {"fate": "dropped", "seen": 2, "reason": "remarks are for buyers"}


def test_a_file_that_is_one_message_says_how_to_explain_it(config: Path) -> None:
    (config.parent / "prices.layout.toml").write_text(LAYOUT.format(message="file"))
    file = config.parent / "prices.csv"
    file.write_text("sku,price,remark\nGLV,12.10,x\n")
    said = command(["map", "explain", str(file), "--config", str(config), "--source", "prices"])
    assert said.code == 1
    assert 'message = "row"' in said.errors


def test_documents_have_the_reasons_that_their_rules_declare(config: Path) -> None:
    file = config.parent / "one.json"
    file.write_text('{"type":"contact","id":"C7","notes":"long","score":3}')
    fields = good("coverage", str(file), "--config", str(config), "--source", "crm", "--json").object["fields"]
    assert {path: one["fate"] for path, one in fields.items()} == {
        "/type": "mapped", "/id": "mapped", "/notes": "dropped", "/score": "unknown",
    }  # fmt: skip
    assert fields["/notes"]["reason"] == "notes are free text"


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "golden"
    folder.mkdir()
    for file in (REGISTRATION, REMITTANCE):
        shutil.copy(file, folder)
    return folder


def test_check_fails_until_what_is_there_is_accepted(corpus: Path) -> None:
    fresh = command(["map", "check", str(corpus)])
    assert fresh.code == 1
    assert f"2 differences; if they are meant: careloom map accept {corpus}" in fresh.output
    accepted = good("accept", str(corpus)).output
    assert accepted.count("wrote ") == 2 and "(nothing) → " in accepted
    assert "everything is as it was accepted" in good("check", str(corpus)).output
    assert good("accept", str(corpus)).output == ""


def test_check_shows_what_is_different_as_json_and_nothing_else(corpus: Path) -> None:
    good("accept", str(corpus))
    assert good("check", str(corpus), "--json").output == ""
    result = corpus / "a04_registration.expected.json"
    document: Any = json.loads(result.read_text("utf-8"))
    document[0]["events"][0]["data"]["patient"]["gender"] = "unknown"
    result.write_text(json.dumps(document))
    said = command(["map", "check", str(corpus), "--json"])
    assert said.code == 1
    different = said.object
    assert different["file"] == "a04_registration.hl7"
    assert (different["path"], different["was"]) == ("/0/events/0/data/patient/gender", "unknown")
    shown = command(["map", "check", str(corpus)]).output
    assert f'/0/events/0/data/patient/gender: "unknown" → "{different["now"]}"' in shown and "1 differences" in shown
    good("accept", str(corpus))
    assert good("check", str(corpus), "--json").output == ""


def test_wrong_calls_have_their_exit_codes(tmp_path: Path, corpus: Path) -> None:
    assert command(["map", "check", str(tmp_path / "absent")]).code == 2
    assert command(["map", "accept", REGISTRATION]).code == 2, "a file is no corpus"
    assert command(["map", "explain", REGISTRATION, "--source", "crm"]).code == 2
    shutil.copy(REGISTRATION, corpus / "a04_registration.edi")
    said = command(["map", "check", str(corpus)])
    assert (said.code, "rename one of them" in said.errors) == (3, True)
