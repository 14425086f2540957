"""What the score cannot see: patterns in which two persons look like one. A rule holds a pair out of the link zone
whatever its weight; those of `PARTING` say that they are two, the others that a person must look."""

from __future__ import annotations

from collections.abc import Collection

from rapidfuzz.distance.DamerauLevenshtein import distance
from rapidfuzz.distance.JaroWinkler import similarity

from careloom.identity.matching.features import Features
from careloom.identity.matching.levels import crossed, house, near_house, phone_alone, postcode_or_city
from careloom.identity.matching.model import Model
from careloom.identity.matching.nicknames import forms
from careloom.identity.matching.zones import Evidence, Zone

TWINS = "twins"
PERHAPS_TWINS = "perhaps twins"
MULTIPLE = "places of a multiple birth"
NEWBORN = "newborn"
NATIONAL = "national numbers contradict"
NUMBERS = "numbers of one assigner contradict"
GENERATION = "generations contradict"
PARENT = "perhaps parent and child"
SHARED = "little but what a household shares"
MAIL = "little but a name and its mail"
NAMELESS = "names absent"

PARTING = frozenset({TWINS, MULTIPLE})
"""Rules after which nobody is asked: two children of one birth are the rule, one child under two names is not."""

_CLEARLY_DIFFERENT, _MISSPELT, _SLIP = 0.75, 0.88, 0.919
_JUNIOR = frozenset({"jr", "ii"})
_LONG = 5
"""Letters of a name in which one slip leaves it what it is; among shorter ones it is often another name."""
_PARENTHOOD = 12
"""Years that lie between a child and its parent at the least."""


def vetoes(a: Features, b: Features, unique: Collection[str] = ()) -> tuple[str, ...]:
    """The rules that hold this pair out of the link zone. `unique` are `assigner|type` of numbers of which their
    assigner gives one to a person, never two."""
    found = []
    if a.multiple and b.multiple and a.multiple != b.multiple and a.birth == b.birth:
        found.append(MULTIPLE)
    if a.newborn or b.newborn:
        found.append(NEWBORN)
    elif _twins(a, b):
        found.append(TWINS)
    elif _perhaps_twins(a, b):
        found.append(PERHAPS_TWINS)
    if _national_contradicts(a, b) and not _all_else(a, b):
        found.append(NATIONAL)
    if unique and a.identifiers and b.identifiers and _numbers_contradict(a, b, unique):
        found.append(NUMBERS)
    if a.suffix and b.suffix and _generations_contradict(a.suffix, b.suffix):
        found.append(GENERATION)
    if _perhaps_parent(a, b):
        found.append(PARENT)
    if _nameless(a, b):
        found.append(NAMELESS)
    if _only_shared(a, b):
        found.append(SHARED)
    elif _only_mail(a, b):
        found.append(MAIL)
    return tuple(found)


def decide(model: Model, evidence: Evidence) -> Zone:
    """The zone of a pair, rules and all."""
    return ruled(model.zone(evidence.weight), evidence.vetoes)


def ruled(zone: Zone, found: Collection[str]) -> Zone:
    """What the rules that were found make of the zone of a weight."""
    if zone is Zone.NEW or not found:
        return zone
    return Zone.REVIEW if PARTING.isdisjoint(found) else Zone.NEW


def contradicts(old: Features, new: Features) -> tuple[str, ...]:
    """Why new content of a known record cannot be of the person that it was of: an overlaid record, which is when one
    patient's data are written over another's under the other's number. Nothing where it may be a change of the same
    person: a marriage, a move, a correction of one field."""
    given, birth = _given_differs(old, new), _birth_differs(old, new)
    sex = old.sex is not None and new.sex is not None and old.sex != new.sex
    family = _family_differs(old, new)
    found = [
        name
        for name, differs in (("given", given), ("birth", birth), ("sex", sex), ("family", family))
        if differs
    ]  # fmt: skip
    if _national_contradicts(old, new):
        found.append("national")
    # One field is corrected every day; a family name goes with a marriage. Two that last do not change at once.
    lasting = [name for name in found if name != "family"]
    return tuple(found) if len(lasting) >= 2 or ("given" in lasting and family) else ()


def _twins(a: Features, b: Features) -> bool:
    if a.birth is None or a.birth != b.birth or not _given_differs(a, b):
        return False
    if a.national is not None and a.national == b.national:
        return False  # a name that nobody can read any more
    return not _family_differs(a, b) or phone_alone(a, b) or house(a, b)


def _perhaps_twins(a: Features, b: Features) -> bool:
    """One birth and one home, and given names that are too unlike for a slip of the pen, or whose second ones differ:
    parents like names that go together."""
    if a.birth is None or a.birth != b.birth or not a.given or not b.given or a.given[0] == b.given[0]:
        return False
    if (a.national is not None and a.national == b.national) or any(email in b.emails for email in a.emails):
        return False
    one, other = a.given[0], b.given[0]
    if len(one) == 1 or len(other) == 1 or crossed(a, b) or set(a.given[:2]) == set(b.given[:2]):
        return False
    if not (phone_alone(a, b) or house(a, b)):
        return False
    if len(a.given) > 1 and len(b.given) > 1 and a.given[1][0] != b.given[1][0]:
        return True
    if _slipped(one, other) or set(forms(one)) & set(forms(other)):
        return False
    return similarity(one, other) < _SLIP


def _slipped(one: str, other: str) -> bool:
    """One letter wrong within a name: twins' names rhyme, slips of the pen come anywhere."""
    return min(len(one), len(other)) >= _LONG and one[0] == other[0] and distance(one, other) <= 1


def _perhaps_parent(a: Features, b: Features) -> bool:
    """A generation between two births, and neither a slip of the pen nor a number of the person's own: a child may have
    its parent's name, home, telephone and mail."""
    if a.birth is None or b.birth is None or (a.national is not None and a.national == b.national):
        return False
    return abs(int(a.birth[:4]) - int(b.birth[:4])) >= _PARENTHOOD and distance(a.birth, b.birth) > 1


def _only_mail(a: Features, b: Features) -> bool:
    """Neither a home nor a telephone in common, and no birth that agrees: an e-mail address is made of a name, so that
    it says no more than the name does, unless it is the very same and the birth nearly so."""
    if not a.emails or not b.emails or (a.national is not None and a.national == b.national):
        return False
    if (a.birth is not None and a.birth == b.birth) or phone_alone(a, b) or house(a, b):
        return False
    same = any(email in b.emails for email in a.emails)
    return not (same and a.birth is not None and b.birth is not None and not _birth_differs(a, b))


def _given_differs(a: Features, b: Features) -> bool:
    """Clearly: no token in common, neither an initial nor a nickname nor a misspelling of the other, and no swap."""
    if not a.given or not b.given or crossed(a, b):
        return False
    return all(_unlike(one, other) for one in a.given[:2] for other in b.given[:2])


def _unlike(one: str, other: str) -> bool:
    if len(one) == 1 or len(other) == 1:
        return one[0] != other[0]
    if one in other or other in one or set(forms(one)) & set(forms(other)):
        return False
    return similarity(one, other) < _CLEARLY_DIFFERENT


def _family_differs(a: Features, b: Features) -> bool:
    if not a.family or not b.family:
        return False
    left, right = {a.family, *a.former, *a.family.split()}, {b.family, *b.former, *b.family.split()}
    return not left & right and similarity(a.family, b.family) < _CLEARLY_DIFFERENT and not crossed(a, b)


def _birth_differs(a: Features, b: Features) -> bool:
    if a.birth is None or b.birth is None or len(a.birth) != len(b.birth):
        return False
    same = sum(x == y for x, y in zip(a.birth.split("-"), b.birth.split("-"), strict=True))
    return same < 2 and distance(a.birth, b.birth) > 2 and sorted(a.birth) != sorted(b.birth)


def _national_contradicts(a: Features, b: Features) -> bool:
    if a.national is None or b.national is None:
        return False
    if len(a.national) == 4 or len(b.national) == 4:
        return a.national[-4:] != b.national[-4:]
    return distance(a.national, b.national) > 2


def _all_else(a: Features, b: Features) -> bool:
    """Given name and birth are the very same, the family name nearly so, and the place: then a number was mistyped, for
    no two persons share all of it."""
    if not (a.given and b.given and len(a.given[0]) > 1 and a.birth is not None):
        return False
    if a.given[0] != b.given[0] or a.birth != b.birth or similarity(a.family, b.family) < _MISSPELT:
        return False
    return house(a, b) or near_house(a, b) or phone_alone(a, b) or postcode_or_city(a, b)


def _numbers_contradict(a: Features, b: Features, unique: Collection[str]) -> bool:
    mine = {kind: value for kind, _, value in (one.rpartition("|") for one in a.identifiers) if kind in unique}
    theirs = (one.rpartition("|") for one in b.identifiers)
    return any(kind in mine and mine[kind] != value for kind, _, value in theirs)


def _generations_contradict(one: str, other: str) -> bool:
    return not (one == other or {one, other} <= _JUNIOR)


def _nameless(a: Features, b: Features) -> bool:
    """A given name is absent where nothing else is the person's own: a twin would look the same."""
    if (a.given and b.given) or a.newborn or b.newborn:
        return False
    return a.national is None or a.national != b.national


def _only_shared(a: Features, b: Features) -> bool:
    """Neither the day of birth nor a number of the person's own speaks for one person, only what several share."""
    if a.national is not None and a.national == b.national:
        return False
    if a.birth is not None and b.birth is not None:
        return _birth_differs(a, b)  # whatever else: a father and his son may have one e-mail address too
    return not any(email in b.emails for email in a.emails) or _given_differs(a, b)
