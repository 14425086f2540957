"""One request to a page: who asks, what they sent, and how it is answered."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final
from urllib.parse import parse_qsl, quote, unquote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from careloom.console.house import House
from careloom.console.people import Visitor
from careloom.console.rendering import page
from careloom.console.rights import Right
from careloom.core.errors import CareloomError

BASE: Final = "/console"
SESSION: Final = "careloom_session"
_SAID: Final = "careloom_said"
_FORGERY: Final = "forgery"
LARGEST_FORM: Final = 1024 * 1024
_MOST_FIELDS: Final = 2_000


class Refused(CareloomError):
    """The visitor may not see or do this; `status` is the answer's."""

    def __init__(self, text: str, status: int = 403) -> None:
        super().__init__(text)
        self.status = status


class Form:
    """The fields of a form."""

    def __init__(self, fields: Sequence[tuple[str, str]]) -> None:
        self._fields = fields

    def one(self, name: str) -> str:
        """The field's last value without spaces around it; empty when it is not there."""
        return next((value.strip() for key, value in reversed(self._fields) if key == name), "")

    def every(self, name: str) -> list[str]:
        """All values of a field, such as ticked boxes."""
        return [value for key, value in self._fields if key == name]


@dataclass(slots=True)
class Visit:
    """A request of somebody who has signed in."""

    request: Request
    house: House
    visitor: Visitor
    pages: Sequence[Page]

    @property
    def path(self) -> Mapping[str, Any]:
        """What the path names."""
        return self.request.path_params

    def asked(self, name: str, default: str = "") -> str:
        """A parameter of the URL."""
        return self.request.query_params.get(name, default).strip()

    def may(self, right: Right) -> bool:
        """Whether the visitor has it."""
        return right in self.visitor.rights

    def must(self, right: Right) -> None:
        """Raises Refused for a visitor without it."""
        if not self.may(right):
            raise Refused(f"your roles do not let you {right.value}; ask an administrator")

    def leads(self, path: str) -> bool:
        """Whether there is a page at this path that the visitor may see."""
        return any(one.right in self.visitor.rights and _fits(one.path, path) for one in self.pages)

    async def form(self) -> Form:
        """What was sent. Raises Refused for a form that did not come from a page of this session."""
        fields = Form(await form_fields(self.request))
        if not hmac.compare_digest(fields.one(_FORGERY), self.visitor.forgery):
            raise Refused("this form is not from a page of your session; go back, reload the page and send it again")
        return fields

    def show(self, template: str, status: int = 200, **context: Any) -> Response:
        """A page, inside the frame that all have."""
        shown = [one for one in self.pages if one.label and one.right in self.visitor.rights]
        said = unquote(self.request.cookies.get(_SAID, ""))
        answer = page(
            template,
            {
                "visit": self, "visitor": self.visitor, "house": self.house.name, "menu": shown, "base": BASE,
                "here": self.request.url.path, "now": self.house.clock.now(), "said": said, "Right": Right, **context,
            },
            status,
        )  # fmt: skip
        if said:
            answer.delete_cookie(_SAID, path=BASE)
        return answer

    def go(self, path: str, said: str = "") -> Response:
        """On to another page after an act, which says what was done."""
        answer = RedirectResponse(f"{BASE}{path}", 303)
        if said:
            answer.set_cookie(_SAID, quote(said[:500]), max_age=60, path=BASE, httponly=True, samesite="strict")
        return answer


@lru_cache(maxsize=4096)
def _fits(pattern: str, path: str) -> bool:
    parts = pattern.split("/"), path.partition("?")[0].split("/")
    return len(parts[0]) == len(parts[1]) and all(
        one == other or one.startswith("{") for one, other in zip(*parts, strict=True)
    )


Handler = Callable[[Visit], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Page:
    """A path below the console's own, and who may come there. `label` puts it into the menu; `acts` are its POSTs by
    the last part of their path."""

    path: str
    right: Right
    handler: Handler
    label: str = ""
    methods: tuple[str, ...] = ("GET",)


async def form_fields(request: Request) -> list[tuple[str, str]]:
    """The fields of an urlencoded form. Raises Refused for what is too large, or is none."""
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        raise Refused("send the form as application/x-www-form-urlencoded", 415)
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_FORM:
            raise Refused(f"the form has more than {LARGEST_FORM} bytes", 413)
    try:
        return parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise Refused("the form is not readable", 400) from None
