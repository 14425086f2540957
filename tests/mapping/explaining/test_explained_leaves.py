"""The single values of messages: each has a path of its own, and can be put back as it was."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.mapping.explaining.conftest import CONTACT, JSON, PRICES, ROWS, samples, units

from careloom.core.errors import ConfigurationError, FormatError
from careloom.mapping.explaining.leaves import Leaf, leaves, together
from careloom.mapping.source import Settings

HEAD = b"MSH|^~\\&|LAB|NORTH|CARELOOM|NORTH|20260301083000||ADT^A04^ADT_A01|C1|P|2.5.1\r"
ISA = (
    b"ISA*00*          *00*          *ZZ*EXAMPLEPAYER   *30*990000001      "
    b"*260310*0915*^*00501*000000042*0*P*:~GS*HP*EXPAY*EXHOSP*20260310*0915*42*X*005010X221A1~"
)
EXACT: Any = msgspec.json.Decoder(float_hook=Decimal)
WORDS = st.text(st.characters(blacklist_categories=("Cc", "Cs", "Zs", "Zl", "Zp"), blacklist_characters='|^~\\&*:"'))
DOCUMENTS = st.dictionaries(
    st.text(max_size=5),
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.decimals(-1000, 1000, places=2) | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
        max_leaves=15,
    ),
    max_size=4,
)


def found(format: str, body: bytes) -> dict[str, Leaf]:
    """By path; each of which must lead to one value."""
    every = list(leaves(format, body))
    counted = Counter(leaf.path for leaf in every)
    assert [path for path, count in counted.items() if count > 1] == []
    return {leaf.path: leaf for leaf in every}


def values(format: str, body: bytes) -> dict[str, str]:
    return {path: leaf.value for path, leaf in found(format, body).items()}


def same(format: str, one: bytes, other: bytes) -> bool:
    return one == other if format in ("hl7v2", "x12") else EXACT.decode(one) == EXACT.decode(other)


def sampled() -> list[Any]:
    cases = [
        pytest.param(format, file.read_bytes(), Settings(), id=file.name)
        for format in ("hl7v2", "x12", "fhir")
        for file in samples(format)
    ]
    return [*cases, pytest.param("json", CONTACT, JSON, id="json"), pytest.param("csv", PRICES, ROWS, id="rows")]


@pytest.mark.parametrize(("format", "data", "settings"), sampled())
def test_every_value_of_a_sample_has_a_path_of_its_own_and_goes_back_as_it_was(
    format: str, data: bytes, settings: Settings
) -> None:
    read = units(format, data, settings)
    assert read
    for unit in read:
        there = found(format, unit.body)
        assert there
        for path, leaf in there.items():
            assert same(format, leaf.replaced(leaf.value), unit.body), path
            assert not same(format, leaf.replaced(""), unit.body), path


@pytest.mark.parametrize(("format", "data", "settings"), sampled())
def test_what_was_put_in_a_place_is_read_there_again(format: str, data: bytes, settings: Settings) -> None:
    for unit in units(format, data, settings):
        there = found(format, unit.body)
        for path in list(there)[:: max(1, len(there) // 10)]:
            if format != "x12" or path not in ("ISA12", "ISA05", "ISA07"):
                put = there[path].replaced("7")
                try:
                    again = values(format, put)
                except FormatError:
                    continue  # such as MSH-12, without which nothing is read
                if path in again:
                    assert again[path] in ("7", "true", "false"), path
                    assert [
                        one for one in again if one in there and one != path and again[one] != there[one].value
                    ] == []


@given(st.lists(st.lists(WORDS, min_size=1, max_size=5), min_size=1, max_size=6), st.sampled_from("|^~&"))
def test_hl7v2_of_any_text(segments: list[list[str]], mark: str) -> None:
    body = HEAD + b"".join(f"ZZ1|{mark.join(fields)}\r".encode() for fields in segments)
    for leaf in found("hl7v2", body).values():
        assert leaf.replaced(leaf.value) == body


@given(st.lists(st.lists(WORDS, min_size=1, max_size=5), max_size=6), st.sampled_from("*:^"))
def test_x12_of_any_text(segments: list[list[str]], mark: str) -> None:
    inner = b"".join(f"REF*ZZ*{mark.join(fields)}~\r\n".encode() for fields in segments)
    body = ISA + b"ST*835*0001~" + inner + b"SE*3*0001~GE*1*42~IEA*1*000000042~"
    for leaf in found("x12", body).values():
        assert leaf.replaced(leaf.value) == body


@given(DOCUMENTS)
def test_json_of_any_shape(document: dict[str, Any]) -> None:
    body = msgspec.json.Encoder(decimal_format="number").encode(document)
    for format in ("json", "fhir", "event"):
        for leaf in found(format, body).values():
            assert EXACT.decode(leaf.replaced(leaf.value)) == EXACT.decode(body), leaf.path


def test_hl7v2_paths_are_those_of_the_standard() -> None:
    body = HEAD + b'PID|1||N-1^^^NORTH&2.999&ISO^MR~N-2|""| |A\\T\\B\rNK1|1\rNK1|2\r'
    there = values("hl7v2", body)
    assert {path: value for path, value in there.items() if path.startswith("PID")} == {
        "PID-1.1": "1", "PID-3.1": "N-1", "PID-3.4": "NORTH", "PID-3.4.2": "2.999", "PID-3.4.3": "ISO",
        "PID-3.5": "MR", "PID-3[2].1": "N-2", "PID-6.1": "A\\T\\B",
    }  # fmt: skip
    assert [path for path in there if path.startswith("NK1")] == ["NK1-1.1", "NK1[2]-1.1"]
    assert "MSH-1.1" not in there and "MSH-2.1" not in there
    assert (there["MSH-3.1"], there["MSH-9.2"], there["MSH-10.1"]) == ("LAB", "A04", "C1")
    generals = {leaf.path: leaf.general for leaf in leaves("hl7v2", body)}
    assert (generals["PID-3[2].1"], generals["NK1[2]-1.1"]) == ("PID-3.1", "NK1-1.1")


def test_letters_beyond_ascii_are_read_and_put_in_as_the_message_writes_them() -> None:
    for encoding in ("utf-8", "latin-1"):
        body = HEAD + "PID|1||N-1||Größe^Ünal\r".encode(encoding)
        leaf = found("hl7v2", body)["PID-5.1"]
        assert leaf.value == "Größe"
        assert leaf.replaced("Müller") == body.replace("Größe".encode(encoding), "Müller".encode(encoding))


def test_x12_paths_are_loops_elements_repetitions_and_components() -> None:
    body = (
        ISA + b"ST*271*0001*005010X279A1~BHT*0022*11*1*20260310*0915~HL*1**20*1~NM1*PR*2*EXAMPLE PLAN~HL*2*1*21*1~"
        b"NM1*1P*2*EXAMPLE CLINIC~HL*3*2*22*0~NM1*IL*1*QUILL*TAMSIN~EB*1*IND*30^98*MB~EB*C**47~SE*10*0001~"
        b"GE*1*42~IEA*1*000000042~"
    )
    there = values("x12", body)
    assert (there["2110C/EB03"], there["2110C/EB03[2]"], there["2110C[2]/EB03"]) == ("30", "98", "47")
    assert (there["2100C/NM103"], there["BHT02"], there["ST01"]) == ("QUILL", "11", "271")
    assert {leaf.general for leaf in leaves("x12", body) if "EB03" in leaf.path} == {"2110C/EB03"}


def test_the_envelope_of_x12_has_values_but_its_delimiters_and_padding_are_none() -> None:
    body = ISA + b"ST*835*0001~SE*2*0001~GE*1*42~IEA*1*000000042~"
    there = values("x12", body)
    assert (there["ISA06"], there["ISA08"], there["GS03"]) == ("EXAMPLEPAYER", "990000001", "EXHOSP")
    assert not {"ISA02", "ISA04", "ISA11", "ISA16"} & there.keys()
    assert not any(path.startswith(("GE", "IEA")) for path in there)


@pytest.mark.parametrize(
    ("path", "other", "stands"),
    [
        ("ISA06", "OTHER", b"*OTHER          *"),
        ("ISA06", "", b"*ZZ*               *30*"),
        ("ISA06", "A SENDER OF MANY LETTERS", b"*A SENDER OF MAS*"),
        ("ISA15", "PQ", b"*0*Q*:~"),
        ("GS02", "LONGER THAN BEFORE", b"*LONGER THAN BEFORE*"),
    ],
)
def test_what_stands_in_a_fixed_width_stays_as_wide(path: str, other: str, stands: bytes) -> None:
    body = ISA + b"ST*835*0001~SE*2*0001~GE*1*42~IEA*1*000000042~"
    made = found("x12", body)[path].replaced(other)
    assert stands in made
    assert path.startswith("GS") or len(made) == len(body)


def test_several_sets_and_acknowledgements_of_a_file_do_not_share_paths() -> None:
    one = ISA + b"TA1*000000007*260310*0915*A*000~ST*835*0001~TRN*1*A~SE*3*0001~ST*835*0002~TRN*1*B~SE*3*0002~GE*2*42~"
    there = values("x12", (one + b"IEA*1*000000042~") * 2)
    assert [there[path] for path in ("TRN02", "ST[2]/TRN02", "ST[3]/TRN02", "TA101", "TA1[2]01")] == [
        "A", "B", "A", "000000007", "000000007",
    ]  # fmt: skip
    assert there["ISA[2]06"] == "EXAMPLEPAYER" and there["GS[2]03"] == "EXHOSP"


def test_json_keeps_every_digit_when_another_value_is_replaced() -> None:
    body = b'{"a":12.10,"b":0.1,"c":12345678901234567,"d":"x","e":1e2}'
    assert found("json", body)["/d"].replaced("y") == b'{"a":12.10,"b":0.1,"c":12345678901234567,"d":"y","e":1E+2}'
    assert found("json", body)["/a"].replaced("12.17") == body.replace(b"12.10", b"12.17").replace(b"1e2", b"1E+2")


def test_json_values_keep_their_type() -> None:
    there = found("json", b'{"n":1,"t":true,"f":[false,"a/b"],"x/y~z":"s","m":-2.5}')
    made = {path: EXACT.decode(leaf.replaced("another")) for path, leaf in there.items()}
    assert list(there) == ["/n", "/t", "/f/0", "/f/1", "/x~1y~0z", "/m"]
    assert (made["/n"]["n"], made["/t"]["t"], made["/f/0"]["f"]) == (2, False, [True, "a/b"])
    assert (made["/x~1y~0z"]["x/y~z"], made["/m"]["m"]) == ("another", Decimal("-1.5"))
    assert EXACT.decode(there["/f/0"].replaced("")) == {
        "n": 1,
        "t": True,
        "f": ["a/b"],
        "x/y~z": "s",
        "m": Decimal("-2.5"),
    }


def test_fhir_elements_are_those_of_the_resource_that_they_stand_in() -> None:
    body = (
        b'{"resourceType":"Bundle","entry":[{"fullUrl":"urn:uuid:1","resource":{"resourceType":"Patient",'
        b'"name":[{"given":["Ada","Mae"]}],"contained":[{"resourceType":"Organization","name":"North"}]}}]}'
    )
    generals = {leaf.path: leaf.general for leaf in leaves("fhir", body)}
    assert generals == {
        "/resourceType": "Bundle.resourceType",
        "/entry/0/fullUrl": "Bundle.entry.fullUrl",
        "/entry/0/resource/resourceType": "Patient.resourceType",
        "/entry/0/resource/name/0/given/0": "Patient.name.given",
        "/entry/0/resource/name/0/given/1": "Patient.name.given",
        "/entry/0/resource/contained/0/resourceType": "Organization.resourceType",
        "/entry/0/resource/contained/0/name": "Organization.name",
    }


def test_rows_have_their_columns_and_not_where_they_stood() -> None:
    [unit] = units("csv", PRICES, ROWS)
    there = values("csv", unit.body)
    assert set(there) == {f"/rows/{row}/{name}" for row in (0, 1) for name in PRICES.decode().split()[0].split(",")}
    assert (there["/rows/0/price"], there["/rows/1/sku"]) == ("12.10", "SYR")
    assert {leaf.general for leaf in leaves("csv", unit.body) if leaf.path.endswith("sku")} == {"/rows/*/sku"}


@pytest.mark.parametrize(
    ("format", "body", "said"),
    [
        ("bank", b":20:X", "bank statements are not explained"),
        ("fax", b"x", "hl7v2, x12, fhir, json"),
        ("csv", PRICES, 'message = "row"'),
    ],
)
def test_what_is_not_explained_says_so(format: str, body: bytes, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        list(leaves(format, body))


@pytest.mark.parametrize(("format", "body"), [("json", b"{"), ("fhir", b"[" * 100_000), ("hl7v2", b"x"), ("x12", b"x")])
def test_what_cannot_be_read_is_refused(format: str, body: bytes) -> None:
    with pytest.raises(FormatError):
        list(leaves(format, body))


@pytest.mark.parametrize(("format", "data", "settings"), sampled())
def test_several_values_are_replaced_as_one_after_another(format: str, data: bytes, settings: Settings) -> None:
    for unit in units(format, data, settings):
        every = list(leaves(format, unit.body))
        last = every[-1]
        alone = last.replaced("")
        assert together([(leaf, leaf.value) for leaf in every[:-1]] + [(last, "")]) == alone or format == "fhir"
        assert same(format, together([(leaf, leaf.value) for leaf in every]), unit.body)


def test_items_that_are_taken_out_of_a_list_together_leave_the_others() -> None:
    there = found("json", b'{"a":["p","q","r",["s","t"]],"b":1}')
    taken = [(there[path], "") for path in ("/a/0", "/a/2", "/a/3/0", "/b")]
    assert EXACT.decode(together(taken)) == {"a": ["q", ["t"]]}
