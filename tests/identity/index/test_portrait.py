"""A patient field by field, and two side by side."""

from __future__ import annotations

from careloom.identity.index.portrait import FIELDS, Reached, Said, beside, kept_as, portrait
from careloom.identity.index.survivorship import FIELDS as KEPT
from careloom.identity.index.weighing import Weighing
from careloom.identity.matching.comparing import COMPARISONS
from careloom.identity.matching.shipped import default_model
from careloom.identity.matching.zones import Evidence
from careloom.model import Address, ContactPoint, HumanName, Identifier, Patient

ANA = Patient(
    identifier=(
        Identifier(value="17", type="MR", assigner="NORTH"),
        Identifier(value="9", type="MR", assigner="NORTH", use="secondary"),
    ),
    name=(HumanName(use="official", family="Reyes", given=("Ana", "Maria"), prefix=("Dr",), suffix=("Jr",)),),
    birth_date="1980-02-03",
    gender="female",
    deceased_boolean=False,
    address=(Address(use="home", line=("12 Loom Lane", "Apt 3"), city="Springfield", state="IL", postal_code="62701"),),
    telecom=(
        ContactPoint(system="phone", value="555-0100", use="work", extension="12"),
        ContactPoint(system="email", value="ana@example.org"),
    ),
    language="es",
    account=(Identifier(value="A-1", type="AN"),),
)
EVA = Patient(
    identifier=(Identifier(value="18", type="MR", assigner="LABCO"),),
    name=(HumanName(family="REYES", given=("Eva",)),),
    telecom=(ContactPoint(system="email", value="ana@example.org"),),
    marital_status="M",
)


def test_every_field_is_told_in_words() -> None:
    told = portrait(ANA)
    assert tuple(told) == FIELDS
    assert told["number"] == (Said("17", "MR NORTH"), Said("9", "MR NORTH secondary"))
    assert told["given name"] == (Said("Ana Maria", "official"),) and told["family name"][0].text == "Reyes Jr"
    assert told["address"] == (Said("12 Loom Lane, Apt 3, Springfield, IL, 62701", "home"),)
    assert told["telephone"] == (Said("555-0100 ext. 12", "work phone"),) and told["deceased"] == (Said("no"),)
    assert told["e-mail"] == (Said("ana@example.org"),) and told["account"] == (Said("A-1", "AN"),)
    assert portrait(EVA)["birth date"] == portrait(EVA)["deceased"] == ()


def test_two_are_told_side_by_side_with_what_was_compared() -> None:
    matcher = Weighing(default_model())
    evidence = matcher.evidence(matcher.features(ANA), matcher.features(EVA))
    rows = {one.field: one for one in beside(ANA, EVA, evidence)}
    assert (rows["family name"].alike, rows["given name"].alike, rows["birth date"].alike) == (
        "differs", "differs", "one only"
    )  # fmt: skip
    assert rows["e-mail"].alike == "same" and rows["marital status"].alike == "one only"
    assert rows["e-mail"].reached == (Reached("email", "exact", evidence.weights["email"]),)
    assert rows["birth date"].reached == (), "what one side did not say was not compared"
    told = sum(each.weight for row in rows.values() for each in row.reached)
    compared = sum(weight for name, weight in evidence.weights.items() if evidence.levels[name] != "absent")
    assert abs(told - compared) < 1e-9, "each comparison stands once"
    assert all(not row.reached for row in beside(ANA, EVA, None))


def test_all_comparisons_and_all_kept_fields_have_their_place() -> None:
    reached = {each.comparison for row in beside(ANA, ANA, _every()) for each in row.reached}
    assert reached == {one.name for one in COMPARISONS}
    assert {kept_as(field) for field in FIELDS} - {""} == set(KEPT)


def _every() -> Evidence:
    levels = {one.name: "exact" for one in COMPARISONS}
    return Evidence(model="m", levels=levels, weights=dict.fromkeys(levels, 1.0), weight=1.0, probability=0.5)
