"""The settings of a system that posts to the gateway."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from careloom.systems.mllp.recognise import Accepts, Recogniser
from careloom.systems.seam import Surroundings

Version = Annotated[str, StringConstraints(pattern=r"^2\.[1-9](\.[0-9])?$")]


class Settings(BaseModel):
    """One system that posts HL7 v2 messages. Sizes in octets."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    principals: frozenset[str] = Field(default=frozenset(), description="names of API keys that may post; empty: any")
    max_message: int = Field(default=16 * 1024 * 1024, ge=1024, description="largest message")
    processing_ids: frozenset[Literal["P", "T", "D"]] = Field(
        default=frozenset({"P", "T", "D"}), min_length=1, description="values of MSH-11 that are taken"
    )
    versions: frozenset[Version] = Field(default=frozenset(), description="values of MSH-12 taken; empty: any")


@dataclass(frozen=True, slots=True)
class Inbox:
    """What a system may post, by its settings."""

    recogniser: Recogniser
    max_message: int
    principals: frozenset[str]

    async def close(self) -> None:
        """Nothing is open."""


def connect(settings: Settings, around: Surroundings) -> Inbox:
    """The gateway takes messages for it; nothing is opened."""
    accepts = Accepts(processing_ids=frozenset(settings.processing_ids), versions=settings.versions)
    recogniser = Recogniser(around.system, accepts=accepts, clock=around.clock, source=around.source)
    return Inbox(recogniser, settings.max_message, settings.principals)
