"""A list, page by page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

from careloom.core.errors import ContractBroken, FormatError
from careloom.mapping.reading.json import at
from careloom.systems.http.client import Answer
from careloom.systems.rest.auth import Caller
from careloom.systems.rest.settings import Resource
from careloom.systems.webhook import sameness
from careloom.systems.webhook.pages import linked, moved

_ACCEPT = {"accept": "application/json"}


class Page(NamedTuple):
    """Items as they stand on one page, and the path of the next; None at the end."""

    items: list[Any]
    following: str | None


def first_path(resource: Resource, since: str) -> str:
    """Where a look begins."""
    paging = resource.paging
    asked = dict(resource.query)
    if resource.since and since:
        asked[resource.since] = moved(since, -resource.overlap)
    if paging.size is not None:
        asked[paging.size_parameter] = str(paging.size)
    if paging.style == "page":
        asked[paging.parameter] = str(paging.first)
    return with_query(resource.path, asked)


async def page_at(caller: Caller, resource: Resource, path: str) -> Page:
    """One page. Raises what a call may raise, ContractBroken when it is not as declared."""
    answer = await caller.request("GET", path, _ACCEPT)
    try:
        document = sameness.read(answer.body)
    except FormatError:
        raise ContractBroken(f"{caller.origin}: {resource.path} answered with something that is no JSON") from None
    items = at(document, resource.items) if resource.items else document
    if not isinstance(items, list):
        where = resource.items or "the document itself"
        raise ContractBroken(f"{caller.origin}: {resource.path} has no array at {where}; correct `items`")
    following = _following(caller, resource, path, document, items, answer)
    if following == path:
        raise ContractBroken(f"{caller.origin}: the next page of {resource.path} is the same page again")
    return Page(items, following)


def with_query(path: str, asked: Mapping[str, str]) -> str:
    """The path with these parameters in place of its own of the same name."""
    plain, _, query = path.partition("?")
    own = [(name, value) for name, value in parse_qsl(query, keep_blank_values=True) if name not in asked]
    everything = urlencode([*own, *asked.items()])
    return f"{plain}?{everything}" if everything else plain


def _following(
    caller: Caller, resource: Resource, path: str, document: Any, items: list[Any], answer: Answer
) -> str | None:
    paging = resource.paging
    if paging.style == "none" or (paging.more and at(document, paging.more) in (None, False, "")):
        return None
    if paging.style == "link":
        found = at(document, paging.next) if paging.next else linked(answer.headers.get("link", ""))
        return caller.path_to(str(found), path) if found else None
    if paging.style == "cursor":
        cursor = at(document, paging.next)
        return None if cursor in (None, "") else with_query(path, {paging.parameter: str(cursor)})
    if not items or (paging.size is not None and len(items) < paging.size and not paging.more):
        return None
    asked = int(dict(parse_qsl(path.partition("?")[2])).get(paging.parameter, "0"))  # an offset begins with none
    return with_query(path, {paging.parameter: str(asked + (1 if paging.style == "page" else len(items)))})
