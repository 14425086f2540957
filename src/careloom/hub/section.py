"""What all tables of `careloom.toml` have in common."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints


class Section(BaseModel):
    """A table: what it does not list is refused, and nobody changes it once it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _known(zone: str) -> str:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError("there is no such time zone; write one of the IANA names, America/Chicago") from None
    return zone


Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,62}$")]
"""A name that a deployment gives."""
Zone = Annotated[str, AfterValidator(_known)]
"""An IANA time zone."""
