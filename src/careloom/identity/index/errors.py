"""What stewards are told when something cannot be done."""

from __future__ import annotations

from careloom.core.errors import CareloomError


class NoSuchPerson(CareloomError):
    """There is no such person, record, link or question in the index."""


class DecidedOtherwise(CareloomError):
    """A person said that the two are not the same, or the records do not stand as the act supposes."""
