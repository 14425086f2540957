"""People for benchmarks/persons.py: names as unequal in frequency as real ones, and homes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from random import Random

import msgspec

from careloom.identity.index.seam import Arrival
from careloom.model import Address, ContactPoint, HumanName, Identifier, Patient

START = datetime(2026, 3, 1, tzinfo=UTC)
_OLDEST, _DAYS = date(1930, 1, 1), 34_000
_ONSETS = ("b", "br", "c", "ch", "d", "f", "g", "h", "j", "k", "l", "m", "n", "p", "r", "s", "st", "t", "v", "w", "z")
_VOWELS = ("a", "e", "i", "o", "u", "ea", "ou")
_CODAS = ("n", "r", "s", "l", "m", "")


def _words(count: int, syllables: int, chance: Random) -> list[str]:
    found: dict[str, None] = {}
    while len(found) < count:
        parts = [chance.choice(_ONSETS) + chance.choice(_VOWELS) + chance.choice(_CODAS) for _ in range(syllables)]
        found["".join(parts).capitalize()] = None
    return list(found)


class People:
    """The person of a number, always the same one. The commonest family name is of 0.8%, as in the United States."""

    def __init__(self, seed: int = 6) -> None:
        chance = Random(seed)
        self._given = _words(3_000, 2, chance)
        self._family = _words(60_000, 3, chance)
        self._streets = [f"{word} Street" for word in _words(3_000, 2, chance)]
        self._cities = _words(800, 2, chance)
        self._often = [list(accumulate(1 / (n + 8) ** power for n in range(size))) for size, power in
                       ((3_000, 1.0), (60_000, 0.9))]  # fmt: skip

    def arrival(self, number: int, *, moved: int = 0) -> Arrival:
        """As the EHR registers the person; `moved` so many times since."""
        chance = Random(number)
        given, family = (
            chance.choices(words, cum_weights=often)[0]
            for words, often in ((self._given, self._often[0]), (self._family, self._often[1]))
        )
        middle = chance.choice("ABCDEFGHJKLMNPRSTW")
        born = _OLDEST + timedelta(days=chance.randrange(_DAYS))
        sex = chance.choice(("female", "male"))
        phone, mail = chance.randrange(10**7), chance.random() < 0.5
        home = Random(number * 97 + moved)
        place = home.randrange(800)
        known = Identifier(value=f"MRN{number:08}", type="MR", assigner="GENHOSP")
        telecom = [ContactPoint(system="phone", value=f"(206)555-{phone:07}"[:13], use="home")]
        if mail:
            address = f"{given}.{family}{number % 100}@example.org".lower()
            telecom.append(ContactPoint(system="email", value=address))
        patient = Patient(
            identifier=(known,),
            name=(HumanName(use="official", family=family, given=(given, middle)),),
            birth_date=born.isoformat(),
            gender="female" if sex == "female" else "male",
            address=(
                Address(
                    use="home",
                    line=(f"{home.randrange(1, 9000)} {home.choice(self._streets)}",),
                    city=self._cities[place],
                    state="WA",
                    postal_code=f"{98000 + place}",
                ),
            ),
            telecom=tuple(telecom),
        )
        return Arrival("ehr", known, patient, START + timedelta(minutes=moved))

    def again(self, number: int) -> Arrival:
        """The same person as another system registers it: another number, the name misspelt, another telephone."""
        ours = self.arrival(number)
        name = ours.patient.name[0]
        family = name.family or ""
        known = Identifier(value=f"L{number:08}", type="MR", assigner="LAKESIDE")
        patient = msgspec.structs.replace(
            ours.patient,
            identifier=(known,),
            name=(msgspec.structs.replace(name, family=family[:-1] + "x", given=name.given[:1]),),
            telecom=(),
        )
        return Arrival("lab", known, patient, ours.occurred)
