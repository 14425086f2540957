"""The settings of an exchange of X12: who sends to whom."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from careloom.mapping.x12.sending import Envelope


class InterchangeSettings(BaseModel):
    """Who exchanges with whom."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sender: str = Field(min_length=1, max_length=15, description="our identifier (ISA06)")
    receiver: str = Field(min_length=1, max_length=15, description="theirs (ISA08)")
    sender_qualifier: str = Field(default="ZZ", pattern="^[A-Z0-9]{2}$", description="ISA05")
    receiver_qualifier: str = Field(default="ZZ", pattern="^[A-Z0-9]{2}$", description="ISA07")
    application_sender: str = Field(default="", max_length=15, description="GS02; ISA06 where left out")
    application_receiver: str = Field(default="", max_length=15, description="GS03; ISA08 where left out")
    production: bool = Field(default=False, description="ISA15: false marks everything as a test")
    company: str = Field(
        default="",
        pattern="^([A-Z0-9]{10})?$",
        description="who gives the trace numbers (TRN03): 9 and nine characters",
    )

    @property
    def usage(self) -> Literal["P", "T"]:
        """ISA15."""
        return "P" if self.production else "T"

    def envelope(self, control: int, time: datetime, *, acknowledge: bool = False) -> Envelope:
        """The interchange with this control number."""
        return Envelope(
            sender=self.sender,
            receiver=self.receiver,
            sender_qualifier=self.sender_qualifier,
            receiver_qualifier=self.receiver_qualifier,
            application_sender=self.application_sender,
            application_receiver=self.application_receiver,
            control=control,
            time=time,
            usage=self.usage,
            acknowledge=acknowledge,
            company=self.company,
        )
