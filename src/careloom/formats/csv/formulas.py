"""Text that a spreadsheet would run: cells that begin with = + - @, a tab or a CR (OWASP, CSV injection).

A guarded cell begins with an apostrophe. Guarding and its reverse are exact: what already looks guarded gets one more.
"""

from __future__ import annotations

from typing import Final

_RUN: Final = ("=", "+", "-", "@", "\t", "\r")


def guarded(text: str) -> str:
    """The text with an apostrophe before it when a spreadsheet could take it for a formula."""
    return f"'{text}" if text.lstrip("'").startswith(_RUN) else text


def unguarded(text: str) -> str:
    """The text without the apostrophe that guards it."""
    return text[1:] if text.startswith("'") and text.lstrip("'").startswith(_RUN) else text
