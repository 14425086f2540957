"""Markdown that the reference pages are made of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NOTE = "<!-- Written by `make docs` from the code. Change the code, then run it again. -->"


def page(title: str, *blocks: str) -> str:
    """A whole page; empty blocks are left out."""
    return "\n\n".join([NOTE, f"# {title}", *(block.strip("\n") for block in blocks if block)]) + "\n"


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; cells may hold markup but no line breaks. Empty without rows."""
    lines = [_row([_cell(cell) for cell in row]) for row in rows]
    return "\n".join([_row(columns), _row(["---"] * len(columns)), *lines]) if lines else ""


def code(text: object) -> str:
    """Inline code; empty for nothing."""
    return f"`{text}`" if str(text) else ""


def prose(docstring: str | None) -> str:
    """The paragraphs of a docstring, each on one line. Indented blocks stay as they are."""
    paragraphs = re.split(r"\n\s*\n", (docstring or "").strip())
    return "\n\n".join(" ".join(line.strip() for line in paragraph.splitlines()) for paragraph in paragraphs)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
