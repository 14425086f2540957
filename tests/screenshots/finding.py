"""Which pages have a picture, what it is called, and where a page with something in its path is found."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import unescape
from typing import Final

from careloom.console import pages

NOT_SEEN: Final = frozenset({"/journeys/{message}/bytes"})
"""Answers that are no pages."""
OUTSIDE: Final = "/sign-in"
_UUID: Final = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_PART: Final = re.compile(r"\{(\w+)(?::(\w+))?\}")


def pictured() -> Sequence[str]:
    """The paths of all pages that somebody can look at, in the order of the menu."""
    seen = [one.path for one in pages.every() if "GET" in one.methods and one.path not in NOT_SEEN]
    return [OUTSIDE, *seen]


def name_of(path: str) -> str:
    """The name of its picture: `cases-one` for `/cases/{id:uuid}`."""
    words = _PART.sub("one", path).strip("/")
    return words.replace("/", "-") or "overview"


def links(html: str) -> Sequence[str]:
    """Where a page leads to in the console, without what is asked there."""
    found = re.findall(r'href="/console(/[^"#]*)(?:#[^"]*)?"', html)
    return list(dict.fromkeys(unescape(one) for one in found if not one.startswith("/static/")))


def example(path: str, known: Iterable[str], others: Iterable[str] = ()) -> str | None:
    """The first of these links that is this page; none of `others`, whose paths are longer than a name."""
    pattern = re.compile(_PART.sub(_as_expression, path) + r"(\?.*)?")
    taken = {one for one in others if "{" not in one}
    return next((one for one in known if pattern.fullmatch(one) and one.partition("?")[0] not in taken), None)


def _as_expression(part: re.Match[str]) -> str:
    return _UUID if part[2] == "uuid" else "[^/?]+"
