"""Patterns in which two persons look like one, and one person like two."""

from __future__ import annotations

import pytest

from careloom.identity.matching import rules
from careloom.identity.matching.features import Features
from careloom.identity.matching.model import Comparison, Level, Model
from careloom.identity.matching.scoring import Scorer
from careloom.identity.matching.zones import Evidence, Zone

ANNA = Features(
    given=("anna", "k"), family="weftwick", birth="1984-03-07", sex="f", number="12", street="heddle ln",
    city="loomford", postcode="98001", phones=("+12065550101",),
)  # fmt: skip


def changed(**fields: object) -> Features:
    known = {name: getattr(ANNA, name) for name in ANNA.__struct_fields__}
    return Features(**{**known, **fields})


def model() -> Model:
    levels = (Level(name="same", m=0.9, u=0.5), Level(name="differs", m=0.1, u=0.5))
    return Model(version="t", prior=0.1, comparisons=(Comparison(name="sex", levels=levels),), link=5.0, review=0.0)


def evidence(weight: float, *vetoes: str) -> Evidence:
    return Evidence(model="t", levels={}, weights={}, weight=weight, probability=0.5, vetoes=vetoes)


@pytest.mark.parametrize(
    "other",
    [
        changed(given=("brunhild",)),
        changed(given=("brunhild", "k"), phones=(), number="12"),
        changed(given=("brunhild",), family="other", number=None),
    ],
    ids=["another given name", "another with the same initial", "another family name, the same phone"],
)
def test_twins_are_two(other: Features) -> None:
    assert rules.TWINS in rules.vetoes(ANNA, other) or ANNA.given[1] in other.given
    assert rules.decide(model(), evidence(50.0, rules.TWINS)) is Zone.NEW


@pytest.mark.parametrize(
    "other",
    [
        changed(given=("annie",)),
        changed(given=("a",)),
        changed(given=("ana",)),
        changed(given=("weftwick",), family="anna"),
        changed(given=("brunhild",), birth="1986-03-07"),
        changed(given=("brunhild",), family="other", number=None, phones=()),
    ],
    ids=["nickname", "initial", "misspelt", "swapped", "another birthday", "nothing else in common"],
)
def test_no_twins(other: Features) -> None:
    assert rules.TWINS not in rules.vetoes(ANNA, other)


@pytest.mark.parametrize(
    ("given", "asked"),
    [(("hannah", "b"), True), (("hanka",), True), (("anne", "z"), True), (("anne", "k"), False), (("annna",), False),
     (("a",), False), (("brunhild", "anna"), True), (("k", "anna"), False)],
)  # fmt: skip
def test_names_that_go_together_are_asked_about(given: tuple[str, ...], asked: bool) -> None:
    assert (rules.PERHAPS_TWINS in rules.vetoes(ANNA, changed(given=given))) is asked
    assert rules.PERHAPS_TWINS not in rules.vetoes(ANNA, changed(given=given, number=None, phones=()))
    assert rules.decide(model(), evidence(50.0, rules.PERHAPS_TWINS)) is Zone.REVIEW


def test_places_of_a_multiple_birth_are_two() -> None:
    one = changed(given=(), newborn=True, multiple=1)
    two = changed(given=(), newborn=True, multiple=2)
    assert rules.MULTIPLE in rules.vetoes(one, two)
    assert rules.MULTIPLE not in rules.vetoes(one, one)
    assert rules.decide(model(), evidence(50.0, rules.MULTIPLE, rules.NEWBORN)) is Zone.NEW


def test_a_newborn_without_a_name_is_asked_about() -> None:
    nameless = changed(given=(), newborn=True)
    assert rules.NEWBORN in rules.vetoes(nameless, ANNA)
    assert rules.decide(model(), evidence(50.0, rules.NEWBORN)) is Zone.REVIEW


@pytest.mark.parametrize(
    ("one", "other", "contradict"),
    [("900112222", "900113333", True), ("900112222", "900112223", False), ("2222", "900112222", False),
     ("3333", "900112222", True), (None, "900112222", False)],
)  # fmt: skip
def test_national_numbers(one: str | None, other: str, contradict: bool) -> None:
    found = rules.vetoes(changed(national=one), changed(national=other, given=("anne",)))
    assert (rules.NATIONAL in found) is contradict


@pytest.mark.parametrize(
    ("other", "held"),
    [({}, False), ({"family": "weftwik"}, False), ({"birth": "1984-03-09"}, True), ({"given": ("anja",)}, True),
     ({"number": None, "street": None, "phones": (), "city": "other", "postcode": "10001"}, True)],
)  # fmt: skip
def test_a_number_was_mistyped_where_all_else_is_the_same(other: dict[str, object], held: bool) -> None:
    found = rules.vetoes(changed(national="900112222"), changed(**{"national": "901334444", **other}))
    assert (rules.NATIONAL in found) is held


def test_numbers_of_an_assigner_that_gives_one_to_a_person() -> None:
    one, other = changed(identifiers=("REG|PI|1", "EHR|MR|1")), changed(identifiers=("REG|PI|2", "EHR|MR|9"))
    assert rules.NUMBERS in rules.vetoes(one, other, unique={"REG|PI"})
    assert rules.NUMBERS not in rules.vetoes(one, other)
    assert rules.NUMBERS not in rules.vetoes(one, one, unique={"REG|PI"})


@pytest.mark.parametrize(
    ("one", "other", "contradict"), [("jr", "sr", True), ("jr", "ii", False), ("ii", "iii", True), (None, "sr", False)]
)
def test_generations(one: str | None, other: str, contradict: bool) -> None:
    assert (rules.GENERATION in rules.vetoes(changed(suffix=one), changed(suffix=other))) is contradict


def test_a_phone_alone_links_nobody() -> None:
    other = Features(given=("anna",), family="weftwick", phones=ANNA.phones)
    assert rules.SHARED in rules.vetoes(ANNA, other)
    assert rules.SHARED in rules.vetoes(ANNA, changed(birth="1958-11-23"))
    assert rules.SHARED not in rules.vetoes(ANNA, changed(birth="1984-07-03"))
    father = changed(emails=("weft@example.org",), birth="1958-11-23")
    assert rules.SHARED in rules.vetoes(father, changed(emails=father.emails))
    assert rules.SHARED not in rules.vetoes(father, changed(emails=father.emails, birth=None))


def test_a_given_name_that_is_absent_could_be_a_twins() -> None:
    assert rules.NAMELESS in rules.vetoes(ANNA, changed(given=()))
    known = changed(national="900112222")
    assert rules.NAMELESS not in rules.vetoes(known, changed(given=(), national="900112222"))


@pytest.mark.parametrize(
    "new",
    [
        changed(family="shuttlebee", former=("weftwick",)),
        changed(family="shuttlebee"),
        changed(number="99", street="bobbin ct", city="elsewhere", phones=("+12065550199",)),
        changed(birth="1984-07-03"),
        changed(birth="1951-12-24"),
        changed(given=("anne", "katharina")),
        changed(sex="m"),
    ],
    ids=["marriage", "marriage without a word", "move", "day and month", "a corrected birthday", "spelling", "sex"],
)
def test_what_happens_to_one_person_is_no_contradiction(new: Features) -> None:
    assert rules.contradicts(ANNA, new) == ()


@pytest.mark.parametrize(
    ("new", "said"),
    [
        (changed(given=("mortimer",), sex="m"), ("given", "sex")),
        (changed(given=("mortimer",), birth="1951-12-24"), ("given", "birth")),
        (changed(given=("mortimer",), family="shuttlebee"), ("given", "family")),
    ],
    ids=["given and sex", "given and birth", "given and family"],
)
def test_an_overlaid_record_contradicts_itself(new: Features, said: tuple[str, ...]) -> None:
    assert rules.contradicts(ANNA, new) == said


def test_what_is_below_review_is_new_whatever_the_rules_say() -> None:
    assert rules.decide(model(), evidence(-1.0, rules.NATIONAL)) is Zone.NEW
    assert rules.decide(model(), evidence(9.0)) is Zone.LINK
    assert Scorer(model()).score(ANNA, changed(given=("brunhild",))).vetoes == (rules.TWINS,)


@pytest.mark.parametrize(
    ("birth", "national", "held"),
    [
        ("1958-03-07", None, True),
        ("1958-09-21", None, True),
        ("1994-03-07", None, False),
        ("1981-03-07", None, False),
        ("1958-03-07", "900123456", False),
    ],
    ids=["day and month in common", "nothing in common", "a digit", "too near for a child", "the same national number"],
)
def test_a_child_named_after_its_parent_is_looked_at(birth: str, national: str | None, held: bool) -> None:
    one, other = changed(national=national), changed(birth=birth, national=national)
    assert (rules.PARENT in rules.vetoes(one, other)) is held


MAIL = {"number": None, "street": None, "phones": (), "emails": ("anna.weftwick@example.org",)}


@pytest.mark.parametrize(
    ("other", "held"),
    [
        ({"birth": None}, True),
        ({"birth": "1984-03-09", "emails": ("anna.weftwick@mail.example.com",)}, True),
        ({"birth": "1984-03-09"}, False),
        ({"emails": ("anna.weftwick@mail.example.com",)}, False),
        ({"birth": None, "phones": ("+12065550101",)}, False),
    ],
    ids=["no birth", "the name at another house", "the very address, a digit", "the same birth", "a phone in common"],
)
def test_an_address_of_mail_says_no_more_than_the_name_that_it_is_made_of(other: dict[str, object], held: bool) -> None:
    mine = {**MAIL, "phones": ("+12065550101",)} if "phones" in other else MAIL
    assert (rules.MAIL in rules.vetoes(changed(**mine), changed(**{**MAIL, **other}))) is held


@pytest.mark.parametrize(
    ("one", "other", "held"),
    [
        ("samantha", "sgmantha", False),
        ("mandy", "sandy", True),
        ("mark", "mcrk", True),
        ("moira", "mario", True),
    ],
    ids=["a slip within", "a rhyme", "too short to tell", "two slips"],
)
def test_one_slip_in_a_long_name_makes_no_twin(one: str, other: str, held: bool) -> None:
    found = rules.vetoes(changed(given=(one,)), changed(given=(other,)))
    assert bool({rules.TWINS, rules.PERHAPS_TWINS} & set(found)) is held
