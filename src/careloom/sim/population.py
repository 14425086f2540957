"""A generated hospital: households of invented people whose names are as frequent as in the United States, with twins,
newborns without a name, fathers and sons of one name, homes where many share a telephone; and some of them registered
twice or three times, with what goes wrong then (see `population_errors`). Who is who is known.

It streams, and the same seed gives the same hospital on every machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random
from typing import NamedTuple

from careloom.sim import population_names
from careloom.sim.population_errors import Errors, registered

Row = dict[str, str]

_TODAY = date(2026, 1, 1)
_SIZES, _SIZE_SHARES = (1, 2, 3, 4, 5), (28, 34, 15, 14, 9)
_TWINS, _NAMED_AFTER, _NEWBORN = 0.032, 0.05, 0.01
_HOMES = 0.004  # of households: a place of one person's in an institution with one address and telephone
_ONE_MORE, _TWO_MORE = 0.07, 0.005  # of persons: so that 8% more records than persons come in
_LATER = 5_000  # how far behind its first record a duplicate may come


class Sent(NamedTuple):
    """A record as a source sends it: the person that it is of, by number, and what it says, by field of `headings`."""

    person: int
    row: Row


@dataclass(frozen=True, slots=True)
class Household:
    """What those who live together share."""

    number: str
    street: str
    unit: str
    city: str
    postcode: str
    state: str
    phone: str


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody as they are, before a clerk or a form had a part in it."""

    id: int
    given: str
    middle: str
    family: str
    born: date
    sex: str
    home: Household
    mobile: str
    email: str
    national: str
    suffix: str = ""
    maiden: str = ""
    multiple: int = 0


def hospital(persons: int, seed: int) -> Iterator[Sent]:
    """The records of so many persons, in the order in which they come in; 8% more records than persons."""
    chance = Random(seed)
    makers = Makers(chance, persons)
    errors = Errors(chance, makers)
    late: list[Sent] = []
    for person in makers.people(persons):
        yield Sent(person.id, registered(person, chance))
        draw = chance.random()
        more = 2 if draw < _TWO_MORE else 1 if draw < _ONE_MORE + _TWO_MORE else 0
        late.extend(Sent(person.id, errors.registered_again(person)) for _ in range(more))
        if len(late) > _LATER:
            at = chance.randrange(len(late))
            late[at], late[-1] = late[-1], late[at]
            yield late.pop()
    chance.shuffle(late)
    yield from late


class Makers:
    """Makes people and places, all by one source of chance."""

    def __init__(self, chance: Random, persons: int) -> None:
        self._chance = chance
        self.family = population_names.families()
        self.given = population_names.given()
        towns = population_names.words(400, 1)
        self._streets = [f"{word} {kind}" for word in population_names.words(900, 2) for kind in _KINDS]
        self._towns = [(town, f"{10_000 + at * 37}"[:3]) for at, town in enumerate(towns)]
        self._weights = [1.0 / (rank + 5) for rank in range(len(self._towns))]
        self._homes = [self.household(shared=True) for _ in range(max(persons // 20_000, 1))]

    def people(self, persons: int) -> Iterator[Person]:
        """So many, household by household."""
        made = 0
        while made < persons:
            for person in self._household(made)[: persons - made]:
                made += 1
                yield person

    def household(self, *, shared: bool = False) -> Household:
        """A place to live and its telephone."""
        chance = self._chance
        town, prefix = chance.choices(self._towns, self._weights)[0]
        unit = str(chance.randrange(1, 400)) if chance.random() < 0.3 and not shared else ""
        return Household(
            str(chance.randrange(1, 9999)), chance.choice(self._streets), unit, town,
            f"{prefix}{chance.randrange(100):02}", chance.choice(_STATES), self.phone(),
        )  # fmt: skip

    def phone(self) -> str:
        """A number that could ring: an invented hospital needs more than fiction's one hundred numbers."""
        chance = self._chance
        return f"{chance.randrange(201, 989)}{chance.randrange(201, 999)}{chance.randrange(10_000):04}"

    def _household(self, first: int) -> list[Person]:
        chance = self._chance
        home = chance.choice(self._homes) if chance.random() < _HOMES else self.household()
        size = 1 if home in self._homes else chance.choices(_SIZES, _SIZE_SHARES)[0]
        head = self._person(first, home, self.family(chance), chance.randrange(20, 92))
        found = [head]
        if size > 1:
            found.append(self._spouse(first + 1, head))
        while len(found) < size:
            child = self._child(first + len(found), head, min(_age(one) for one in found[:2]))
            found.append(child)
            if chance.random() < _TWINS:
                found[-1] = replace(child, multiple=1)
                found.append(self._twin(child))
        return [self._perhaps_newborn(one) for one in found]

    def _person(self, at: int, home: Household, family: str, age: int, sex: str = "") -> Person:
        chance = self._chance
        sex = sex or chance.choice("fm")
        given, middle = self.given[sex](chance), self.given[sex](chance)
        email = ""
        if age > 14 and chance.random() < 0.6:
            email = f"{given}{chance.choice(('.', '', '_'))}{family}{chance.choice(('', '', chance.randrange(99)))}"
            email += f"@{chance.choice(_DOMAINS)}"
        born = _TODAY - timedelta(days=age * 365 + chance.randrange(365))
        mobile = self.phone() if age > 11 and chance.random() < 0.8 else ""
        national = f"{chance.randrange(100, 665)}{chance.randrange(1, 99):02}{chance.randrange(1, 9999):04}"
        return Person(at, given, middle, family, born, sex, home, mobile, email, national)

    def _spouse(self, at: int, head: Person) -> Person:
        chance = self._chance
        own = self.family(chance)
        age = min(max(_age(head) + chance.randrange(-8, 9), 19), 95)
        sex = ("m" if head.sex == "f" else "f") if chance.random() < 0.96 else head.sex
        one = self._person(at, head.home, head.family if chance.random() < 0.75 else own, age, sex)
        return replace(one, maiden=own) if one.family == head.family and sex == "f" else one

    def _child(self, at: int, head: Person, parents: int) -> Person:
        chance = self._chance
        family = head.family if chance.random() < 0.9 else self.family(chance)
        child = self._person(at, head.home, family, max(min(parents - 18, chance.randrange(0, 24)), 0))
        if child.sex == "m" == head.sex and chance.random() < _NAMED_AFTER:
            return replace(child, given=head.given, middle=head.middle, family=head.family, suffix="jr")
        return child

    def _twin(self, child: Person) -> Person:
        other = self._person(child.id + 1, child.home, child.family, _age(child))
        same = other.given == child.given
        given = self.given[other.sex](self._chance) if same else other.given
        return replace(other, born=child.born, given=given, multiple=2)

    def _perhaps_newborn(self, one: Person) -> Person:
        if self._chance.random() >= _NEWBORN or one.email != "" or _age(one) > 12:
            return one
        return replace(one, given=_nameless(one), middle="", mobile="", email="")


def _nameless(one: Person) -> str:
    if one.multiple:
        return f"TWIN {'_AB'[one.multiple]}"
    return "BABYGIRL" if one.sex == "f" else "BABYBOY"


def _age(one: Person) -> int:
    return (_TODAY - one.born).days // 365


_KINDS = ("Street", "Avenue", "Road", "Drive", "Lane", "Court")
_STATES = ("WA", "OR", "ID", "MT")
_DOMAINS = ("example.org", "example.com", "example.net", "mail.example.org", "post.example.com", "inbox.example.net")
