"""Rules between segments that the guides state in words, and that receivers check. One table says which set has which.

Sources: 005010X222/X223/X224 (837), 005010X221 (835), and section 1.4 of each guide with levels (HL).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Final, TypeAlias

from careloom.formats.x12.balancing import Balance
from careloom.formats.x12.delimiters import Delimiters
from careloom.formats.x12.report import Here, Report, Rule, Spot, Watcher
from careloom.formats.x12.segment import decode
from careloom.formats.x12.values import is_npi


class _Setting:
    """What every rule gets: the report, the delimiters, and whether the set is whole and read with its own table."""

    def __init__(self, marks: Delimiters, report: Report, *, whole: bool, advisory: bool) -> None:
        self.marks, self.report, self.whole, self.advisory = marks, report, whole, advisory

    def add(self, code: str, spot: Spot, element: int = 0, component: int = 0) -> None:
        self.report.add(code, spot, element, component, advisory=self.advisory)


def rules_for(set_id: str, marks: Delimiters, report: Report, *, whole: bool, advisory: bool) -> Sequence[Rule]:
    """The rules of a set, ready to see its segments."""
    setting = _Setting(marks, report, whole=whole, advisory=advisory)
    return [make(setting) for make in (*_EVERYWHERE, *RULES.get(set_id, ()))]


class Identifiers:
    """An identifier that is said to be an NPI (qualifier XX in NM108 or N103) has its check digit."""

    def __init__(self, setting: _Setting) -> None:
        self._setting = setting

    def watches(self) -> Mapping[bytes, Watcher]:
        return {b"NM1 XX": self._nm1, b"N1 XX": self._n1}

    def _nm1(self, parts: Sequence[bytes], here: Here) -> None:
        if len(parts) > 9 and parts[8] == b"XX":
            self._judge(parts[9], 9, here)

    def _n1(self, parts: Sequence[bytes], here: Here) -> None:
        if len(parts) > 4 and parts[3] == b"XX":
            self._judge(parts[4], 4, here)

    def _judge(self, identifier: bytes, element: int, here: Here) -> None:
        good = self._setting.report.good_identifiers
        if identifier in good:
            return
        if not is_npi(decode(identifier)):
            self._setting.add("npi-check-digit", here(), element)
        elif len(good) < 4_096:
            good.add(identifier)

    def passes(self, segments: Sequence[Sequence[bytes]]) -> bool:
        good = self._setting.report.good_identifiers
        for parts in segments:
            if parts[0] == b"NM1" and len(parts) > 9 and parts[8] == b"XX" and parts[9] not in good:
                return False
            if parts[0] == b"N1" and len(parts) > 4 and parts[3] == b"XX" and parts[4] not in good:
                return False
        return True

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

    def passes(self, segments: Sequence[Sequence[bytes]]) -> bool:
        """Loops with an HL are always seen one by one."""
        return all(parts[0] != b"HL" for parts in segments)

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

    def passes(self, segments: Sequence[Sequence[bytes]]) -> bool:
        if not any(parts[0] == b"CLM" for parts in segments):
            return all(parts[0] not in self._CHARGE and parts[0] != b"LX" for parts in segments)
        self._close((), Spot)
        claimed: Decimal | None = None
        total, lines = Decimal(0), 0
        for parts in segments:
            if parts[0] == b"LX":
                lines += 1
                if len(parts) < 2 or parts[1] != b"%d" % lines:
                    return False
            elif parts[0] == b"CLM" or parts[0] in self._CHARGE:
                at = self._CHARGE.get(parts[0], 2)
                amount = self._setting.report.amount(parts[at]) if len(parts) > at else None
                if amount is None:
                    return False
                claimed, total = (amount, total) if parts[0] == b"CLM" else (claimed, total + amount)
        return not lines or claimed == total

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
        separator = self._setting.marks.component
        facility = parts[5].split(separator) if len(parts) > 5 and separator else []
        self._corrects = here() if len(facility) > 2 and facility[2] in (b"7", b"8") else None

    def _ref(self, parts: Sequence[bytes], here: Here) -> None:  # noqa: ARG002 - a watcher
        if len(parts) > 1 and parts[1] == b"F8":
            self._corrects = None

    def _settle(self, parts: Sequence[bytes], here: Here) -> None:  # noqa: ARG002 - a watcher
        if self._corrects is not None:
            self._setting.add("original-reference-missing", self._corrects)
        self._corrects = None

    def passes(self, segments: Sequence[Sequence[bytes]]) -> bool:
        claims = [parts for parts in segments if parts[0] == b"CLM"]
        if not claims:
            return self._corrects is None and all(parts[0] not in (b"SBR", b"REF", b"LX") for parts in segments)
        self._settle((), Spot)
        wrong = b"23" if self._self_insured else b"22"
        if self._subscriber_seen and self._level == wrong:
            return False
        separator = self._setting.marks.component
        return not any(len(p) > 5 and separator and p[5].split(separator)[2:3] in ([b"7"], [b"8"]) for p in claims)

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
