"""Masking: the structure can be read, and nothing of the content."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careloom.security.masking import mask, mask_value

HL7 = "MSH|^~\\&|WARD|GENHOSP||2026||ADT^A04|M1|P|2.5.1\rPID|1||MRN42^^^GENHOSP||Quill^Tamsin||19840217|F\rZ01|note"


def test_an_hl7_message_keeps_its_segments_and_separators() -> None:
    assert mask(HL7) == (
        "MSH|^~\\&|xxxx|xxxxxxx||9999||xxx^x99|x9|x|9.9.9\nPID|9||xxx99^^^xxxxxxx||xxxxx^xxxxxx||99999999|x\nZ01|xxxx"
    )


def test_an_x12_interchange_keeps_its_segments() -> None:
    assert mask("ISA*00*SENDER~\nGS*HC~\nNM1*IL*1*QUILL*TAMSIN~") == "ISA*99*xxxxxx~\nGS*xx~\nNM1*xx*9*xxxxx*xxxxxx~"


def test_json_keeps_its_keys() -> None:
    text = json.dumps({"resourceType": "Patient", "name": [{"family": "Quill"}], "age": 42, "deceased": False})
    assert mask(text) == '{"resourceType": "xxxxxxx", "name": [{"family": "xxxxx"}], "age": 99, "deceased": xxxxx}'


@pytest.mark.parametrize("text", ["LEE|JAMES|1984", "LEE,JAMES", 'he said "Anna": fine', "ANN* 7", "PID|1||MRN42"])
def test_what_only_looks_like_structure_is_masked(text: str) -> None:
    assert not re.search(r"[A-Za-wyz0-8]", mask(text))


def test_a_quoted_name_inside_json_text_is_content() -> None:
    assert "Anna" not in mask(json.dumps({"note": 'she said "Anna": yes'}))


def test_other_scripts_and_their_marks_are_content() -> None:
    assert mask("Ærø José अनिता ٤٢") == "xxx xxxx xxxxx 99"


@given(st.text())
def test_a_value_alone_has_no_structure_that_stays(text: str) -> None:
    for before in ("", "MSH|", '{"Name": '):
        assert not re.search(r"[^\W_x9]|[^\x00-\x7f]", mask_value(before + text))


@given(st.text())
def test_nothing_of_free_text_is_left(text: str) -> None:
    assert not re.search(r"[^\W_x9]|[^\x00-\x7f]", mask("- " + text))


@given(st.text(st.characters(codec="ascii", exclude_categories=("Cc",))))
def test_punctuation_and_length_stay(text: str) -> None:
    masked = mask("- " + text)
    assert len(masked) == len(text) + 2
    assert re.sub(r"[A-Za-z0-9]", "", masked) == re.sub(r"[A-Za-z0-9]", "", "- " + text)
