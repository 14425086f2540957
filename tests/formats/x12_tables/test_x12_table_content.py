"""What must hold in every table, and facts of the guides that would be missed if they changed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

import pytest

from careloom.formats.x12.definition import LoopUse, SegmentUse, SetDefinition
from careloom.formats.x12.tables import segment_definition, set_definition, sets
from careloom.formats.x12.tables.catalogue import _segments as all_segments

ALL = sets()


def _name(definition: SetDefinition) -> str:
    return f"{definition.id}-{definition.version}"


every_set = pytest.mark.parametrize("definition", ALL, ids=_name)


def contents(definition: SetDefinition) -> Iterator[tuple[str, tuple[SegmentUse | LoopUse, ...]]]:
    """The content of the set and of every loop in it, with the path of the loop."""
    pending: list[tuple[str, tuple[SegmentUse | LoopUse, ...]]] = [(definition.id, definition.content)]
    while pending:
        path, content = pending.pop()
        yield path, content
        pending.extend((f"{path}/{use.id}", use.content) for use in content if isinstance(use, LoopUse))


def uses(definition: SetDefinition) -> Iterator[tuple[str, SegmentUse]]:
    for path, content in contents(definition):
        yield from ((path, use) for use in content if isinstance(use, SegmentUse))


def loop_at(definition: SetDefinition | None, *path: str) -> LoopUse:
    assert definition is not None
    content = definition.content
    for id in path:
        loop = next(use for use in content if isinstance(use, LoopUse) and use.id == id)
        content = loop.content
    return loop


@every_set
def test_a_set_is_framed_by_st_and_se(definition: SetDefinition) -> None:
    first, last = definition.content[0], definition.content[-1]
    assert (first.id, first.usage, first.repeat) == ("ST", "R", 1)
    assert (last.id, last.usage, last.repeat) == ("SE", "R", 1)
    assert len(definition.functional) == 2


@every_set
def test_a_loop_begins_with_a_segment_that_must_be_there_once(definition: SetDefinition) -> None:
    for path, content in contents(definition):
        if path != definition.id:
            opening = content[0]
            assert isinstance(opening, SegmentUse), path
            assert (opening.usage, opening.repeat) == ("R", 1), path


@every_set
def test_every_segment_is_defined(definition: SetDefinition) -> None:
    missing = {use.id for _, use in uses(definition) if segment_definition(use.id) is None}
    assert not missing


@every_set
def test_positions_exist_and_none_is_asked_for_and_forbidden(definition: SetDefinition) -> None:
    for path, use in uses(definition):
        segment = segment_definition(use.id)
        assert segment is not None
        known = {element.position for element in segment.elements}
        assert use.required | use.unused | set(use.qualifiers) <= known, (path, use.id)
        assert not use.required & use.unused, (path, use.id)
        assert not set(use.qualifiers) & use.unused, (path, use.id)
        assert not {e.position for e in segment.elements if e.mandatory} & use.unused, (path, use.id)


@every_set
def test_qualifiers_are_values_that_the_element_can_have(definition: SetDefinition) -> None:
    for path, use in uses(definition):
        segment = segment_definition(use.id)
        assert segment is not None
        for position, values in use.qualifiers.items():
            element = segment.elements[position - 1]
            element = element.components[0] if element.components else element
            wrong = [value for value in values if not element.minimum <= len(value) <= element.maximum]
            assert not wrong, (path, use.id, position)


@every_set
def test_neighbours_with_one_segment_are_told_apart(definition: SetDefinition) -> None:
    """At most one of them may take any qualifier; the others must not share a value."""
    for path, content in contents(definition):
        for id, run in groupby(content, key=lambda use: use.opens_with.id if isinstance(use, LoopUse) else use.id):
            several = [use.opens_with if isinstance(use, LoopUse) else use for use in run]
            assert sum(not use.qualifiers for use in several) <= 1, (path, id)
            taken: set[tuple[tuple[int, str], ...]] = set()
            for use in several:
                for position, values in use.qualifiers.items():
                    marks = {((position, value),) for value in values}
                    assert len(use.qualifiers) > 1 or not marks & taken, (path, id)
                    taken |= marks


@every_set
def test_loops_have_one_content_under_one_parent(definition: SetDefinition) -> None:
    for path, content in contents(definition):
        loops = [use.id for use in content if isinstance(use, LoopUse)]
        assert len(loops) == len(set(loops)) or definition.version == "005010", path
        assert path.count("/") <= 10


def test_every_segment_has_sensible_elements() -> None:
    for id, segment in all_segments().items():
        assert segment.elements, id
        for element in segment.elements:
            assert 0 < element.minimum <= element.maximum, (id, element.position)
            assert [part.position for part in element.components] == list(range(1, len(element.components) + 1))
            assert all(part.type != "composite" for part in element.components), (id, element.position)


def test_no_note_asks_for_what_is_mandatory_alone() -> None:
    for id, segment in all_segments().items():
        mandatory = {element.position for element in segment.elements if element.mandatory}
        for note in segment.notes:
            assert len(set(note.positions)) == len(note.positions), (id, note)
            assert note.rule == "E" or not set(note.positions) <= mandatory, (id, note)


def test_product_pairs_go_together() -> None:
    """A product identifier never stands without its qualifier (data elements 235 and 234)."""
    for id, first in (("IT1", 6), ("PO1", 6), ("LIN", 4), ("ACK", 7), ("POC", 8), ("SLN", 9)):
        segment = segment_definition(id)
        assert segment is not None
        pairs = {note.positions for note in segment.notes if note.rule == "P"}
        last = {"ACK": 25, "LIN": 30, "POC": 26, "SLN": 27}.get(id, 24)
        assert {(at, at + 1) for at in range(first, last + 1, 2)} <= pairs, id


@pytest.mark.parametrize(
    ("id", "position", "type", "minimum", "maximum", "mandatory"),
    [
        ("ISA", 6, "AN", 15, 15, True),
        ("ISA", 13, "N0", 9, 9, True),
        ("GS", 4, "DT", 8, 8, True),
        ("TA1", 5, "ID", 3, 3, True),
        ("ST", 3, "AN", 1, 35, False),
        ("BPR", 2, "R", 1, 18, True),
        ("NM1", 3, "AN", 1, 60, False),
        ("NM1", 9, "AN", 2, 80, False),
        ("REF", 2, "AN", 1, 50, False),
        ("TDS", 1, "N2", 1, 15, True),
        ("EB", 3, "ID", 1, 2, False),
        ("DTP", 3, "AN", 1, 35, True),
        ("HL", 1, "AN", 1, 12, True),
        ("BIN", 2, "B", 1, 999_999_999_999_999, True),
        ("CLM", 5, "composite", 1, 1, False),
    ],
)
def test_elements_of_the_standard(
    id: str, position: int, type: str, minimum: int, maximum: int, mandatory: bool
) -> None:
    segment = segment_definition(id)
    assert segment is not None
    element = segment.elements[position - 1]
    assert (element.type, element.minimum, element.maximum, element.mandatory) == (type, minimum, maximum, mandatory)


@pytest.mark.parametrize(("id", "position", "repeat"), [("EB", 3, 99), ("EQ", 1, 99), ("DMG", 5, 10), ("COB", 4, 9)])
def test_elements_that_repeat(id: str, position: int, repeat: int) -> None:
    segment = segment_definition(id)
    assert segment is not None
    assert segment.elements[position - 1].repeat == repeat


@pytest.mark.parametrize("version", ["005010X222A1", "005010X223A2", "005010X224A2", "004010X098A1"])
def test_claims_stand_under_the_subscriber_and_under_the_patient(version: str) -> None:
    definition = set_definition("837", version)
    own = loop_at(definition, "2000A", "2000B", "2300")
    patients = loop_at(definition, "2000A", "2000B", "2000C", "2300")
    assert own.content == patients.content
    assert own.opens_with.id == "CLM" and own.repeat == 100


def test_a_subscriber_claim_may_be_followed_by_a_patient() -> None:
    for version in ("005010X222A1", "005010X223A2", "005010X224A2"):
        subscriber = loop_at(set_definition("837", version), "2000A", "2000B")
        order = [use.id for use in subscriber.content]
        assert order.index("2300") < order.index("2000C"), version


@pytest.mark.parametrize(
    ("version", "line", "most"),
    [("005010X222A1", "SV1", 50), ("005010X223A2", "SV2", 999), ("005010X224A2", "SV3", 50)],
)
def test_service_lines(version: str, line: str, most: int) -> None:
    loop = loop_at(set_definition("837", version), "2000A", "2000B", "2300", "2400")
    assert (loop.opens_with.id, loop.content[1].id, loop.repeat) == ("LX", line, most)


def test_the_835_pays_claims_then_services_then_adjusts_the_provider() -> None:
    definition = set_definition("835", "005010X221A1")
    service = loop_at(definition, "2000", "2100", "2110")
    assert (service.opens_with.id, service.repeat) == ("SVC", 999)
    assert definition is not None and [use.id for use in definition.content][-2:] == ["PLB", "SE"]


def test_the_834_may_repeat_what_is_situational() -> None:
    """A member without wrong former data, school or custodian is complete (834 loops 2100B to 2100H)."""
    for id in ("2100B", "2100C", "2100D", "2100E", "2100F", "2100G", "2100H", "2200", "2300"):
        assert loop_at(set_definition("834", "005010X220A1"), "2000", id).usage == "S"
    assert loop_at(set_definition("834", "005010X220A1"), "2000", "2100A").usage == "R"
