"""MDM-04: a write to a field by a system that has no authority over it is refused, or is a proposal: by this table."""

from __future__ import annotations

import pytest

from careloom.core.errors import ConfigurationError
from careloom.identity.crosswalk.authority import Authority, Decision, Rule

_AUTHORITY = Authority(
    [
        Rule(name="patients", entity="patient", systems=("ehr", "portal"), otherwise=Decision.PROPOSE),
        Rule(name="contact", entity="patient", fields=("address", "telecom"), systems=("crm",)),
        Rule(name="city", entity="patient", fields=("address.city",), systems=("gis",)),
        Rule(name="north", entity="patient", facilities=("NORTH",), systems=("north-ehr",)),
        Rule(name="suppliers", entity="supplier", systems=("odoo",), otherwise=Decision.ACCEPT),
    ]
)

_TABLE = [
    # source, entity, field, facility, decision, rule, rank
    ("ehr", "patient", "name", None, "accept", "patients", 0),
    ("portal", "patient", "name", None, "accept", "patients", 1),
    ("lab", "patient", "name", None, "propose", "patients", 2),
    ("lab", "patient", "name", "SOUTH", "propose", "patients", 2),
    ("ehr", "patient", "name", "NORTH", "refuse", "north", 1),
    ("north-ehr", "patient", "name", "NORTH", "accept", "north", 0),
    ("north-ehr", "patient", "name", None, "propose", "patients", 2),
    ("ehr", "patient", "address", None, "refuse", "contact", 1),
    ("crm", "patient", "address", None, "accept", "contact", 0),
    ("crm", "patient", "address.line", None, "accept", "contact", 0),
    ("crm", "patient", "address.city", None, "refuse", "city", 1),
    ("gis", "patient", "address.city", None, "accept", "city", 0),
    ("crm", "patient", "address", "NORTH", "accept", "contact", 0),
    ("crm", "patient", "addressee", None, "propose", "patients", 2),
    ("hr", "supplier", "name", None, "accept", "suppliers", 1),
    ("odoo", "supplier", "name", None, "accept", "suppliers", 0),
    ("hr", "product", "name", None, "accept", "", 0),
]


@pytest.mark.parametrize(("source", "entity", "field", "facility", "decision", "rule", "rank"), _TABLE)
def test_who_may_set_what(
    source: str, entity: str, field: str, facility: str | None, decision: str, rule: str, rank: int
) -> None:
    verdict = _AUTHORITY.may(source, entity, field, facility)
    assert (verdict.decision, verdict.rule) == (decision, rule)
    assert verdict.accepted is (decision == "accept")
    assert _AUTHORITY.rank(source, entity, field, facility) == rank


def test_a_reason_names_the_field_and_those_who_may() -> None:
    verdict = _AUTHORITY.may("lab", "patient", "name")
    said = verdict.reason("lab", "patient", "name")
    assert said == "lab may not set patient.name: ehr or portal may, by the rule 'patients' of authority"


def test_without_rules_all_may_set_all() -> None:
    assert Authority().may("anyone", "patient", "name").accepted
    assert Authority().rank("anyone", "patient", "name") == 0


def test_two_rules_for_one_field_are_refused() -> None:
    one = Rule(name="one", entity="patient", fields=("name", "address"), systems=("ehr",))
    two = Rule(name="two", entity="patient", fields=("address",), systems=("crm",))
    with pytest.raises(
        ConfigurationError, match=r"authority\.two and authority\.one both say who sets patient\.address;"
    ):
        Authority([one, two])
    north = Rule(name="three", entity="patient", fields=("address",), facilities=("NORTH",), systems=("crm",))
    with pytest.raises(ConfigurationError, match="for NORTH"):
        Authority(
            [north, Rule(name="four", entity="patient", facilities=("NORTH",), fields=("address",), systems=("x",))]
        )
    assert Authority([one, north]).may("crm", "patient", "address", "NORTH").accepted


def test_a_rule_without_systems_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="names no entity, no field or no system"):
        Authority([Rule(name="nobody", entity="patient", systems=())])
