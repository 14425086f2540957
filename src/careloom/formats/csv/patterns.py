"""Patterns that partners' rules use, matched in time linear in the text.

Python's own `re` backtracks, and a pattern from a configuration meets texts from outside. The engine of jsonschema-rs
does not backtrack, and refuses what would need it (back references, look-around).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import jsonschema_rs


@lru_cache(maxsize=512)
def compile_pattern(pattern: str) -> Callable[[str], bool]:
    """Whether a whole text matches. ValueError when the pattern cannot be matched in linear time."""
    options = jsonschema_rs.RegexOptions()
    try:
        checker = jsonschema_rs.Draft202012Validator({"pattern": f"^(?:{pattern})$"}, pattern_options=options)
    except ValueError:
        raise ValueError("the pattern is no regular expression without back references and look-around") from None
    return checker.is_valid
