"""The settings of a trading partner."""

from __future__ import annotations

from datetime import timedelta
from typing import Final, Self

from pydantic import Field, model_validator

from careloom.formats import x12
from careloom.systems.answering import Acknowledgement
from careloom.systems.exchange import ExchangeSettings
from careloom.systems.interchange import InterchangeSettings

_DAY: Final = 86_400.0


class Settings(InterchangeSettings, ExchangeSettings):
    """Who exchanges with whom, where, and what is answered. Times in seconds."""

    acknowledge: tuple[Acknowledgement, ...] = Field(
        default=("997",),
        description="what comes in is acknowledged so: 997 or 999 for its groups, TA1 for it as a whole",
    )
    ask_ta1: bool = Field(default=False, description="ask for a TA1 for each interchange (ISA14), and wait for it")
    acknowledged_within: float = Field(
        default=_DAY,
        ge=0,
        description="a 997, 999 or TA1 that does not come so soon is a case; 0: it is not waited for",
    )
    answered_within: float = Field(default=2 * _DAY, ge=0, description="the same for the 855 to an order")
    shipped_within: float = Field(default=0, ge=0, description="the same for the 856 to an order")
    billed_within: float = Field(default=0, ge=0, description="the same for the 810 to an order")

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if {"997", "999"} <= set(self.acknowledge):
            raise ValueError("997 and 999 say the same: acknowledge by one of them")
        return self

    def within(self, expectation: x12.Expectation) -> timedelta | None:
        """How long an answer may take; None: it is not waited for."""
        seconds = {
            "999": self.acknowledged_within, "TA1": self.acknowledged_within, "855": self.answered_within,
            "856": self.shipped_within, "810": self.billed_within,
        }.get(expectation.kind)  # fmt: skip
        if seconds is None:
            return expectation.within
        return timedelta(seconds=seconds) if seconds else None
