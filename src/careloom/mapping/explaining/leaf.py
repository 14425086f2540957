"""One value of a message."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol


class Editor(Protocol):
    """Makes copies of one message with other texts in some places."""

    def made(self, changes: Sequence[tuple[Any, str]]) -> bytes:
        """The message with these, in the order of its places; "" takes a value out."""


class Leaf(NamedTuple):
    """One value. `path` is in the format's own terms and leads to this value alone; `general` is the same without the
    numbers of repetitions, and of FHIR the name of the element (`Patient.name.given`). `place` is the editor's own."""

    path: str
    general: str
    value: str
    editor: Editor
    place: Any

    def replaced(self, other: str) -> bytes:
        """The message with another text there; "" takes the value out. The same text gives the same message."""
        return self.editor.made([(self.place, other)])


def together(changes: Sequence[tuple[Leaf, str]]) -> bytes:
    """One message with several of its values replaced, in the order in which `leaves` gave them; at least one."""
    return changes[0][0].editor.made([(leaf.place, other) for leaf, other in changes])
