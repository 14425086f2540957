"""The settings of the feed, part of those of an Odoo system."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from careloom.core.secrets import SecretRef
from careloom.systems.odoo.feed.watches import MODELS

FeedKind: TypeAlias = Literal["none", "outbox", "polling", "auto"]


def _known(models: tuple[str, ...]) -> tuple[str, ...]:
    strange = [model for model in models if model not in MODELS]
    if strange:
        raise ValueError(f"{strange[0]} is not followed; there are {', '.join(MODELS)}")
    return models


class FeedSettings(BaseModel):
    """How changes made in Odoo are followed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    feed: FeedKind = Field(
        default="none",
        description="how changes are followed: by the addon's outbox, by polling, or auto: the outbox where it is",
    )
    feed_models: Annotated[tuple[str, ...], AfterValidator(_known)] = Field(
        default=(), description="models that are followed, such as account.move; empty: all that Careloom knows"
    )
    feed_seconds: float = Field(default=10.0, ge=0.1, le=3_600, description="pause between two looks")
    feed_overlap_seconds: float = Field(
        default=130.0, ge=0, le=86_400, description="polling: longer than any transaction, Odoo's limit_time_real"
    )
    feed_sweep_seconds: float = Field(
        default=900.0, ge=0, le=86_400, description="polling: pause between two looks for deleted records"
    )
    feed_epoch: int = Field(default=1, ge=1, description="raise it to follow a database anew that was restored")
    feed_wake_secret: SecretRef | None = Field(
        default=None, description="whsec_... of the addon's wake-up call to /v1/systems/NAME/wake; by reference"
    )
    feed_hint_secret: SecretRef | None = Field(
        default=None, description="last part of the path /v1/systems/NAME/hint/... for unsigned webhooks; by reference"
    )
