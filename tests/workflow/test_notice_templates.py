"""Templates: filled by name only; what is missing is told with its line before anything runs; staff see no patient."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from careloom.core.errors import ConfigurationError, FormatError
from careloom.workflow.templates import SHIPPED, CaseTold, Id, Link, Notice, Templates


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    day: str


class Named(msgspec.Struct, frozen=True, kw_only=True):
    case: UUID
    name: str


class Order(msgspec.Struct, frozen=True, kw_only=True):
    order: Id
    link: Link


VISIT, ORDER = Notice("visit", Visit, "patient"), Notice("order", Order)


def project(folder: Path, name: str, text: str) -> Path:
    (folder / "notices").mkdir(exist_ok=True)
    (folder / "notices" / f"{name}.txt").write_text(text)
    return folder


def test_ours_are_whole_and_a_project_may_have_its_own(tmp_path: Path) -> None:
    values = CaseTold(case=UUID(int=7), link="https://hub.example.org/cases/7")
    for notice in SHIPPED:
        subject, text = Templates(SHIPPED).write(notice, values)
        assert subject and str(values.case) in text and values.link in text
    base = project(tmp_path, "case-overdue", "Subject: Late: {case}\n\nLook at {link}\n")
    written = Templates(SHIPPED, base).write(SHIPPED[2], values)
    assert written == (f"Late: {values.case}", f"Look at {values.link}\n")


def test_filled_by_name_and_what_is_filled_in_is_no_template(tmp_path: Path) -> None:
    base = project(tmp_path, "visit", "Subject: {day}\n\nDear {name},\n\nsee you on {day}.\n")
    subject, text = Templates([VISIT], base).write(VISIT, Visit(name="{day} {0.x}", day="2 March\nBcc: x"))
    assert subject == "2 March Bcc: x"
    assert text == "Dear {day} {0.x},\n\nsee you on 2 March\nBcc: x.\n"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Subject: {when}\n\nx\n", "notices/visit.txt:1: there is no value 'when'; visit has day, name"),
        ("Subject: x\n\n\nDear {name},\n{place}\n", "notices/visit.txt:5: there is no value 'place'"),
        ("Subject: x\n{name.upper}\n", "notices/visit.txt:2: a brace stands only"),
        ("Subject: x\n\n{name!r} {Name} }\n", "notices/visit.txt:3: a brace stands only"),
        ("Hello\n\nx\n", "notices/visit.txt:1: it begins with a line"),
        ("Subject:  \n\nx\n", "notices/visit.txt:1: it begins with a line"),
        ("Subject: x\n\n \n", "notices/visit.txt:2: it has a text"),
    ],
)
def test_what_cannot_be_filled_is_told_with_its_line(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        Templates([VISIT], project(tmp_path, "visit", text))
    assert str(raised.value).startswith(problem)


def test_everything_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    base = project(tmp_path, "visit", "Subject: {a}\n\n{b}\n")
    (tmp_path / "notices" / "order.txt").write_bytes(b"Subject: \xff\n")
    with pytest.raises(ConfigurationError) as raised:
        Templates([VISIT, ORDER, Notice("absent", Order)], base)
    places = [line.partition(" ")[0] for line in str(raised.value).splitlines()]
    assert places == ["notices/visit.txt:1:", "notices/visit.txt:3:", "notices/order.txt:", "notices/absent.txt:"]


def test_what_staff_are_told_can_hold_no_name(tmp_path: Path) -> None:
    base = project(tmp_path, "named", "Subject: x\n\n{case}\n")
    with pytest.raises(ConfigurationError, match="named: name is told to staff"):
        Templates([Notice("named", Named)], base)
    Templates([Notice("named", Named, "patient")], base)


@pytest.mark.parametrize(
    ("order", "link", "place"),
    [
        ("Quillfeather", "https://hub.example.org/1", "order.order"),
        ("Ottilie Quillfeather 1", "https://hub.example.org/1", "order.order"),
        ("1\n2", "https://hub.example.org/1", "order.order"),
        ("PO-7", "javascript:alert(1)", "order.link"),
        ("PO-7", "https://hub.example.org/Ottilie Quillfeather", "order.link"),
    ],
)
def test_a_value_that_is_no_id_or_link_is_refused_and_never_shown(
    tmp_path: Path, order: str, link: str, place: str
) -> None:
    templates = Templates([ORDER], project(tmp_path, "order", "Subject: {order}\n\n{link}\n"))
    assert templates.write(ORDER, Order(order="PO-7", link="https://hub.example.org/1"))[0] == "PO-7"
    with pytest.raises(FormatError) as raised:
        templates.write(ORDER, Order(order=order, link=link))
    assert raised.value.location == place
    assert "Quillfeather" not in str(raised.value)


def test_what_was_not_declared_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="not declared"):
        Templates(SHIPPED).write(ORDER, Order(order="PO-7", link="https://hub.example.org/1"))
    with pytest.raises(FormatError, match="is no CaseTold"):
        Templates(SHIPPED).write(SHIPPED[0], Order(order="PO-7", link="https://hub.example.org/1"))
