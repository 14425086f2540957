"""The console as one application, to be mounted beside the API."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from importlib import resources
from typing import Final
from urllib.parse import quote, unquote

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from careloom.cases.rights import NotAllowed
from careloom.cases.states import NoSuchCase, NotPossible
from careloom.console import pages
from careloom.console.house import House
from careloom.console.people import SESSION_LASTS, SignInRefused
from careloom.console.rendering import page
from careloom.console.visiting import BASE, SESSION, Form, Page, Refused, Visit, form_fields
from careloom.core.errors import CareloomError, FormatError
from careloom.identity.index.errors import DecidedOtherwise, NoSuchPerson
from careloom.log.parking import NothingThere
from careloom.log.steps import place_of
from careloom.workflow.errors import NoSuchRun, NoSuchWorkflow
from careloom.workflow.errors import NotPossible as RunNotPossible

_log = logging.getLogger(__name__)
_POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_STATIC: Final = {"console.css": "text/css", "console.js": "text/javascript"}
_WANTED: Final = "careloom_wanted"
_SAME: Final = frozenset({"", "same-origin", "none"})
Answering = Callable[[Request], Awaitable[Response]]


def console(house: House) -> Starlette:
    """The pages. Everything but signing in asks who it is."""
    every = pages.every()
    routes = [
        Route("/sign-in", _safe(_sign_in(house)), methods=["GET", "POST"]),
        Route("/welcome/{token}", _safe(_welcome(house)), methods=["GET", "POST"]),
        Route("/sign-out", _safe(_visited(house, every, _sign_out(house))), methods=["POST"]),
        Route("/static/{name}", _static, methods=["GET"]),
        *(Route(one.path, _safe(_visited(house, every, _allowed(one))), methods=list(one.methods)) for one in every),
    ]
    return Starlette(routes=routes, exception_handlers={HTTPException: _not_found})


def _visited(house: House, every: Sequence[Page], handler: Callable[[Visit], Awaitable[Response]]) -> Answering:
    async def answer(request: Request) -> Response:
        visitor = await house.people.visitor(request.cookies.get(SESSION, ""))
        if visitor is None:
            if request.method != "GET":
                raise Refused("your session is over; sign in, and do it again", 401)
            query = f"?{request.url.query}" if request.url.query else ""
            return RedirectResponse(f"{BASE}/sign-in", 303, {"Set-Cookie": _wanted(request.url.path + query)})
        return await _tried(Visit(request, house, visitor, every), handler)

    return answer


async def _tried(visit: Visit, handler: Callable[[Visit], Awaitable[Response]]) -> Response:
    """What goes wrong is a page too, with what to do."""
    try:
        return await handler(visit)
    except (Refused, NotAllowed) as error:
        return _wrong(visit, str(error), getattr(error, "status", 403))
    except (NoSuchCase, NoSuchRun, NoSuchWorkflow, NoSuchPerson) as error:
        return _wrong(visit, str(error), 404)
    except (NotPossible, RunNotPossible, NothingThere, DecidedOtherwise, FormatError) as error:
        return _wrong(visit, str(error), 409)


def _wrong(visit: Visit, text: str, status: int) -> Response:
    return visit.show("refused.html", status, title="This did not go", text=text)


def _allowed(one: Page) -> Callable[[Visit], Awaitable[Response]]:
    async def handle(visit: Visit) -> Response:
        visit.must(one.right)
        return await one.handler(visit)

    return handle


def _safe(answering: Answering) -> Answering:
    """The headers that keep pages to themselves, no act from another site, and no text of an error to anybody."""

    async def answer(request: Request) -> Response:
        try:
            if request.method == "POST" and request.headers.get("sec-fetch-site", "") not in _SAME:
                raise Refused("this form was sent by another site")
            given = await answering(request)
        except Refused as error:
            given = page("outside.html", {"title": "Refused", "text": str(error), "base": BASE}, error.status)
        except CareloomError as error:
            given = page("outside.html", {"title": "Not now", "text": str(error), "base": BASE}, 503)
        except Exception as error:
            _log.error("a page met a bug: %s", place_of(error))
            text = "The hub's log says where it went wrong."
            given = page("outside.html", {"title": "This page has a fault", "text": text, "base": BASE}, 500)
        given.headers["Content-Security-Policy"] = _POLICY
        return given

    return answer


def _sign_in(house: House) -> Answering:
    async def answer(request: Request) -> Response:
        if request.method == "GET":
            return page("sign_in.html", {"title": "Sign in", "wrong": "", "base": BASE, "house": house.name})
        form = Form(await form_fields(request))
        try:
            token = await house.people.sign_in(form.one("name"), form.one("password"))
        except SignInRefused as error:
            context = {"title": "Sign in", "wrong": str(error), "base": BASE, "house": house.name}
            return page("sign_in.html", context, 401)
        return _come_in(request, token)

    return answer


def _welcome(house: House) -> Answering:
    async def answer(request: Request) -> Response:
        token: str = request.path_params["token"]
        name = await house.people.invited(token)
        if name is None:
            raise Refused("this link was used or is over; ask for a new one: `careloom user invite NAME`", 410)
        wrong = ""
        if request.method == "POST":
            form = Form(await form_fields(request))
            try:
                if form.one("password") != form.one("again"):
                    raise FormatError("the two passwords are not the same", "again")
                return _come_in(request, await house.people.accept(token, form.one("password")))
            except FormatError as error:
                wrong = str(error)
        context = {"title": "Choose a password", "wrong": wrong, "name": name, "base": BASE, "house": house.name}
        return page("welcome.html", context, 409 if wrong else 200)

    return answer


def _come_in(request: Request, token: str) -> Response:
    """With a session; back to the page that was wanted, if it is one of ours."""
    wanted = unquote(request.cookies.get(_WANTED, ""))
    ours = wanted.startswith(f"{BASE}/") and "\\" not in wanted and "//" not in wanted
    given = RedirectResponse(wanted if ours else f"{BASE}/", 303)
    given.set_cookie(
        SESSION, token, max_age=int(SESSION_LASTS.total_seconds()), path=BASE, httponly=True, samesite="strict",
        secure=request.url.scheme == "https",
    )  # fmt: skip
    given.delete_cookie(_WANTED, path=BASE)
    return given


def _wanted(path: str) -> str:
    """The cookie that keeps where somebody wanted to go."""
    return f"{_WANTED}={quote(path, safe='/')}; Path={BASE}; Max-Age=600; HttpOnly; SameSite=Strict"


def _sign_out(house: House) -> Callable[[Visit], Awaitable[Response]]:
    async def leave(visit: Visit) -> Response:
        await visit.form()
        await house.people.leave(visit.request.cookies[SESSION])
        given = RedirectResponse(f"{BASE}/sign-in", 303)
        given.delete_cookie(SESSION, path=BASE)
        return given

    return leave


async def _static(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in _STATIC:
        raise HTTPException(404)
    return Response(_file(name), media_type=_STATIC[name], headers={"Cache-Control": "max-age=300"})


@cache
def _file(name: str) -> bytes:
    return resources.files("careloom.console").joinpath("static", name).read_bytes()


async def _not_found(request: Request, error: Exception) -> Response:  # noqa: ARG001
    status = error.status_code if isinstance(error, HTTPException) else 404
    text = "There is no such page."
    given = page("outside.html", {"title": "Not found", "text": text, "base": BASE}, status)
    given.headers["Content-Security-Policy"] = _POLICY
    return given
