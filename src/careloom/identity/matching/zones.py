"""What becomes of a pair: linked by itself, looked at by a person, or two persons."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Zone(StrEnum):
    """LINK: one person, decided by the score. REVIEW: a person decides. NEW: not the same."""

    LINK = "link"
    REVIEW = "review"
    NEW = "new"


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """Why a decision was made, as it is kept: the level that each comparison reached and its weight (log2 of the Bayes
    factor), the whole weight, the probability, and the version of the model. It holds no value of either record.

    `vetoes` name the rules (see `rules`) that kept a pair out of the link zone whatever its weight.
    """

    model: str
    levels: dict[str, str]
    weights: dict[str, float]
    weight: float
    probability: float
    vetoes: tuple[str, ...] = ()
