"""Where findings are gathered while a file is read, each with its place."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from decimal import Decimal
from typing import Final, NamedTuple, Protocol, TypeAlias

from careloom.formats.x12.findings import KINDS, Fault
from careloom.formats.x12.stretch import Keep, Shares, Stretch
from careloom.formats.x12.values import decimal_of

MOST: Final = 1_000
"""Findings that are kept of one file. What is beyond is counted, and said once."""


class Spot(NamedTuple):
    """A segment of the set that is being read: its loop and that one's number, its identifier, its positions
    in set and file."""

    loop: str = ""
    nth: int = 0
    segment_id: str = ""
    segment: int = 0
    ordinal: int = 0

    def place(self, element: int = 0, component: int = 0, repetition: int = 0) -> str:
        """As people read it: `2300[3]/CLM05-1, segment 27`, the segment counted in the file."""
        loop = f"{self.loop}[{self.nth}]/" if self.loop else ""
        which = f"{element:02}" if element else ""
        which += f"[{repetition}]" if repetition else ""
        which += f"-{component}" if component else ""
        return f"{loop}{self.segment_id}{which}, segment {self.ordinal}"


Here: TypeAlias = Callable[[], Spot]
"""Where the segment stands that a rule is looking at; asked only where it matters, as it costs."""
Watcher: TypeAlias = Callable[[Sequence[bytes], Here], None]
"""Sees a segment: its identifier and elements."""


class Rule(Protocol):
    """Something that holds between segments of one set. It is made anew for each set."""

    def watches(self) -> Mapping[bytes, Watcher]:
        """The segments it wants to see. `NM1 XX`: only those where that is a whole element."""

    def passes(self, stretch: Stretch) -> Keep | None:
        """What to do to take note of whole loops, if they are surely right, and None if each segment must be seen.

        It changes nothing by itself, as another rule may refuse. ValueError and IndexError are as good as None.
        """

    def finish(self) -> None:
        """The set is over."""


class Report:
    """Findings in the order of the file. `interchange`, `group` and `set` are the numbers of those that are open."""

    def __init__(self, *, strict: bool = False, most: int = MOST, only: Container[str] | None = None) -> None:
        self.strict = strict
        self.findings: list[Fault] = []
        self.omitted = 0
        self.errors = 0
        self.set_errors = 0
        self.interchange = self.group = self.set = 0
        self._most = most
        self._only = only
        self._amounts: dict[bytes, Decimal | None] = {}
        self.shares = Shares()
        self.good_identifiers: set[bytes] = set()

    def add(
        self, code: str, spot: Spot, element: int = 0, component: int = 0, repetition: int = 0, *,
        advisory: bool = False,
    ) -> None:  # fmt: skip
        """Notes a finding at a segment or one of its elements. What is advisory is never worse than a warning."""
        self._note(
            code, spot.place(element, component, repetition), advisory, segment=spot.segment,
            segment_id=spot.segment_id,
            loop=spot.loop, element=element, component=component, repetition=repetition,
        )  # fmt: skip

    def amount(self, text: bytes) -> Decimal | None:
        """The amount that an R element holds; None for what is none. Amounts repeat, so a few are remembered."""
        try:
            return self._amounts[text]
        except KeyError:
            amount = decimal_of(text.decode("latin-1"))
            if len(self._amounts) < 4_096:
                self._amounts[text] = amount
            return amount

    def envelope(self, code: str, place: str, segment_id: str = "", element: int = 0) -> None:
        """Notes a finding about the envelope."""
        self._note(code, place, False, segment_id=segment_id, element=element)

    def _note(self, code: str, place: str, advisory: bool, **where: object) -> None:
        if self._only is not None and code not in self._only:
            return
        kind = KINDS[code]
        severity = "warning" if advisory else kind.severity(self.strict)
        if severity == "error":
            self.errors += 1
            self.set_errors += 1
        if len(self.findings) >= self._most:
            self.omitted += 1
            return
        self.findings.append(
            Fault(
                code=code, place=place, text=kind.text, severity=severity,
                interchange=self.interchange, group=self.group, set=self.set, **where,  # type: ignore[arg-type]
            )
        )  # fmt: skip
