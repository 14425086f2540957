"""Accounts: who may come in, and what each may see and do."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from careloom.console.people import INVITATION_LASTS
from careloom.console.rights import RIGHTS, Right, Role
from careloom.console.visiting import BASE, Form, Page, Visit
from careloom.core.errors import ConfigurationError, FormatError
from careloom.log.operators import Act


async def _people(visit: Visit) -> Response:
    return await _shown(visit)


async def _shown(visit: Visit, link: str = "", whose: str = "") -> Response:
    return visit.show(
        "people.html", title="Accounts", rows=await visit.house.people.everybody(), roles=list(Role), rights=RIGHTS,
        teams=_teams(visit), link=link, whose=whose, days=INVITATION_LASTS.days,
    )  # fmt: skip


async def _add(visit: Visit) -> Response:
    form = await visit.form()
    name = form.one("name")
    if not name:
        raise FormatError("an account has a name", "name")
    try:
        token = await visit.house.people.add(name, _roles(form), _stands_in(form), _act(visit, form))
    except ConfigurationError as error:
        raise FormatError(str(error), "name") from None
    return await _linked(visit, token, name)


async def _invite(visit: Visit) -> Response:
    form = await visit.form()
    name = form.one("name")
    try:
        token = await visit.house.people.invite(name, _act(visit, form))
    except ConfigurationError as error:
        raise FormatError(str(error), "name") from None
    return await _linked(visit, token, name)


async def _linked(visit: Visit, token: str, name: str) -> Response:
    """The link is shown in the answer itself, this once: it may stand in no URL, no cookie and no history."""
    url = visit.request.url
    return await _shown(visit, f"{url.scheme}://{url.netloc}{BASE}/welcome/{token}", name)


async def _assign(visit: Visit) -> Response:
    form = await visit.form()
    name, roles = form.one("name"), _roles(form)
    _not_yourself(visit, name, keeps=Role.ADMIN in roles)
    try:
        await visit.house.people.assign(name, roles, _stands_in(form), _act(visit, form))
    except ConfigurationError as error:
        raise FormatError(str(error), "name") from None
    return visit.go("/people", f"{name} may now what these roles may: {', '.join(sorted(roles)) or 'none'}.")


async def _disable(visit: Visit) -> Response:
    form = await visit.form()
    name = form.one("name")
    _not_yourself(visit, name, keeps=False)
    try:
        await visit.house.people.disable(name, _act(visit, form))
    except ConfigurationError as error:
        raise FormatError(str(error), "name") from None
    return visit.go("/people", f"{name} cannot sign in any more.")


def _not_yourself(visit: Visit, name: str, *, keeps: bool) -> None:
    """Nobody locks themselves out, so that there is always one who may let others in."""
    if name.lower() == visit.visitor.name.lower() and not keeps:
        raise FormatError("ask another administrator to take this from you", "name")


def _act(visit: Visit, form: Form) -> Act:
    reason = form.one("reason")
    if not reason:
        raise FormatError("say why; it is put on record", "reason")
    return Act(visit.visitor.name, reason)


def _roles(form: Form) -> list[Role]:
    try:
        return [Role(text) for text in form.every("role")]
    except ValueError:
        raise FormatError(f"there are the roles {', '.join(Role)}", "role") from None


def _stands_in(form: Form) -> list[str]:
    return sorted({text.strip() for text in form.one("teams").split(",") if text.strip()})


def _teams(visit: Visit) -> Sequence[str]:
    """Those that flows and kinds of cases name as owners, to choose from; others may be written too."""
    owners = {one.owner for one in visit.house.flows} | {one.owner for one in visit.house.subscriptions}
    return sorted(filter(None, owners))


PAGES = (
    Page("/people", Right.ADMINISTER, _people, "Accounts"),
    Page("/people/add", Right.ADMINISTER, _add, methods=("POST",)),
    Page("/people/invite", Right.ADMINISTER, _invite, methods=("POST",)),
    Page("/people/assign", Right.ADMINISTER, _assign, methods=("POST",)),
    Page("/people/disable", Right.ADMINISTER, _disable, methods=("POST",)),
)
