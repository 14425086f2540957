"""Each level of each comparison as a question to two records. Each is asked where those before it said no, and where
neither side is absent; its SQL stands beside it in `comparing`, and a test compares the two. Similarities are asked for
at odd places (0.919, not 0.92), which none has exactly: there two libraries would round differently."""

from __future__ import annotations

from rapidfuzz.distance.DamerauLevenshtein import distance
from rapidfuzz.distance.JaroWinkler import similarity

from careloom.identity.matching.features import Features
from careloom.identity.matching.nicknames import SHORT_FOR

_DAY = 10  # the length of a date that is known to the day


def _edits(a: str, b: str, most: int) -> bool:
    return abs(len(a) - len(b)) <= most and distance(a, b, score_cutoff=most) <= most


def parts(family: str) -> list[str]:
    """The parts of a double name that are long enough to tell anything; none of a simple one that is too short."""
    return [part for part in family.split(" ") if len(part) > 2]


def given_absent(a: Features, b: Features) -> bool:
    return not a.given or not b.given


def given_initial(a: Features, b: Features) -> bool:
    one, other = a.given[0], b.given[0]
    return one[0] == other[0] and (len(one) == 1 or len(other) == 1)


def given_exact(a: Features, b: Features) -> bool:
    return a.given[0] == b.given[0]


def given_nickname(a: Features, b: Features) -> bool:
    one, other = a.given[0], b.given[0]
    left, right = SHORT_FOR.get(one, (one,)), SHORT_FOR.get(other, (other,))
    return any(name in right for name in left)


def given_similar(a: Features, b: Features) -> bool:
    return similarity(a.given[0], b.given[0], score_cutoff=0.919) >= 0.919


def given_another(a: Features, b: Features) -> bool:
    return any(len(token) > 1 and token in b.given for token in a.given)


def given_near(a: Features, b: Features) -> bool:
    return similarity(a.given[0], b.given[0], score_cutoff=0.799) >= 0.799


def crossed(a: Features, b: Features) -> bool:
    return bool(a.given and b.given) and a.given[0] == b.family and a.family == b.given[0]


def middle_absent(a: Features, b: Features) -> bool:
    return len(a.given) < 2 or len(b.given) < 2


def middle_initial(a: Features, b: Features) -> bool:
    one, other = a.given[1], b.given[1]
    return one[0] == other[0] and (len(one) == 1 or len(other) == 1)


def middle_exact(a: Features, b: Features) -> bool:
    return a.given[1] == b.given[1]


def middle_similar(a: Features, b: Features) -> bool:
    return similarity(a.given[1], b.given[1], score_cutoff=0.899) >= 0.899


def family_absent(a: Features, b: Features) -> bool:
    return not a.family or not b.family


def family_exact(a: Features, b: Features) -> bool:
    return a.family == b.family


def family_former(a: Features, b: Features) -> bool:
    return a.family in b.former or b.family in a.former


def family_part(a: Features, b: Features) -> bool:
    if " " not in a.family and " " not in b.family:
        return False
    right = parts(b.family)
    return any(part in right for part in parts(a.family))


def family_similar(a: Features, b: Features) -> bool:
    return similarity(a.family, b.family, score_cutoff=0.919) >= 0.919


def family_near(a: Features, b: Features) -> bool:
    return similarity(a.family, b.family, score_cutoff=0.799) >= 0.799


def both_former(a: Features, b: Features) -> bool:
    return any(name in b.former for name in a.former)


def birth_absent(a: Features, b: Features) -> bool:
    return a.birth is None or b.birth is None


def birth_exact(a: Features, b: Features) -> bool:
    return a.birth == b.birth


def birth_partial(a: Features, b: Features) -> bool:
    one, other = a.birth or "", b.birth or ""
    return one.startswith(other) or other.startswith(one)


def birth_swapped(a: Features, b: Features) -> bool:
    one, other = a.birth or "", b.birth or ""
    return one[:4] == other[:4] and one[5:7] == other[8:] and one[8:] == other[5:7]


def birth_digit(a: Features, b: Features) -> bool:
    return _edits(a.birth or "", b.birth or "", 1)


def birth_two_parts(a: Features, b: Features) -> bool:
    one, other = a.birth or "", b.birth or ""
    return len(one) == len(other) == _DAY and (one[:7] == other[:7] or one[5:] == other[5:])


def birth_two_digits(a: Features, b: Features) -> bool:
    return _edits(a.birth or "", b.birth or "", 2)


def birth_year(a: Features, b: Features) -> bool:
    return (a.birth or "")[:4] == (b.birth or "")[:4]


def sex_absent(a: Features, b: Features) -> bool:
    return a.sex is None or b.sex is None


def sex_same(a: Features, b: Features) -> bool:
    return a.sex == b.sex


def contact_absent(a: Features, b: Features) -> bool:
    return not (
        (a.phones and b.phones)
        or (a.street is not None and b.street is not None)
        or (a.postcode is not None and b.postcode is not None)
        or (a.city is not None and b.city is not None)
    )


def phone_alone(a: Features, b: Features) -> bool:
    theirs = b.phones
    return bool(theirs) and any(phone in theirs for phone in a.phones)


def house(a: Features, b: Features) -> bool:
    """The same house, and no other apartment."""
    if a.number is None or a.street is None or a.number != b.number or a.street != b.street:
        return False
    return a.unit is None or b.unit is None or a.unit == b.unit


def near_house(a: Features, b: Features) -> bool:
    if a.number is None or b.number is None or a.street is None or b.street is None:
        return False
    return _edits(a.number, b.number, 1) and similarity(a.street, b.street, score_cutoff=0.879) >= 0.879


def postcode_or_city(a: Features, b: Features) -> bool:
    return (a.postcode is not None and a.postcode == b.postcode) or (a.city is not None and a.city == b.city)


def phone_and_house(a: Features, b: Features) -> bool:
    return phone_alone(a, b) and house(a, b)


def phone_and_place(a: Features, b: Features) -> bool:
    return phone_alone(a, b) and (postcode_or_city(a, b) or near_house(a, b))


def house_and_place(a: Features, b: Features) -> bool:
    return house(a, b) and postcode_or_city(a, b)


def house_or_nearly(a: Features, b: Features) -> bool:
    return house(a, b) or (postcode_or_city(a, b) and near_house(a, b))


def street_and_place(a: Features, b: Features) -> bool:
    return a.street is not None and a.street == b.street and postcode_or_city(a, b)


def postcode_and_city(a: Features, b: Features) -> bool:
    return a.postcode is not None and a.postcode == b.postcode and a.city is not None and a.city == b.city


def near_place(a: Features, b: Features) -> bool:
    if a.postcode is not None and b.postcode is not None and _edits(a.postcode, b.postcode, 1):
        return True
    if a.city is not None and b.city is not None and similarity(a.city, b.city, score_cutoff=0.899) >= 0.899:
        return True
    return bool(a.phones and b.phones) and _edits(a.phones[0], b.phones[0], 1)


def email_absent(a: Features, b: Features) -> bool:
    return not a.emails or not b.emails


def email_exact(a: Features, b: Features) -> bool:
    return any(email in b.emails for email in a.emails)


def email_local(a: Features, b: Features) -> bool:
    return a.emails[0].partition("@")[0] == b.emails[0].partition("@")[0]


def email_similar(a: Features, b: Features) -> bool:
    return similarity(a.emails[0], b.emails[0], score_cutoff=0.899) >= 0.899


def national_absent(a: Features, b: Features) -> bool:
    return a.national is None or b.national is None


def national_exact(a: Features, b: Features) -> bool:
    return a.national == b.national


def national_digit(a: Features, b: Features) -> bool:
    return _edits(a.national or "", b.national or "", 1)


def national_last_four(a: Features, b: Features) -> bool:
    one, other = a.national or "", b.national or ""
    return (len(one) == 4 or len(other) == 4) and one[-4:] == other[-4:]


def national_two_digits(a: Features, b: Features) -> bool:
    return _edits(a.national or "", b.national or "", 2)
