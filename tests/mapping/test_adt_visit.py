"""PV1, IN1 and IN2, rule by rule."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from careloom import model
from careloom.mapping import Translation

Mapped = Callable[..., Translation]


def event(result: Translation) -> dict[str, Any]:
    shown: dict[str, Any] = json.loads(model.encode(result.events[0]))
    return shown


@pytest.mark.parametrize(
    ("trigger", "pv1", "expected"),
    [
        ("A01", {2: "I"}, ("IMP", "in-progress")),
        ("A04", {2: "E"}, ("EMER", "in-progress")),
        ("A04", {2: "R"}, ("AMB", "in-progress")),
        ("A05", {2: "P"}, ("PRENC", "planned")),
        ("A04", {2: "P"}, ("PRENC", "planned")),
        ("A03", {2: "O"}, ("AMB", "finished")),
        ("A11", {2: "O"}, ("AMB", "cancelled")),
        ("A38", {2: "P"}, ("PRENC", "cancelled")),
        ("A13", {2: "B"}, ("IMP", "in-progress")),
        ("A08", {2: "I"}, ("IMP", "unknown")),
        ("A08", {2: "I", 45: "20260301"}, ("IMP", "finished")),
    ],
)
def test_class_and_status(mapped: Mapped, trigger: str, pv1: dict[int, str], expected: tuple[str, str]) -> None:
    found = event(mapped(trigger, {}, ("PV1", pv1)))["encounter"]
    assert (found["class"], found["status"]) == expected


@pytest.mark.parametrize("pv1", [{1: "1", 2: "N"}, {2: "U"}, {1: "1"}, {2: "N", 3: "^^^"}])
def test_a_segment_that_says_nothing_is_no_visit(mapped: Mapped, pv1: dict[int, str]) -> None:
    result = mapped("A28", {}, ("PV1", pv1))
    assert "encounter" not in event(result)
    assert result.issues == ()


def test_an_unknown_class_is_dropped_and_told(mapped: Mapped) -> None:
    result = mapped("A04", {}, ("PV1", {2: "Inpatient", 19: "V1"}))
    assert "class" not in event(result)["encounter"]
    assert [issue.field for issue in result.issues] == ["PV1-2"]


@pytest.mark.parametrize(
    ("pv1", "expected"),
    [
        ({3: "ICU^2^B^NORTH"}, {"location": {"facility": "NORTH", "pointOfCare": "ICU", "room": "2", "bed": "B"}}),
        ({3: "ICU&ward"}, {"location": {"pointOfCare": "ICU"}}),
        ({10: "SUR", 19: "V1"}, {"serviceType": "SUR", "identifier": [{"value": "V1", "type": "VN"}]}),
        ({44: "202603020815", 45: "20260304"}, {"period": {"start": "2026-03-02T08:15:00-08:00", "end": "2026-03-04"}}),
        ({7: "^Brandt^Ivo"}, {"attending": {"name": {"family": "Brandt", "given": ["Ivo"]}}}),
        ({8: "77"}, {"referring": {"identifier": [{"value": "77"}]}}),
        (
            {17: "77^Saito^Ren^^^^^^CITY&2.999.3&ISO^L^^^npi"},
            {
                "admitting": {
                    "identifier": [{"value": "77", "type": "NPI", "assigner": "CITY", "system": "urn:oid:2.999.3"}],
                    "name": {"family": "Saito", "given": ["Ren"]},
                }
            },
        ),
        (
            {7: "1^Brandt~2^Brandt~3^Other"},
            {"attending": {"identifier": [{"value": "1"}, {"value": "2"}], "name": {"family": "Brandt"}}},
        ),
    ],
)
def test_visit_fields(mapped: Mapped, pv1: dict[int, str], expected: dict[str, Any]) -> None:
    found = event(mapped("A04", {}, ("PV1", pv1)))["encounter"]
    assert {name: value for name, value in found.items() if name != "status"} == expected


def test_a_bad_admission_date_does_not_stop_a_registration(mapped: Mapped) -> None:
    result = mapped("A04", {}, ("PV1", {2: "O", 44: "soon", 45: "20261399"}))
    assert "period" not in event(result)["encounter"]
    assert [issue.field for issue in result.issues] == ["PV1-44", "PV1-45"]
    assert "soon" not in str(result.issues)


@pytest.mark.parametrize(
    ("in1", "in2", "expected"),
    [
        ({36: "P", 49: "I"}, {61: "M"}, ("I", "P", "M")),
        ({36: "P"}, {61: "M"}, ("M", "P", "M")),
        ({36: "P"}, {}, ("P", "P", None)),
        ({4: "Payer"}, {}, (None, None, None)),
    ],
)
def test_numbers_of_an_insurance(
    mapped: Mapped, in1: dict[int, str], in2: dict[int, str], expected: tuple[str | None, ...]
) -> None:
    more = [("IN1", in1), *([("IN2", in2)] if in2 else [])]
    (found,) = event(mapped("A04", {}, *more))["coverage"]
    assert tuple(found.get(name) for name in ("subscriberId", "policyNumber", "memberNumber")) == expected


@pytest.mark.parametrize(
    ("insurances", "expected"),
    [
        ([{1: "2", 36: "b"}, {1: "1", 36: "a"}], ["a", "b"]),
        ([{1: "1", 22: "2", 36: "b"}, {1: "2", 22: "1", 36: "a"}], ["a", "b"]),
        ([{36: "a"}, {36: "b"}], ["a", "b"]),
        ([{1: "x", 36: "a"}, {1: "0", 36: "b"}], ["a", "b"]),
        ([{1: "1"}, {1: "2", 36: "b"}], ["b"]),
    ],
)
def test_order_of_insurances(mapped: Mapped, insurances: list[dict[int, str]], expected: list[str]) -> None:
    found = event(mapped("A04", {}, *(("IN1", one) for one in insurances)))["coverage"]
    assert [one["policyNumber"] for one in found] == expected


def test_each_insurance_has_its_own_in2(mapped: Mapped) -> None:
    more = [("IN1", {1: "1", 36: "a"}), ("IN1", {1: "2", 36: "b"}), ("IN2", {61: "m"})]
    found = event(mapped("A04", {}, *more))["coverage"]
    assert [one.get("memberNumber") for one in found] == [None, "m"]


@pytest.mark.parametrize(
    ("code", "expected", "problems"),
    [
        ("SEL", "self", 0),
        ("01", "spouse", 0),
        ("19", "child", 0),
        ("mth", "parent", 0),
        ("BRO", "other", 0),
        ("UNK", None, 0),
        ("??", None, 1),
    ],
)
def test_relationship_to_the_policy_holder(mapped: Mapped, code: str, expected: str | None, problems: int) -> None:
    result = mapped("A04", {}, ("IN1", {17: code, 36: "P"}))
    assert event(result)["coverage"][0].get("relationship") == expected
    assert [issue.field for issue in result.issues] == ["IN1-17"] * problems


def test_a_whole_insurance(mapped: Mapped) -> None:
    in1 = {
        1: "1",
        2: "GOLD^Gold HMO",
        3: "60054^^^NAIC",
        4: "Northwind & Co",
        5: "PO Box 4^^Spokane",
        7: "555-0100",
        8: "G4",
        9: "Ferries",
        12: "20260101",
        13: "bad",
        15: "HMO",
        16: "Okonjo^Tunde",
        18: "19800101",
        36: "P",
        43: "M",
    }
    result = mapped("A04", {}, ("IN1", {1: "9", 36: "other"}), ("IN1", in1))
    assert event(result)["coverage"][0] == {
        "order": 1,
        "payor": {
            "identifier": [{"value": "60054", "assigner": "NAIC"}],
            "name": "Northwind & Co",
            "address": [{"line": ["PO Box 4"], "city": "Spokane"}],
            "telecom": [{"system": "phone", "value": "555-0100", "use": "work"}],
        },
        "subscriberId": "P",
        "policyNumber": "P",
        "type": "HMO",
        "plan": {"value": "GOLD", "name": "Gold HMO"},
        "group": {"value": "G4", "name": "Ferries"},
        "period": {"start": "2026-01-01"},
        "policyHolder": {
            "name": [{"family": "Okonjo", "given": ["Tunde"]}],
            "birthDate": "1980-01-01",
            "gender": "male",
        },
    }
    assert [issue.field for issue in result.issues] == ["IN1[2]-13"]
