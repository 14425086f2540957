"""Having subscriptions wait, and go on, as a form asks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.responses import Response

from careloom.console.visiting import Visit
from careloom.core.errors import FormatError
from careloom.log.operators import Act


async def hold(
    visit: Visit, path: str, waiting: str, act: Callable[[Act], Awaitable[None]], *, paused: bool
) -> Response:
    """Do the act with the reason that the form gives, and go back to the page of `path`, whose last part is the name of
    what is held. `waiting` is what waits meanwhile. Raises FormatError for a pause without a reason."""
    form = await visit.form()
    reason = form.one("reason")
    if paused and not reason:
        raise FormatError("say why it is paused", "reason")
    await act(Act(visit.visitor.name, reason or "resumed"))
    visit.house.shelf.forget("glance")
    done = f"is paused: {waiting} waits in the log" if paused else "goes on where it was"
    return visit.go(path, f"{path.rpartition('/')[2]} {done}.")
