"""The form of the tables: what each mark says, and that a malformed table is refused with its line."""

from __future__ import annotations

import pytest

from careloom.core.errors import FormatError
from careloom.formats.x12.definition import LoopUse, SegmentUse, SyntaxNote
from careloom.formats.x12.tables.reading import read_segments, read_set

SEGMENTS = """\
# a comment
C001 1 ID 2/3 M | 2 AN 1/50

AAA  1 ID 1/2 M | 2 R 1/18 | 3 C001 M x5
     4 N2 1/10   # goes on
     notes P0102 L010203
BBB  1 AN 1/1 x0
"""

SET = """\
set 999 005010X001 FA   # a comment
  ST R 1
  loop 1000A R 1
    N1 R 1 [1=PR,PE] [3=XV] +2..4,6 -5
    N3 S >1
  loop 2000 S >1
    LX R 1
    loop 2100 S 5
      NM1 R 1
  loop 3000 R 1
    PLB R 1
    again 2100 R 9
  SE R 1
"""


def test_elements_have_type_lengths_presence_and_repetition() -> None:
    aaa = read_segments(SEGMENTS, "s")["AAA"].elements
    assert [(e.position, e.type, e.minimum, e.maximum, e.mandatory, e.repeat) for e in aaa] == [
        (1, "ID", 1, 2, True, 1),
        (2, "R", 1, 18, False, 1),
        (3, "composite", 1, 1, True, 5),
        (4, "N2", 1, 10, False, 1),
    ]


def test_a_composite_gives_its_components_and_is_no_segment() -> None:
    found = read_segments(SEGMENTS, "s")
    assert sorted(found) == ["AAA", "BBB"]
    assert [(c.position, c.type, c.mandatory) for c in found["AAA"].elements[2].components] == [
        (1, "ID", True),
        (2, "AN", False),
    ]


def test_x0_repeats_without_limit() -> None:
    assert read_segments(SEGMENTS, "s")["BBB"].elements[0].repeat == 0


def test_notes_have_their_rule_and_positions() -> None:
    assert read_segments(SEGMENTS, "s")["AAA"].notes == (SyntaxNote("P", (1, 2)), SyntaxNote("L", (1, 2, 3)))


def test_a_set_nests_loops_by_indentation() -> None:
    read = read_set(SET, "t")
    assert (read.id, read.version, read.functional) == ("999", "005010X001", "FA")
    assert [use.id for use in read.content] == ["ST", "1000A", "2000", "3000", "SE"]
    outer = read.content[2]
    assert isinstance(outer, LoopUse)
    assert (outer.usage, outer.repeat, outer.opens_with.id) == ("S", 0, "LX")
    assert [use.id for use in outer.content] == ["LX", "2100"]


def test_a_use_has_qualifiers_and_what_the_guide_asks_and_forbids() -> None:
    loop = read_set(SET, "t").content[1]
    assert isinstance(loop, LoopUse)
    party, street = loop.content
    assert isinstance(party, SegmentUse) and isinstance(street, SegmentUse)
    assert party.qualifiers == {1: frozenset({"PR", "PE"}), 3: frozenset({"XV"})}
    assert (party.usage, party.repeat, party.required, party.unused) == ("R", 1, {2, 3, 4, 6}, {5})
    assert (street.usage, street.repeat, street.qualifiers, street.required) == ("S", 0, {}, frozenset())


def test_again_places_an_earlier_loop_with_its_own_usage() -> None:
    read = read_set(SET, "t")
    first, later = read.content[2], read.content[3]
    assert isinstance(first, LoopUse) and isinstance(later, LoopUse)
    again, original = later.content[1], first.content[1]
    assert isinstance(again, LoopUse) and isinstance(original, LoopUse)
    assert (again.id, again.usage, again.repeat, again.content) == ("2100", "R", 9, original.content)


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("AAA 1 AN 1/2\nAAA 1 AN 1/2", 2, "twice"),
        ("C001 1 AN 1/2\nC001 1 AN 1/2", 2, "twice"),
        ("aaa 1 AN 1/2", 1, "neither"),
        ("AAA 2 AN 1/2", 1, "element 1 of AAA"),
        ("\nAAA 1 AN 1/2 | 3 AN 1/2", 2, "element 2 of AAA"),
        ("AAA 1 XX 1/2", 1, "known type"),
        ("AAA 1 AN 12", 1, "known type"),
        ("AAA 1 AN", 1, "known type"),
        ("AAA 1 composite 1/2", 1, "known type"),
        ("AAA 1 C009", 1, "known type"),
        ("AAA 1 AN 1/2 Q", 1, "no M and no repetition"),
        ("AAA 1 AN 1/2 M M", 1, "no M and no repetition"),
        ("AAA 1 AN 1/2 xx", 1, "number"),
        ("AAA 1 AN 1/2 |", 1, "element 2 of AAA"),
        ("AAA 1 AN 1/2 | 2 AN 1/2\n  notes P0103", 1, "P0103"),
        ("AAA 1 AN 1/2 | 2 AN 1/2\n  notes Q0102", 1, "Q0102"),
        ("AAA 1 AN 1/2 | 2 AN 1/2\n  notes P01", 1, "P01"),
        ("AAA 1 AN 1/2 | 2 AN 1/2\n  notes P01021", 1, "P01021"),
        ("  1 AN 1/2", 1, "continues nothing"),
    ],
)
def test_a_malformed_segment_is_refused_with_its_line(text: str, line: int, reason: str) -> None:
    with pytest.raises(FormatError, match=reason) as caught:
        read_segments(text, "segments.txt")
    assert caught.value.location == f"segments.txt line {line}"


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("", 1, "first line"),
        ("ST R 1", 1, "first line"),
        ("set 999 005010", 1, "first line"),
        ("set 999 005010 FA\n  ST R 1\nSE R 1", 3, "indented less"),
        ("set 999 005010 FA\n    ST R 1", 2, "indented deeper"),
        ("set 999 005010 FA\n  ST R 1\n    N3 R 1", 3, "indented deeper"),
        ("set 999 005010 FA\n  ST X 1", 2, "R or S"),
        ("set 999 005010 FA\n  ST R", 2, "R or S"),
        ("set 999 005010 FA\n  ST R many", 2, "number"),
        ("set 999 005010 FA\n  loop 1000 R 1\n  SE R 1", 2, "does not begin with a segment"),
        ("set 999 005010 FA\n  loop 1000 R 1\n    loop 1100 R 1\n      N1 R 1", 2, "does not begin with a segment"),
        ("set 999 005010 FA\n  again 1000 R 1", 2, "not defined above"),
        ("set 999 005010 FA\n  N1 R 1 1=PR", 2, "none of"),
        ("set 999 005010 FA\n  N1 R 1 [1:PR]", 2, "no qualifier"),
        ("set 999 005010 FA\n  N1 R 1 [1=]", 2, "no qualifier"),
        ("set 999 005010 FA\n  N1 R 1 +x", 2, "number"),
        ("set 999 005010 FA\n  N1 R 1 -1,", 2, "number"),
        ("set 999 005010 FA\n  N1 R 1 -1..x", 2, "number"),
    ],
)
def test_a_malformed_set_is_refused_with_its_line(text: str, line: int, reason: str) -> None:
    with pytest.raises(FormatError, match=reason) as caught:
        read_set(text, "t.txt")
    assert caught.value.location == f"t.txt line {line}"
