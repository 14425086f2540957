"""What the index asks of matching: what is compared, by what a record may be found, and how much a pair weighs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from careloom.identity.matching.features import Features
from careloom.identity.matching.model import Model
from careloom.identity.matching.zones import Evidence, Zone
from careloom.model import Patient


class Matcher(Protocol):
    """Matching under one model."""

    @property
    def version(self) -> str:
        """The model's."""

    @property
    def model(self) -> Model:
        """The model itself."""

    def features(self, patient: Patient) -> Features:
        """What is compared of a patient."""

    def keys(self, features: Features) -> Sequence[str]:
        """By what it is blocked: records that share a key are compared."""

    def zone(self, one: Features, other: Features) -> tuple[Zone, Evidence] | None:
        """What becomes of a pair, rules and all; None for two persons."""

    def evidence(self, one: Features, other: Features) -> Evidence:
        """All that is kept of a pair, whatever its zone."""

    def contradicts(self, old: Features, new: Features) -> Sequence[str]:
        """What says that two records of one number cannot be of one person; nothing where it may be a change."""


def lookups(features: Features) -> list[str]:
    """By what people look for a person, beside the blocking keys: a bare number, a name with the birth or a given
    name. These are never compared by."""
    found = [f"look|number|{one.rpartition('|')[2]}" for one in features.identifiers]
    if features.family and features.birth:
        found.append(f"look|birth|{features.family}|{features.birth}")
    found += [f"look|name|{features.family}|{given}" for given in features.given[:1] if features.family]
    return found


def shared(features: Features) -> list[str]:
    """The keys of identifiers: records that share one are of one person, unless they contradict each other."""
    return [f"identifier|{one}" for one in features.identifiers]
