"""The runbook as it is shown: docs/operations/runbook.md in sections, each with its anchor as GitHub makes it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup

_PACKED: Final = "runbook.md"
_IN_TREE: Final = Path(__file__).parents[3] / "docs" / "operations" / "runbook.md"
_OTHER_PAGES: Final = re.compile(r"(?!#|https://)")
_NO_ANCHOR: Final = re.compile(r"[^\w\- ]")


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, where it is found, and what follows it."""

    anchor: str
    title: str
    body: Markup


@cache
def sections() -> Sequence[Section]:
    """All of them, in the order of the page. Links to other pages of the documentation are words here."""
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    reader.add_render_rule("table_open", _scrolled)
    reader.add_render_rule("table_close", _scrolled_until_here)
    tokens = reader.parse(_text())
    starts = [place for place, one in enumerate(tokens) if one.type == "heading_open" and one.tag == "h2"]
    found = []
    for start, end in zip(starts, [*starts[1:], len(tokens)], strict=True):
        title = tokens[start + 1].content
        body = [_here(one) for one in tokens[start + 3 : end]]
        anchor = _NO_ANCHOR.sub("", title.lower()).replace(" ", "-")
        # Markup: what it is made of is our own text, and the reader takes no HTML from it.
        found.append(Section(anchor, title, Markup(reader.renderer.render(body, reader.options, {"anchor": anchor}))))  # noqa: S704
    return found


def _scrolled(renderer: RendererHTML, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType) -> str:
    """A table that is wider than a phone scrolls by itself, by keyboard too; it is told by the heading above it."""
    table = renderer.renderToken(tokens, at, options, env)
    return f'<div class="wide" tabindex="0" role="region" aria-labelledby="{env["anchor"]}">\n{table}'


def _scrolled_until_here(
    renderer: RendererHTML, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType
) -> str:
    return renderer.renderToken(tokens, at, options, env) + "</div>\n"


def _text() -> str:
    """As it is packed with the package, else as it stands in the tree."""
    packed = resources.files("careloom.console").joinpath(_PACKED)
    return packed.read_text("utf-8") if packed.is_file() else _IN_TREE.read_text("utf-8")


def _here(token: Token) -> Token:
    """Without links that lead out of the page."""
    kept: list[Token] = []
    leads_out = False
    for child in token.children or []:
        if child.type == "link_open":
            leads_out = _OTHER_PAGES.match(str(child.attrGet("href"))) is not None
        if not (child.type in ("link_open", "link_close") and leads_out):
            kept.append(child)
        if child.type == "link_close":
            leads_out = False
    return token.copy(children=kept) if token.children else token
