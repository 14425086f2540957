"""The quick patterns never accept what the long way objects to."""

from __future__ import annotations

import random

import pytest

from careloom.formats.x12 import Delimiters
from careloom.formats.x12.definition import ElementDefinition
from careloom.formats.x12.elements import Demand, check
from careloom.formats.x12.patterns import accepts
from careloom.formats.x12.segment import split_segment
from careloom.formats.x12.tables import segment_definition

MARKS = Delimiters()
IDS = ("NM1", "REF", "CAS", "PER", "N4", "SVC", "CLM", "DTP", "DMG", "HI", "SV1", "EB", "PO1", "PID", "LIN", "MEA",
"BPR", "STC",
       "FOB", "TD5", "REF", "HL", "DTM", "IK4", "TA1", "QTY", "AMT", "PLB")  # fmt: skip


def value(element: ElementDefinition, order: random.Random) -> str:
    """A value that is mostly right."""
    if order.random() < 0.1:
        return order.choice(["", "X" * (element.maximum + 1), "20260231", "-", "1.5", "a:b", "a^b", "\x07", "\u00e9"])
    if element.type == "composite":
        return ":".join(value(part, order) for part in element.components[: order.randint(1, 4)])
    match element.type:
        case "DT":
            return "20260228"[-element.maximum :]
        case "TM":
            return "1015"
        case "R" | "N0" | "N2":
            return order.choice(["1", "12.5", "-3"]) if element.type == "R" else "7".zfill(element.minimum)
        case _:
            return "D8" if order.random() < 0.3 else "A" * max(element.minimum, 1)


@pytest.mark.parametrize("name", IDS)
def test_what_is_accepted_has_no_problem(name: str) -> None:
    definition = segment_definition(name)
    assert definition is not None
    order, accepted, refused = random.Random(name), 0, 0
    for round_ in range(60):
        count = len(definition.elements)
        required = frozenset(order.sample(range(1, count + 1), min(1, count))) if round_ % 3 == 0 else frozenset[int]()
        mandatory = frozenset(element.position for element in definition.elements if element.mandatory)
        unused = frozenset({order.randint(2, 9)}) - required - mandatory if round_ % 2 else frozenset[int]()
        demand = Demand(definition, required, unused)
        accept = accepts(demand, MARKS)
        for _ in range(6):
            here = [value(e, order) if order.random() < 0.6 else "" for e in definition.elements]
            raw = "*".join([name, *here[: order.randint(1, count)]]).encode()
            problems = list(check(split_segment(raw, MARKS), demand, MARKS))
            if accept(raw):
                accepted += 1
                assert not problems, raw
            else:
                refused += bool(problems)
    assert refused and (accepted or name in ("TA1", "DTP", "BPR", "PLB", "STC", "CLM", "IK4"))
