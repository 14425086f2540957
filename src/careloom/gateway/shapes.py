"""What the bodies of the API have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from careloom.cases.desk import LONGEST_TEXT


class Shape(BaseModel):
    """A body: what it does not name is refused, and what it shows is all there is."""

    model_config = ConfigDict(extra="forbid")


class Because(Shape):
    """Why somebody does it."""

    reason: str = Field(default="", max_length=LONGEST_TEXT, description="kept on record; names no patient")
