"""The settings of an Odoo system."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints

from careloom.core.secrets import SecretRef
from careloom.systems.odoo.feed.settings import FeedSettings
from careloom.systems.windows import WindowText

BaseUrl = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/?#@]+(/[^\s?#@]+)?$")]
ModuleName = Annotated[str, StringConstraints(pattern=r"^[a-z_][a-z0-9_]*$", max_length=40)]
Seconds = Annotated[float, Field(gt=0, le=86_400)]


class Settings(FeedSettings):
    """One Odoo database, as one API user. Times in seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: BaseUrl = Field(description="where Odoo answers, https://erp.example.org, without a path of Odoo's")
    database: str = Field(min_length=1, description="the database's name")
    login: str = Field(min_length=1, description="the API user's login; give it rights on what is written and no more")
    api_key: SecretRef = Field(description="the user's API key, by reference; it expires after 90 days at most")

    concurrency: int = Field(default=1, ge=1, le=64, description="calls at once: Odoo's HTTP workers minus one")
    rate: float | None = Field(default=None, gt=0, description="calls a second on average; empty: no limit")
    timeout_seconds: Seconds = Field(default=60.0, description="longest time to an answer; then it is ambiguous")
    connect_seconds: Seconds = Field(default=5.0, description="longest time to connect")
    batch_rows: int = Field(default=100, ge=1, le=1000, description="rows of one load() call at most")

    external_id_module: ModuleName = Field(default="careloom", description="first part of our external ids")
    allowed_company_ids: tuple[int, ...] = Field(default=(), description="companies; new records go to the first")
    lang: str | None = Field(default=None, pattern=r"^[a-z]{2,3}(_[A-Za-z]+)?(@\w+)?$", description="such as en_US")
    trust_ledger_hours: float = Field(
        default=24.0, ge=0, description="an unchanged row is not sent again for so long; then it is, to heal drift"
    )

    addon: Literal["auto", "never"] = Field(
        default="auto", description="auto: documents go through the addon careloom_connector where it is installed"
    )

    breaker_failures: int = Field(default=5, ge=1, description="calls in a row without an answer that open the breaker")
    breaker_seconds: Seconds = Field(default=15.0, description="time until a probe after that")
    refused_seconds: Seconds = Field(default=900.0, description="time until a probe after refused credentials")
    maintenance: tuple[WindowText, ...] = Field(
        default=(), description="hours in which Odoo is away and calls wait, `Sun 02:00-04:00 Europe/Berlin`"
    )
    password: SecretRef | None = Field(
        default=None, description="the API user's password, by reference, for `careloom odoo rotate-key` alone"
    )
