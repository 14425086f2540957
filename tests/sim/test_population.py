"""The generated hospital: the same per seed, with the people and the errors that make matching hard."""

from __future__ import annotations

from collections import Counter, defaultdict

from careloom.identity.matching.headings import FIELDS
from careloom.identity.matching.normalising import features_of_row
from careloom.sim.population import Sent, hospital

ALL = list(hospital(6_000, 7))


def _by_person() -> dict[int, list[Sent]]:
    found = defaultdict(list)
    for sent in ALL:
        found[sent.person].append(sent)
    return found


def test_the_same_seed_gives_the_same_hospital() -> None:
    assert list(hospital(300, 3)) == list(hospital(300, 3))
    assert list(hospital(300, 3)) != list(hospital(300, 4))


def test_all_persons_come_and_eight_in_a_hundred_come_again() -> None:
    persons = _by_person()
    assert sorted(persons) == list(range(6_000))
    assert 0.065 < len(ALL) / 6_000 - 1 < 0.095
    assert max(map(len, persons.values())) == 3


def test_duplicates_come_later_and_seldom_alike() -> None:
    again = [(some[0].row, other.row) for some in _by_person().values() for other in some[1:]]
    assert sum(one == other for one, other in again) < 0.3 * len(again)
    folded = [[{key: value.lower() for key, value in row.items()} for row in pair] for pair in again]
    for field, least, most in (("family", 0.02, 0.25), ("given", 0.02, 0.3), ("birth", 0.01, 0.12)):
        changed = sum(one[field] != other[field] for one, other in folded) / len(folded)
        assert least < changed < most, field


def test_names_are_as_frequent_as_in_life() -> None:
    families = Counter(sent.row["family"].lower() for sent in ALL)
    assert families["smith"] > 10
    assert len(families) > 1_500
    assert sum(many for _, many in families.most_common(20)) < 0.15 * len(ALL)


def test_there_are_twins_newborns_and_households() -> None:
    features = [features_of_row(sent.row, {field: [field] for field in FIELDS}) for sent in ALL]
    assert sum(one.newborn for one in features) > 5
    houses = Counter((one.number, one.street, one.postcode) for one in features if one.street)
    assert sum(many > 1 for many in houses.values()) > 500
    births = Counter((one.family, one.birth, one.number, one.street) for one in features if one.birth and one.street)
    assert sum(many > 1 for many in births.values()) > 10


def test_every_field_is_one_that_can_be_compared() -> None:
    assert {field for sent in ALL for field in sent.row} <= set(FIELDS)
