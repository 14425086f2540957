"""What is compared of a record, in one form whatever its source: the only thing that matching sees of a person."""

from __future__ import annotations

import msgspec


class Features(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A record as matching sees it. Everything is normalised (see `normalising`): case, diacritics, nicknames,
    numbers, dates. What is a placeholder ("UNKNOWN", 1900-01-01, 999-99-9999, "BABYGIRL") is absent.

    `given` are the tokens as they were given, the first one first: what a nickname is short for is looked up where
    names are compared. `birth` is `YYYY-MM-DD`, or `YYYY-MM` or `YYYY` where the sender knew no more. `sex` is `f`, `m`
    or None. `phones` are E.164, `emails` lower case. `national` is a number of the state, of sources that give one: the
    hub itself is never told it. `identifiers` are `assigner|type|value`. `newborn` says that the given name was a
    placeholder of a child that has none yet. `multiple` is the place within a multiple birth, 0 where nothing is said.
    `suffix` is the generation: `jr`, `sr`, `ii`, `iii`, `iv`, `v`. `unit` is the apartment.
    """

    given: tuple[str, ...] = ()
    family: str = ""
    former: tuple[str, ...] = ()
    birth: str | None = None
    sex: str | None = None
    number: str | None = None
    street: str | None = None
    city: str | None = None
    postcode: str | None = None
    state: str | None = None
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    national: str | None = None
    identifiers: tuple[str, ...] = ()
    newborn: bool = False
    multiple: int = 0
    suffix: str | None = None
    unit: str | None = None
