"""`[crosswalk]` and `[authority.NAME]`: how codes are changed, and which system may say what of whom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, model_validator

from careloom.hub.section import Section
from careloom.identity.crosswalk.authority import ANY, Authority, Decision, Rule
from careloom.identity.crosswalk.imports import STEWARDS


class CrosswalkSection(Section):
    """How codes of systems and what they stand for are changed."""

    approvers: str = Field(
        default=STEWARDS, description="the role that approves changes from files; empty: they need no approval"
    )
    answers: Literal["direct", "approved"] = Field(
        default="direct", description="whether what a person says of an unknown code is approved before it is used"
    )

    @model_validator(mode="after")
    def _somebody_approves(self) -> CrosswalkSection:
        if self.answers == "approved" and not self.approvers:
            raise ValueError("answers are to be approved and nobody approves them; name a role in approvers")
        return self

    @property
    def answers_approved_by(self) -> str:
        """The role that approves answers; empty: they count at once."""
        return self.approvers if self.answers == "approved" else ""


class AuthoritySection(Section):
    """A rule of authority: which systems may set some fields of an entity."""

    entity: str = Field(min_length=1, description="patient, product, supplier, payer or provider")
    fields: tuple[str, ...] = Field(default=(ANY,), min_length=1, description="address, address.city, or `*` for all")
    facilities: tuple[str, ...] = Field(default=(), description="the facilities that it holds for; empty: all")
    systems: tuple[str, ...] = Field(min_length=1, description="those that may, the system of record first")
    otherwise: Decision = Field(
        default=Decision.REFUSE, description="what becomes of a write by another: refuse, propose or accept"
    )

    @property
    def proposes(self) -> bool:
        """Whether a write by another waits for a steward."""
        return self.otherwise is Decision.PROPOSE


def authority_of(sections: Mapping[str, AuthoritySection]) -> Authority:
    """The same as those who decide take it. Raises ConfigurationError for two rules of one field."""
    return Authority(Rule(name=name, **one.model_dump()) for name, one in sections.items())
