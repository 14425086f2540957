"""The gate for published events: code may add to them, and nothing else. Each kind of breach is tried."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import msgspec
import pytest

from careloom.model import compatibility
from careloom.model.compatibility import Catalogue, Field, Published, breaches, current, published, write

TODAY = date(2026, 11, 21)
NOW = current()
Change = Callable[[dict[str, Field]], None]


def test_the_code_keeps_what_was_published() -> None:
    """If this fails, the code would break readers of the events below: do what each line says."""
    found = breaches(published(), NOW, TODAY)
    assert not found, "\n" + "\n".join(map(str, found))


def test_what_the_code_adds_is_published() -> None:
    assert published() == NOW, "additions are not published yet: python -m careloom.model.compatibility --write"


def changed(type_: str, change: Change) -> Catalogue:
    """The catalogue of today with one type changed."""
    members = dict(NOW.types[type_])
    change(members)
    return Catalogue(NOW.events, {**NOW.types, type_: members})


def replace(member: str, **values: object) -> Change:
    def change(members: dict[str, Field]) -> None:
        members[member] = msgspec.structs.replace(members[member], **values)

    return change


def remove(member: str) -> Change:
    def change(members: dict[str, Field]) -> None:
        del members[member]

    return change


def add(member: str, field: Field) -> Change:
    def change(members: dict[str, Field]) -> None:
        members[member] = field

    return change


def rename(member: str, to: str) -> Change:
    def change(members: dict[str, Field]) -> None:
        members[to] = members.pop(member)

    return change


TEXT = {"type": "string"}


@pytest.mark.parametrize(
    ("type_", "change", "place", "what"),
    [
        ("Claim", remove("drg"), "$.claim.drg", "removed or renamed"),
        ("Claim", rename("total", "sum"), "$.claim.total", "removed or renamed"),
        ("Claim", replace("drg", required=True), "$.claim.drg", "required now"),
        ("Claim", replace("total", required=False), "$.claim.total", "may be absent now"),
        ("Claim", replace("total", ref=None, is_={"type": "number"}), "$.claim.total", "another type"),
        ("Claim", replace("drg", is_={"type": "integer"}), "$.claim.drg", "another type"),
        ("Claim", replace("drg", is_=None, ref="Money"), "$.claim.drg", "another type"),
        ("Claim", replace("drg", is_=None, list_=Field(is_=TEXT)), "$.claim.drg", "another type"),
        ("Claim", replace("item", list_=None, ref="ClaimItem"), "$.claim.item", "another type"),
        ("Claim", replace("diagnosis", at_least=1), "$.claim.diagnosis", "must hold 1 now"),
        ("Claim", add("mood", Field(is_=TEXT, required=True)), "$.claim.mood", "new and required"),
        ("Claim", replace("type", enum=("dental", "pharmacy")), "$.claim.type", "institutional or professional"),
        ("Claim", replace("type", enum=None, is_=TEXT), "$.claim.type", "another type"),
        ("Money", replace("currency", is_={**TEXT, "pattern": "^USD$"}), "$.claim.total.currency", "other limits"),
        ("Money", replace("value", is_={"type": "number"}), "$.claim.total.value", "another type"),
        ("ClaimItem", remove("net"), "$.claim.item.net", "removed or renamed"),
        ("Period", remove("end"), "$.claim.billablePeriod.end", "removed or renamed"),
    ],
)
def test_a_breach_is_found_and_says_what_to_do(type_: str, change: Change, place: str, what: str) -> None:
    found = [one for one in breaches(NOW, changed(type_, change), TODAY) if one.event == "claim.submitted.v1"]
    (one,) = [one for one in found if one.path == place]
    assert what in one.what
    assert "make claim.submitted.v2 beside it" in str(one)


def test_a_change_of_what_absence_means_is_a_breach() -> None:
    (one,) = [
        one
        for one in breaches(NOW, changed("Invoice", replace("kind", default="credit-note")), TODAY)
        if one.event == "invoice.issued.v1"
    ]
    assert (one.path, one.what) == ("$.invoice.kind", "means something else now where it is absent")


def test_a_breach_of_a_shared_type_is_told_for_every_event_that_has_it() -> None:
    found = breaches(NOW, changed("Patient", remove("birthDate")), TODAY)
    events = {one.event for one in found}
    assert {"registration.created.v1", "patient.merged.v1", "claim.submitted.v1"} <= events
    assert "settlement.received.v1" not in events


@pytest.mark.parametrize(
    ("type_", "change"),
    [
        ("Claim", add("mood", Field(is_=TEXT))),
        ("Claim", add("kin", Field(ref="Money"))),
        ("Claim", replace("type", enum=("dental", "institutional", "pharmacy", "professional", "vision"))),
        ("Claim", replace("item", at_least=0)),
    ],
)
def test_additions_are_allowed(type_: str, change: Change) -> None:
    assert breaches(NOW, changed(type_, change), TODAY) == ()


def test_a_new_event_and_a_renamed_class_are_allowed() -> None:
    renamed = {"Bill" if name == "Claim" else name: _renamed(one) for name, one in NOW.types.items()}
    events = {**NOW.events, "claim.submitted.v2": Published("ClaimSubmitted")}
    assert breaches(NOW, Catalogue(events, renamed), TODAY) == ()


def _renamed(members: object) -> dict[str, Field]:
    assert isinstance(members, dict)
    return {
        name: msgspec.structs.replace(one, ref="Bill") if one.ref == "Claim" else one for name, one in members.items()
    }


@pytest.mark.parametrize(("sunset", "gone"), [(None, 1), (date(2026, 11, 22), 1), (TODAY, 0), (date(2026, 1, 1), 0)])
def test_an_event_may_go_once_its_sunset_has_come(sunset: date | None, gone: int) -> None:
    old = Catalogue({**NOW.events, "old.told.v1": Published("ClaimSubmitted", sunset)}, NOW.types)
    found = breaches(old, NOW, TODAY)
    assert len(found) == gone
    assert all("before its sunset" in str(one) and "old.told.v2" in str(one) for one in found)


def test_publishing_is_one_member_a_line_and_reads_back(tmp_path: Path) -> None:
    write(NOW, tmp_path)
    assert published(tmp_path) == NOW
    lines = (tmp_path / "types.json").read_text().splitlines()
    assert len(lines) == sum(len(one) + 2 for one in NOW.types.values()) + 2
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        path.name: path.read_bytes() for path in compatibility.FOLDER.iterdir()
    }


def test_the_command_publishes_checks_and_refuses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert compatibility.main([], tmp_path) == 0
    assert not list(tmp_path.iterdir())
    assert compatibility.main(["--write"], tmp_path) == 0
    assert f"published {len(NOW.events)} events" in capsys.readouterr().out
    types = json.loads((tmp_path / "types.json").read_text())
    types["Claim"]["drg"]["required"] = True
    types["Claim"]["wish"] = {"is": TEXT}
    (tmp_path / "types.json").write_text(json.dumps(types))
    assert compatibility.main(["--write"], tmp_path) == 1
    told = capsys.readouterr().err
    assert "claim.submitted.v1: $.claim.wish: was removed or renamed" in told
    assert "claim.submitted.v1: $.claim.drg: may be absent now" in told
    assert json.loads((tmp_path / "types.json").read_text()) == types


def _fields() -> Iterator[Field]:
    for members in NOW.types.values():
        yield from members.values()


def test_each_member_has_exactly_one_sort_of_type() -> None:
    for one in _fields():
        assert sum(kind is not None for kind in (one.is_, one.enum, one.list_, one.ref)) == 1
