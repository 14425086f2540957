"""Which records meet, and which do not."""

from __future__ import annotations

import pytest

from careloom.identity.matching.blocking import Blocks, keys, sound
from careloom.identity.matching.features import Features

ANNA = Features(
    given=("anna", "k"), family="weftwick", birth="1984-03-07", number="12", street="heddle ln", city="loomford",
    postcode="98001", phones=("+12065550101",), emails=("a@example.org",), national="900112222",
)  # fmt: skip


def changed(**fields: object) -> Features:
    known = {name: getattr(ANNA, name) for name in ANNA.__struct_fields__}
    return Features(**{**known, **fields})


BARE = {"phones": (), "emails": (), "national": None, "street": None, "city": None, "postcode": None}


@pytest.mark.parametrize(
    "other",
    [
        changed(**BARE, family="shuttlebee"),
        changed(**BARE, given=("qwx",)),
        changed(**BARE, given=("weftwick",), family="anna"),
        changed(**BARE, birth="1984-07-03"),
        changed(**BARE, birth="1948-03-07"),
        changed(**BARE, given=("annie",), birth="1984-11-07"),
        changed(given=("qwx",), family="zzz", birth=None, phones=(), emails=()),
        changed(family="zzz", birth=None, emails=(), national=None, street=None),
        changed(family="zzz", birth="1950-01-02", phones=(), emails=(), national=None),
        changed(birth=None, phones=(), emails=(), national=None, street=None),
        changed(given=(), family="", phones=(), emails=(), national=None, street=None),
        changed(**BARE, family="shuttlebee", former=("weftwick",), given=("qwx",)),
    ],
    ids=["another family name", "another given name", "swapped names", "swapped day", "another year", "a nickname",
         "national alone", "phone", "house", "no birthday", "no names", "married"],
)  # fmt: skip
def test_one_error_does_not_part_them(other: Features) -> None:
    assert set(keys(ANNA)) & set(keys(other))


def test_others_do_not_meet() -> None:
    stranger = Features(given=("bob",), family="loomis", birth="1984-03-07", city="elsewhere")
    assert not set(keys(ANNA)) & set(keys(stranger))
    assert keys(Features()) == ()
    assert keys(Features(national="2222", sex="f", state="wa", birth="1984")) == ()


def test_there_are_few_of_them() -> None:
    assert len(keys(ANNA)) <= 10
    assert len(keys(changed(phones=("+12065550101", "+12065550102")))) <= 11


def test_sounds() -> None:
    assert sound("smith") == sound("smyth")
    assert sound("山田") == "山田"


def test_what_too_many_share_brings_nobody() -> None:
    blocks = Blocks(most=2)
    for at in range(3):
        blocks.add(at, ("shared", f"own{at // 2}"))
    assert blocks.candidates(("shared",)) == set()
    assert blocks.candidates(("shared", "own0")) == {0, 1}
