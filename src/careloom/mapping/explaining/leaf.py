"""One value of a message."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Leaf(NamedTuple):
    """One value. `path` is in the format's own terms and leads to this value alone; `general` is the same without the
    numbers of repetitions, and of FHIR the name of the element (`Patient.name.given`)."""

    path: str
    general: str
    value: str
    replaced: Callable[[str], bytes]
    """The message with another text there; "" takes the value out. The same text gives the same message."""
