"""What happens to a person between two registrations: typing, reading by machine, fields left out or filled with a
default, names in each other's place, nicknames, moves and marriages."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from careloom.sim.population import Household, Makers, Person

Row = dict[str, str]

_SHORT = {
    "robert": "bob", "william": "bill", "james": "jim", "john": "jack", "michael": "mike", "richard": "rick",
    "joseph": "joe", "thomas": "tom", "christopher": "chris", "charles": "chuck", "daniel": "dan", "matthew": "matt",
    "anthony": "tony", "steven": "steve", "andrew": "drew", "joshua": "josh", "kenneth": "ken", "timothy": "tim",
    "edward": "ed", "jeffrey": "jeff", "nicholas": "nick", "jonathan": "jon", "benjamin": "ben", "samuel": "sam",
    "gregory": "greg", "alexander": "alex", "patrick": "pat", "zachary": "zach", "elizabeth": "liz", "barbara": "barb",
    "susan": "sue", "jessica": "jess", "margaret": "peggy", "kimberly": "kim", "jennifer": "jen", "patricia": "patty",
    "deborah": "debbie", "stephanie": "steph", "rebecca": "becky", "katherine": "kate", "samantha": "sam",
    "christina": "tina", "victoria": "vicky", "abigail": "abby", "kathleen": "kathy", "catherine": "cathy",
    "jacqueline": "jackie", "judith": "judy", "pamela": "pam", "amanda": "mandy", "theresa": "terry", "frances": "fran",
}  # fmt: skip
_READ_AS = {"l": "1", "o": "0", "i": "l", "m": "rn", "n": "r", "e": "c", "s": "5", "u": "v", "h": "b", "d": "cl"}
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_DEFAULT_PHONES = ("0000000000", "9999999999", "5555555555", "UNKNOWN")


def registered(one: Person, chance: Random) -> Row:
    """A record of the person as they are, as far as this clerk asked."""
    home = one.home
    row = {
        "given": one.given, "family": one.family, "birth": one.born.isoformat(), "sex": one.sex,
        "address": _line(home, chance), "city": home.city, "postcode": home.postcode, "state": home.state,
        "phone": one.mobile if one.mobile and chance.random() < 0.7 else home.phone,
        "middle": one.middle if chance.random() < 0.35 else one.middle[:1] if chance.random() < 0.4 else "",
    }  # fmt: skip
    if one.email and chance.random() < 0.7:
        row["email"] = one.email
    if chance.random() < 0.35:
        row["national"] = one.national if chance.random() < 0.8 else one.national[-4:]
    if one.maiden and chance.random() < 0.3:
        row["former"] = one.maiden
    if one.suffix and chance.random() < 0.5:
        row["suffix"] = one.suffix
    _leave_out(row, chance)
    return row


def _line(home: Household, chance: Random) -> str:
    street = home.street
    if chance.random() < 0.4:
        street = street.replace("Street", "St").replace("Avenue", "Ave").replace("Road", "Rd").replace("Drive", "Dr.")
    unit = f", Apt {home.unit}" if home.unit and chance.random() < 0.9 else ""
    return f"{home.number} {street}{unit}"


def _leave_out(row: Row, chance: Random) -> None:
    for field, share in (("phone", 0.1), ("address", 0.02), ("postcode", 0.02), ("sex", 0.01), ("birth", 0.004)):
        if chance.random() < share:
            row[field] = ""
    if chance.random() < 0.004:
        row["birth"] = "1900-01-01"
    if chance.random() < 0.02:
        row["phone"] = chance.choice(_DEFAULT_PHONES)
    if chance.random() < 0.01:
        row["national"] = chance.choice(("999-99-9999", "123-45-6789", "000-00-0000"))


class Errors:
    """Registers people again, by one source of chance."""

    def __init__(self, chance: Random, makers: Makers) -> None:
        self._chance = chance
        self._makers = makers

    def registered_again(self, one: Person) -> Row:
        """Another record of the person: later in life, and by another clerk."""
        chance = self._chance
        row = registered(one, chance)
        self._live_on(one, row)
        for spoil, share in ((self._misname, 0.22), (self._misdate, 0.035), (self._misplace, 0.08)):
            if chance.random() < share:
                spoil(row)
        if chance.random() < 0.5:
            row.update({field: row[field].upper() for field in ("given", "family", "address", "city")})
        return row

    def _live_on(self, one: Person, row: Row) -> None:
        chance = self._chance
        if chance.random() < 0.12:
            home = self._makers.household()
            row.update(address=_line(home, chance), city=home.city, postcode=home.postcode, state=home.state)
            if row["phone"] == one.home.phone and chance.random() < 0.6:
                row["phone"] = home.phone
        elif chance.random() < 0.05:
            row["phone"] = self._makers.phone()
        if row.get("email") and chance.random() < 0.1:
            row["email"] = f"{one.given}{chance.randrange(1000)}@example.net"
        if one.sex == "f" and not one.maiden and one.born.year < 2006 and chance.random() < 0.03:
            row["family"], before = self._makers.family(chance), one.family
            if chance.random() < 0.6:
                row["former"] = before

    def _misname(self, row: Row) -> None:
        chance = self._chance
        draw = chance.random()
        if draw < 0.35:
            row["given"] = _SHORT.get(row["given"], row["given"])
        elif draw < 0.6:
            row["given"] = self._mistyped(row["given"])
        elif draw < 0.88:
            row["family"] = self._mistyped(row["family"])
        elif draw < 0.93:
            row["given"], row["family"] = row["family"], row["given"]
        elif draw < 0.97 and row["middle"]:
            row["given"], row["middle"] = row["middle"], row["given"]
        else:
            row["family"] = f"{row['family']}-{self._makers.family(chance)}"

    def _misdate(self, row: Row) -> None:
        chance, birth = self._chance, row["birth"]
        if len(birth) < 10:
            return
        if chance.random() < 0.3 and int(birth[8:]) <= 12:
            row["birth"] = f"{birth[:5]}{birth[8:]}-{birth[5:7]}"
            return
        at = chance.choice((2, 3, 6, 8, 9))
        row["birth"] = birth[:at] + str(chance.randrange(10)) + birth[at + 1 :]

    def _misplace(self, row: Row) -> None:
        field = self._chance.choice(("address", "address", "city", "postcode", "phone", "email"))
        if row.get(field):
            row[field] = self._mistyped(row[field])

    def _mistyped(self, text: str) -> str:
        """With one slip of a hand, or of a machine that reads."""
        chance = self._chance
        if len(text) < 2:
            return text
        at, draw = chance.randrange(len(text) - 1), chance.random()
        another = str(chance.randrange(10)) if text[at].isdigit() else chance.choice(_LETTERS)
        if draw < 0.3:
            return text[:at] + another + text[at + 1 :]
        if draw < 0.5:
            return text[:at] + text[at + 1 :]
        if draw < 0.65:
            return text[:at] + another + text[at:]
        if draw < 0.85:
            return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
        return text[:at] + _READ_AS.get(text[at], text[at]) + text[at + 1 :]
