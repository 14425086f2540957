"""Who asks, and the payer's name, in questions of flows: they know the member and the payer's number alone."""

from __future__ import annotations

from typing import TypeVar

from msgspec.structs import replace

from careloom.model import (
    AuthorizationRequested,
    CanonicalEvent,
    EligibilityRequested,
    Identifier,
    Organization,
)
from careloom.systems.payer.settings import Desk

Asked = TypeVar("Asked", bound=CanonicalEvent)


def asked_by(desk: Desk | None, question: Asked) -> Asked:
    """The question with `desk` as its provider, and the payer's name by its number, where it does not say them."""
    if desk is None or not isinstance(question, EligibilityRequested | AuthorizationRequested):
        return question
    request = question.request
    insurer = _named(desk, request.insurer)
    given = {"insurer": insurer} if insurer is not request.insurer else {}
    if request.provider is None and getattr(request, "requester", None) is None:
        given["provider"] = asker(desk)
    return replace(question, request=replace(request, **given)) if given else question


def asker(desk: Desk) -> Organization:
    """The provider who asks."""
    return Organization(name=desk.provider, identifier=(Identifier(value=desk.number, type="NPI"),))


def _named(desk: Desk, insurer: Organization | None) -> Organization | None:
    if insurer is None or insurer.name:
        return insurer
    name = next((desk.payers[one.value] for one in insurer.identifier if one.value in desk.payers), None)
    return insurer if name is None else replace(insurer, name=name)
