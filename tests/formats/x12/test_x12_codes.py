"""Code lists of the user's own: what a declaration may say, and what is found with it. All codes here are invented."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from x12_files import changed, enclose, sample

from careloom.core.errors import ConfigurationError
from careloom.formats import x12
from careloom.formats.x12 import CodeLists
from careloom.formats.x12.inspecting import inspect

NOW = datetime(2026, 3, 1, 10, 15, tzinfo=UTC)
FILES = {"reasons.txt": '\ufeff# ours\n45\n\n"3","a text, for people"\n2;x\n253\tx\n1\n', "empty.txt": "# none\n\n"}


def read(name: str) -> str:
    if name not in FILES:
        raise FileNotFoundError(2, "No such file or directory", name)
    return FILES[name]


def lists(*places: str, named: str = "") -> CodeLists:
    return CodeLists.load(f"[lists]\n{named}\n[places]\n" + "\n".join(places), read)


def found(data: bytes, codes: CodeLists, **options: bool) -> list[tuple[str, str]]:
    findings = x12.validate(data, codes=codes, **options).findings
    return [(one.place, one.severity) for one in findings if one.code == "code-invalid"]


@pytest.mark.parametrize(
    ("name", "place", "good", "bad", "where"),
    [
        ("837p_patient", "2300/CLM05-1", ["11", "2Z"], ["2Z"], "2300[1]/CLM05-1, segment 20"),
        ("835_balanced", "CAS02", ["45", "3", "2", "1"], ["45", "3", "1"], "2110[2]/CAS02, segment 23"),
        ("835_balanced", "835:2100/CAS05", ["253"], ["45"], "2100[2]/CAS05, segment 25"),
        ("835_balanced", "SVC[01-1=HC]/01-2", ["99213", "73560"], ["73560"], "2110[1]/SVC01-2, segment 16"),
        ("835_balanced", "N1[01=PE]/03", ["XX"], ["ZZ"], "1000B[1]/N103, segment 11"),
        ("837p_patient", "BHT06", ["CH"], ["RP"], "BHT06, segment 4"),
    ],
)
def test_a_code_that_is_not_in_its_list_is_an_error_at_its_place(
    name: str, place: str, good: list[str], bad: list[str], where: str
) -> None:
    assert found(sample(name), lists(f'"{place}" = {good}')) == []
    assert (where, "error") in found(sample(name), lists(f'"{place}" = {bad}'))


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("835_balanced", "2110/CAS05"),  # only one on the claim has a fifth element
        ("835_balanced", "837:CAS02"),
        ("835_balanced", "SVC[01-1=AD]/01-2"),
        ("835_balanced", "CAS19"),
        ("837p_patient", "2010AA/N403"),
    ],
)
def test_a_list_says_nothing_of_other_loops_sets_and_qualifiers_nor_of_what_is_empty(name: str, place: str) -> None:
    codes = lists(f'"{place}" = ["559990001", "559990002"]')
    assert found(sample(name), codes) == []


def test_a_code_must_be_in_each_list_that_fits() -> None:
    wide, narrow = '"CAS02" = ["45", "3", "2", "1"]', '"2100/CAS02" = ["45"]'
    assert found(sample("835_balanced"), lists(wide, narrow)) == [("2100[2]/CAS02, segment 26", "error")]
    assert found(sample("835_balanced"), lists('"CAS02" = ["45", "3", "1"]', narrow)) == [
        ("2110[2]/CAS02, segment 23", "error"), ("2100[2]/CAS02, segment 26", "error"),
    ]  # fmt: skip


def test_each_repetition_of_an_element_is_looked_at() -> None:
    data = enclose(
        """
        BHT*0022*13*417*20260301*1015
        HL*1**20*1
        NM1*PR*2*NORTHERN HEALTH PLAN*****PI*NHP01
        HL*2*1*21*1
        NM1*1P*2*NORTHSHORE CLINIC*****XX*1999999992
        HL*3*2*22*0
        NM1*IL*1*VALE*IMOGEN****MI*NS55012
        DMG*D8*19840217
        EQ*30^1Q^2Q
        """,
        "270", "005010X279A1", "HS",
    )  # fmt: skip
    assert found(data, lists('"EQ01" = ["30", "1Q", "2Q"]')) == []
    assert [place.partition(",")[0] for place, _ in found(data, lists('"EQ01" = ["30", "2Q"]'))] == ["2110C[1]/EQ01[2]"]


def test_lists_find_the_same_in_loops_that_are_judged_at_one_stroke() -> None:
    lines = sample("835_balanced").decode().split("~\n")
    start, end = lines.index("LX*1"), next(at for at, line in enumerate(lines) if line.startswith("PLB"))
    claim = [line for line in lines[start + 1 : end] if line][:11]
    wrong = [line.replace("CAS*CO*45*", "CAS*CO*46*") for line in claim]
    many = [claim] * 300 + [wrong] + [claim] * 300 + [wrong]
    text = "~\n".join([*lines[: start + 1], *(line for one in many for line in one), *lines[end:]])
    codes = lists('"CAS02" = "reasons"', named='reasons = "reasons.txt"')
    places = [place.partition(",")[0] for place, _ in found(text.encode(), codes)]
    assert places == ["2110[601]/CAS02", "2110[1203]/CAS02"]


def test_what_was_found_goes_into_the_999_as_a_value_that_is_no_code() -> None:
    codes = lists('"2300/CLM05-1" = ["2Z"]')
    assessment = x12.validate(sample("837p_patient"), codes=codes)
    [reply] = x12.acknowledge(assessment, time=NOW, control=7)
    answer = x12.read_acknowledgement(next(x12.parse(reply.data)[0].transactions))
    complaint = answer.sets[0].complaints[0]
    assert reply.verdict == "rejected"
    assert (complaint.segment_id, complaint.loop, complaint.element, complaint.component, complaint.code) == (
        "CLM", "2300", 5, 1, "7",
    )  # fmt: skip


def test_where_the_table_is_that_of_another_guide_it_is_a_warning() -> None:
    data = sample("837p_patient").replace(b"005010X222A1", b"005010X999A1")
    severities = {severity for _, severity in found(data, lists('"2300/CLM05-1" = ["2Z"]'))}
    assert severities == {"warning"}


def test_inspection_takes_lists_too() -> None:
    seen = inspect(sample("837p_patient"), codes=lists('"2300/CLM05-1" = ["2Z"]'))
    assert not seen.valid and seen.findings[0].code == "code-invalid" and "11" not in seen.findings[0].text


def test_a_named_list_and_a_file_serve_several_places() -> None:
    codes = lists('"CAS02" = "reasons"', '"CAS05" = "reasons"', named='reasons = "reasons.txt"')
    assert len(codes) == 2
    assert found(sample("835_balanced"), codes) == []
    spoilt = changed(sample("835_balanced"), ("CAS*PR*2*10", "CAS*PR*9*10"))
    assert found(spoilt, codes) == [("2110[2]/CAS02, segment 23", "error")]


WRONG: list[tuple[str, Mapping[str, str]]] = [
    ('[places]\n"CLM05" = ["11"]', {'places."CLM05"': "has components; name one, CLM05-1"}),
    ('[places]\n"CLM05-9" = ["11"]', {'places."CLM05-9"': "CLM05 has no component 9"}),
    ('[places]\n"CLM99" = ["11"]', {'places."CLM99"': "CLM has no element 99"}),
    ('[places]\n"CLM02-1" = ["11"]', {'places."CLM02-1"': "CLM02 has no component 1"}),
    ('[places]\n"QQQ01" = ["11"]', {'places."QQQ01"': "no segment QQQ of any set"}),
    ('[places]\n"2310Z/NM101" = ["11"]', {'places."2310Z/NM101"': "no segment NM1 in a loop 2310Z of any set"}),
    ('[places]\n"835:CLM02" = ["11"]', {'places."835:CLM02"': "no segment CLM of a set 835"}),
    ('[places]\n"ISA05" = ["ZZ"]', {'places."ISA05"': "no segment ISA"}),
    ('[places]\n"2300[2]/CLM05-1" = ["11"]', {'places."2300[2]/CLM05-1"': "leave out the numbers"}),
    ('[places]\n"2000A/2300/CLM05-1" = ["11"]', {'places."2000A/2300/CLM05-1"': "name the innermost loop"}),
    ('[places]\n"SVC[77=HC]/01-2" = ["11"]', {'places."SVC[77=HC]/01-2"': "SVC has no element 77"}),
    ('[places]\n"claim place" = ["11"]', {'places."claim place"': "is no place"}),
    ('[places]\n"CLM07" = []', {'places."CLM07"': "is empty"}),
    ('[places]\n"CLM07" = 4', {'places."CLM07"': "neither a list of codes nor the name of one"}),
    ('[places]\n"CLM07" = ["A", 5]', {'places."CLM07"': 'code 2 is no text of ASCII; write it in quotes, "05"'}),
    ('[places]\n"CLM07" = "gone"', {'places."CLM07"': "names 'gone', and [lists] has none"}),
    ('[lists]\na = "gone.txt"\n[places]\n"CLM07" = "a"', {"lists.a": "gone.txt cannot be read: No such file"}),
    ('[lists]\na = "empty.txt"\n[places]\n"CLM07" = "a"', {"lists.a": "empty.txt holds no code"}),
    ("[lists]\na = []", {"lists.a": "is empty"}),
    ("lists = 3\nplaces = []", {"lists": "is no table", "places": "is no table"}),
    ('[places]\n[place]\n"CLM07" = ["A"]', {"place": "neither [lists] nor [places]"}),
    ("[lists]\na = [\"1\"]", {"places": "is empty"}),
    ('[places]\n"CLM99" = ["11"]\n"QQQ01" = []', {'places."CLM99"': "no element", 'places."QQQ01"': "no segment"}),
    ("places = [", {"the code lists are no TOML": "Invalid value"}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), WRONG)
def test_every_mistake_is_told_at_its_place(text: str, expected: Mapping[str, str]) -> None:
    with pytest.raises(ConfigurationError) as raised:
        CodeLists.load(text, read)
    lines = str(raised.value).splitlines()
    for place, reason in expected.items():
        assert any(line.startswith(f"{place}: ") and reason in line for line in lines), lines


def test_a_file_can_only_be_named_where_there_is_a_folder() -> None:
    with pytest.raises(ConfigurationError, match=r"lists\.a: the file a\.txt cannot be read: there is no folder"):
        CodeLists.load('[lists]\na = "a.txt"\n[places]\n"CLM07" = "a"')
