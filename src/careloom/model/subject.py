"""What an event is about: the path to the numbers that its ordering key is made of, declared by each event class.

Events of one key are handled in order, so all that happens to one thing must have one key, whoever tells of it:

- What happens to a person in care is about the patient, since a merge must find all of it.
- What parties exchange about a document is about that document, by its number alone: of a claim, an order or an
  invoice the other party returns the number and no more, so the assigner could not be the same on both sides. Where
  two documents share a number their events wait for each other, which is harmless.
- What describes a thing (a product, a clinician, a place) is about that thing, by number and assigner.
- Money is about the invoice or the account that it pays, else about itself; and each event of a payment waits in the
  payment's own lane too (`also`), so that a refund that names no invoice still comes after the payment.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from careloom.model.datatypes import Identifier, Person

_NOBODY = "-"  # stands for the assigner where none is named, or where it does not count


class About(NamedTuple):
    """One way to tell the subject of an event: a kind of thing, and the path to its identifiers.

    An event class lists several in order of preference. `by_number` leaves the assigner out of the key. `every` makes
    a key of each identifier at the path, where they are numbers of several things; else the first stands for all.
    """

    kind: str
    path: str
    by_number: bool = False
    every: bool = False


def identifiers_at(event: object, path: str) -> Sequence[Identifier]:
    """The identifiers at a path of attribute names; empty where something on the way is absent."""
    found: Any = event
    for name in path.split("."):
        if found is None:
            return ()
        found = getattr(found, name)
    if found is None:
        return ()
    return (found,) if isinstance(found, Identifier) else found


def persons_at(event: object, path: str) -> Sequence[Person]:
    """The persons at a path: those that it leads to, or that the patients on the way were found to be."""
    found: Any = event
    for name in path.split("."):
        if isinstance(found, tuple):
            found = tuple(getattr(one, name) for one in found)
            continue
        found = getattr(found, name)
        if found is None:
            return ()
        person = getattr(found, "person", None)
        if isinstance(person, Person):
            return (person,)
    several = found if isinstance(found, tuple) else (found,)
    return tuple(one for one in several if isinstance(one, Person))


def subject_key(kind: str, identifier: Identifier, *, by_number: bool = False) -> str:
    """The ordering key `<kind>/<assigner>/<value>`; a slash or percent sign within a part is encoded."""
    assigner = _NOBODY if by_number else identifier.assigner or _NOBODY
    return f"{kind}/{_encoded(assigner)}/{_encoded(identifier.value)}"


def _encoded(text: str) -> str:
    return text.replace("%", "%25").replace("/", "%2F")
