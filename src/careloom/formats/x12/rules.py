"""Rules between segments that the guides state in words, and that receivers check. One table says which set has which.

Sources: 005010X222/X223/X224 (837), 005010X221 (835), and section 1.4 of each guide with levels (HL).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Final, TypeAlias

from careloom.formats.x12.balancing import Balance
from careloom.formats.x12.coded import Coded
from careloom.formats.x12.codes import CodeLists
from careloom.formats.x12.delimiters import Delimiters
from careloom.formats.x12.report import Here, Report, Rule, Spot, Watcher
from careloom.formats.x12.segment import decode
from careloom.formats.x12.stretch import Keep, Stretch
from careloom.formats.x12.values import is_npi

_IDENTIFIED: Final = (b"NM1 XX", b"N1 XX")
_CHARGED: Final = (b"CLM", b"LX", b"SV1", b"SV2", b"SV3")
_LEVELLED: Final = (b"HL", b"SBR", b"CLM")
_CORRECTED: Final = (b"HL", b"CLM", b"REF F8", b"LX")
_DEEPEST: Final = 32
"""Levels in each other that are taken over whole loops: as they are copied, there may not be many."""


def _nothing() -> None:
    """All there is to do where loops hold nothing of note."""


class _Setting:
    """What every rule gets: the report, the delimiters, and whether the set is whole and read with its own table."""

    def __init__(self, marks: Delimiters, report: Report, *, whole: bool, advisory: bool) -> None:
        self.marks, self.report, self.whole, self.advisory = marks, report, whole, advisory

    def add(self, code: str, spot: Spot, element: int = 0, component: int = 0) -> None:
        self.report.add(code, spot, element, component, advisory=self.advisory)


def rules_for(
    set_id: str, marks: Delimiters, report: Report, *, whole: bool, advisory: bool, codes: CodeLists | None = None
) -> Sequence[Rule]:
    """The rules of a set, ready to see its segments; `codes` adds one where they have a list for it."""
    setting = _Setting(marks, report, whole=whole, advisory=advisory)
    rules = [make(setting) for make in (*_EVERYWHERE, *RULES.get(set_id, ()))]
    places = codes.for_set(set_id) if codes is not None else None
    if places:
        rules.append(Coded(places, marks, report, advisory=advisory))
    return rules


class Identifiers:
    """An identifier that is said to be an NPI (qualifier XX in NM108 or N103) has its check digit."""

    def __init__(self, setting: _Setting) -> None:
        self._setting = setting

    def watches(self) -> Mapping[bytes, Watcher]:
        return dict(zip(_IDENTIFIED, (self._nm1, self._n1), strict=True))

    def _nm1(self, parts: Sequence[bytes], here: Here) -> None:
        if len(parts) > 9 and parts[8] == b"XX":
            self._judge(parts[9], 9, here)

    def _n1(self, parts: Sequence[bytes], here: Here) -> None:
        if len(parts) > 4 and parts[3] == b"XX":
            self._judge(parts[4], 4, here)

    def _judge(self, identifier: bytes, element: int, here: Here) -> None:
        if not self._good(identifier):
            self._setting.add("npi-check-digit", here(), element)

    def _good(self, identifier: bytes) -> bool:
        good = self._setting.report.good_identifiers
        if identifier in good:
            return True
        if not is_npi(decode(identifier)):
            return False
        if len(good) < 4_096:
            good.add(identifier)
        return True

    def passes(self, stretch: Stretch) -> Keep | None:
        # What stands behind any XX, in whichever segment: a little more than is asked, and found far quicker.
        return _nothing if all(map(self._good, set(stretch.behind(b"XX")))) else None

    def finish(self) -> None:
        """Nothing spans the set."""


class Levels:
    """HL01 counts from 1, HL02 names a level that came, HL04 says whether levels follow below."""

    def __init__(self, setting: _Setting) -> None:
        self._setting = setting
        self._count = 0
        self._open: dict[bytes, tuple[Spot, bytes]] = {}
        self._parents: set[bytes] = set()

    def watches(self) -> Mapping[bytes, Watcher]:
        return {b"HL": self._hl}

    def _hl(self, parts: Sequence[bytes], here: Here) -> None:
        number, parent, _, children = (*parts[1:5], *[b""] * (5 - len(parts)))
        self._count += 1
        if self._setting.whole and number != b"%d" % self._count:
            self._setting.add("level-number", here(), 1)
        if parent:
            if parent not in self._open:
                self._setting.add("level-parent", here(), 2)
            self._parents.add(parent)
        self._settle(parent)
        self._open[number] = here(), children

    def _settle(self, parent: bytes) -> None:
        """Levels that the new one does not stand in are over: a level stands right after its parent or its siblings."""
        while self._open and next(reversed(self._open)) != parent:
            number, (spot, children) = self._open.popitem()
            self._judge(number, spot, children)

    def _judge(self, number: bytes, spot: Spot, children: bytes) -> None:
        has = number in self._parents
        self._parents.discard(number)
        if (children == b"0" and has) or (children == b"1" and not has and self._setting.whole):
            self._setting.add("level-children", spot, 4)

    def passes(self, stretch: Stretch) -> Keep | None:
        found = stretch.found((b"HL",))
        if not found:
            return _nothing
        if len(self._open) > _DEEPEST:
            return None
        count, parents, whole = self._count, set(self._parents), self._setting.whole
        levels: dict[bytes, tuple[Spot | bytes, bytes]] = dict(self._open)
        for _, rest in found:
            number, parent, level, children = (*rest.split(stretch.marks.element), b"")[:4]
            count += 1
            if level not in stretch.levels or (whole and number != b"%d" % count) or (parent and parent not in levels):
                return None
            parents.add(parent)
            while levels and next(reversed(levels)) != parent:
                over, (_, said) = levels.popitem()
                if (said == b"0" and over in parents) or (said == b"1" and over not in parents and whole):
                    return None
                parents.discard(over)
            levels[number] = level, children
        parents.discard(b"")
        return partial(self._keep, stretch, count, levels, parents)

    def _keep(
        self, stretch: Stretch, count: int, levels: dict[bytes, tuple[Spot | bytes, bytes]], parents: set[bytes]
    ) -> None:
        """Takes over the levels that are open behind the stretch; the places of new ones are found from behind."""
        marks, self._count, self._parents = stretch.marks, count, parents
        self._open = {}
        for number, (level, children) in levels.items():
            spot = level
            if isinstance(spot, bytes):
                begin = marks.terminator + stretch.lead
                at = stretch.text.rfind(
                    begin + marks.element.join((b"HL", number, b"")), stretch.start - len(begin), stretch.end
                )
                spot = stretch.spot(at + len(begin), stretch.levels[spot])
            self._open[number] = spot, children

    def finish(self) -> None:
        while self._open:
            number, (spot, children) = self._open.popitem()
            self._judge(number, spot, children)


class ClaimTotal:
    """837: CLM02 is the sum of the line charges (SV102, SV203, SV302), and LX01 counts the lines of the claim."""

    _CHARGE: Final = {b"SV1": 2, b"SV2": 3, b"SV3": 2}

    def __init__(self, setting: _Setting) -> None:
        self._setting = setting
        self._claim: tuple[Spot, Decimal] | None = None
        self._total = Decimal(0)
        self._lines = 0

    def watches(self) -> Mapping[bytes, Watcher]:
        found: dict[bytes, Watcher] = {b"CLM": self._clm, b"HL": self._close, b"LX": self._lx}
        return found | dict.fromkeys(self._CHARGE, self._charge)

    def _clm(self, parts: Sequence[bytes], here: Here) -> None:
        self._close(parts, here)
        amount = self._setting.report.amount(parts[2]) if len(parts) > 2 else None
        self._claim = (here(), amount) if amount is not None else None
        self._total, self._lines = Decimal(0), 0

    def _lx(self, parts: Sequence[bytes], here: Here) -> None:
        self._lines += 1
        if len(parts) > 1 and parts[1] != b"%d" % self._lines:
            self._setting.add("line-number", here(), 1)

    def _charge(self, parts: Sequence[bytes], here: Here) -> None:  # noqa: ARG002 - a watcher
        element = self._CHARGE[parts[0]]
        amount = self._setting.report.amount(parts[element]) if len(parts) > element else None
        if amount is None:
            self._claim = None
        else:
            self._total += amount

    def _close(self, parts: Sequence[bytes], here: Here) -> None:  # noqa: ARG002 - a watcher
        if self._claim is not None and self._lines and self._claim[1] != self._total:
            self._setting.add("claim-total-differs", self._claim[0], 2)
        self._claim = None

    def passes(self, stretch: Stretch) -> Keep | None:
        found = stretch.found(_CHARGED)
        if not found:
            return partial(self._keep, self._lines) if stretch.levels else _nothing
        if found[0][0] != b"CLM":
            return None
        separator, shares = stretch.marks.element, self._setting.report.shares
        claimed = total = lines = 0
        for name, rest in found:
            if name == b"LX":
                lines += 1
                number = b"%d" % lines
                if rest != number and rest.partition(separator)[0] != number:
                    return None
            elif name == b"CLM":
                if lines and claimed != total:
                    return None
                claimed, total, lines = shares[rest.split(separator, 2)[1]], 0, 0
            else:
                at = self._CHARGE[name]
                total += shares[rest.split(separator, at)[at - 1]]
        return None if lines and claimed != total else partial(self._keep, lines)

    def _keep(self, lines: int) -> None:
        self._close((), Spot)
        self._lines = lines

    def finish(self) -> None:
        self._close((), Spot)


class PatientLevel:
    """837: with SBR02 the subscriber is the patient and has the claim; without, a level for the patient (23) has it.

    A replaced or void claim (CLM05-3 is 7 or 8) carries the payer's number of the first in a REF F8.
    """

    def __init__(self, setting: _Setting) -> None:
        self._setting = setting
        self._level = b""
        self._self_insured = False
        self._subscriber_seen = False
        self._corrects: Spot | None = None

    def watches(self) -> Mapping[bytes, Watcher]:
        return {b"HL": self._hl, b"SBR": self._sbr, b"CLM": self._clm, b"REF F8": self._ref, b"LX": self._settle}

    def _hl(self, parts: Sequence[bytes], here: Here) -> None:
        self._settle(parts, here)
        self._level = parts[3] if len(parts) > 3 else b""
        if self._level == b"22":
            self._subscriber_seen = False

    def _sbr(self, parts: Sequence[bytes], here: Here) -> None:
        if here().loop == "2000B":
            self._subscriber_seen = True
            self._self_insured = len(parts) > 2 and parts[2] == b"18"

    def _clm(self, parts: Sequence[bytes], here: Here) -> None:
        self._settle(parts, here)
        wrong = b"23" if self._self_insured else b"22"
        if self._subscriber_seen and self._level == wrong:
            self._setting.add("patient-misplaced", here())
        self._corrects = here() if self._is_correction(parts[1:]) else None

    def _ref(self, parts: Sequence[bytes], here: Here) -> None:  # noqa: ARG002 - a watcher
        if len(parts) > 1 and parts[1] == b"F8":
            self._corrects = None

    def _settle(self, parts: Sequence[bytes], here: Here) -> None:  # noqa: ARG002 - a watcher
        if self._corrects is not None:
            self._setting.add("original-reference-missing", self._corrects)
        self._corrects = None

    def passes(self, stretch: Stretch) -> Keep | None:
        found = stretch.found(_LEVELLED)
        if not found:
            return _nothing if self._corrects is None else None
        if found[0][0] == b"SBR":
            return None
        separator = stretch.marks.element
        level, insured, seen = self._level, self._self_insured, self._subscriber_seen
        corrections = inside = False
        for name, rest in found:
            if name == b"CLM":
                if seen and level == (b"23" if insured else b"22"):
                    return None
                inside = True
                corrections = corrections or self._is_correction(rest.split(separator, 5))
            elif name == b"HL":
                level, inside = rest.split(separator, 3)[2], False
                seen = seen and level != b"22"
            elif not inside:
                seen, insured = True, rest.split(separator, 2)[1] == b"18"
        if corrections and not self._all_referred(stretch):
            return None
        return partial(self._keep, level, insured, seen)

    def _all_referred(self, stretch: Stretch) -> bool:
        """Whether each claim that corrects another names it before its lines."""
        separator, corrects = stretch.marks.element, False
        for name, rest in stretch.found(_CORRECTED):
            if name == b"REF":
                corrects = corrects and not rest.startswith(b"F8" + separator)
            elif corrects:
                return False
            elif name == b"CLM":
                corrects = self._is_correction(rest.split(separator, 5))
        return not corrects

    def _is_correction(self, elements: Sequence[bytes]) -> bool:
        """By CLM05-3; the first of the elements is CLM01."""
        separator = self._setting.marks.component
        facility = elements[4].split(separator) if len(elements) > 4 and separator else []
        return len(facility) > 2 and facility[2] in (b"7", b"8")

    def _keep(self, level: bytes, insured: bool, seen: bool) -> None:
        self._settle((), Spot)
        self._level, self._self_insured, self._subscriber_seen = level, insured, seen

    def finish(self) -> None:
        self._settle((), Spot)


def _balance(setting: _Setting) -> Rule:
    return Balance(setting.report, whole=setting.whole, advisory=setting.advisory)


Maker: TypeAlias = Callable[[_Setting], Rule]
_EVERYWHERE: Final[tuple[Maker, ...]] = (Identifiers, Levels)
RULES: Final[Mapping[str, tuple[Maker, ...]]] = {
    "835": (_balance,),
    "837": (ClaimTotal, PatientLevel),
}
"""The rules of each set, beside those of every set."""
