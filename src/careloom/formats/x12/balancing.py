"""Whether an 835 adds up to the cent: service line, claim, payment (005010X221, section 1.10.2.1), while it streams.

Line: SVC02 less its CAS amounts is SVC03. Claim: CLP03 less the CAS amounts of the claim and its lines is
CLP04. Payment:
BPR02 is the sum of CLP04 less the sum of the PLB amounts. Each break names the places of the amounts, never
the amounts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Final

from careloom.formats.x12.report import Here, Report, Spot, Watcher
from careloom.formats.x12.stretch import SHARES, Keep, Stretch

_ZERO: Final = Decimal(0)
_CAS_AMOUNTS: Final = range(3, 20, 3)
_AMOUNTS: Final = (b"CLP", b"SVC", b"CAS")
_PLB_AMOUNTS: Final = range(4, 15, 2)
BALANCE_CODES: Final = frozenset(
    (
        "line-out-of-balance", "claim-out-of-balance", "payment-out-of-balance", "claim-amount-differs",
        "amount-invalid",
    )
)  # fmt: skip


def _nothing() -> None:
    """All there is to do where loops hold no amounts."""


class Balance:
    """The rule for one 835. Without `whole`, for a slice of its claims, the payment itself is not judged."""

    def __init__(self, report: Report, *, whole: bool = True, advisory: bool = False) -> None:
        self._report, self._whole, self._advisory = report, whole, advisory
        self._paid = self._provider = _ZERO
        self._payment: tuple[Spot, Decimal] | None = None
        self._unreadable = False
        self._claim: tuple[Spot, Decimal, Decimal] | None = None
        self._claim_adjusted = self._lines_charged = _ZERO
        self._lines = 0
        self._line: tuple[Spot, Decimal, Decimal] | None = None
        self._line_adjusted = _ZERO

    def watches(self) -> Mapping[bytes, Watcher]:
        return {
            b"BPR": self._bpr, b"CLP": self._clp, b"SVC": self._svc, b"CAS": self._cas, b"PLB": self._plb,
            b"LX": self._end_of_claim,
        }  # fmt: skip

    def _bpr(self, parts: Sequence[bytes], here: Here) -> None:
        amount = self._amount(parts, 2, here)
        if amount is not None:
            self._payment = here(), amount

    def _clp(self, parts: Sequence[bytes], here: Here) -> None:
        self._close_claim()
        charged, paid = self._amount(parts, 3, here), self._amount(parts, 4, here)
        if charged is None or paid is None:
            self._unreadable = True
            return
        self._paid += paid
        self._claim = here(), charged, paid

    def _svc(self, parts: Sequence[bytes], here: Here) -> None:
        self._close_line()
        charged, paid = self._amount(parts, 2, here), self._amount(parts, 3, here)
        self._lines += 1
        if charged is None or paid is None:
            self._claim = None
            return
        self._lines_charged += charged
        self._line = here(), charged, paid

    def _cas(self, parts: Sequence[bytes], here: Here) -> None:
        total = self._sum(parts, _CAS_AMOUNTS, here)
        if total is None:
            self._claim = self._line = None
            return
        self._claim_adjusted += total
        self._line_adjusted += total

    def _plb(self, parts: Sequence[bytes], here: Here) -> None:
        self._close_claim()
        total = self._sum(parts, _PLB_AMOUNTS, here)
        if total is None:
            self._unreadable = True
        else:
            self._provider += total

    def _end_of_claim(self, parts: Sequence[bytes], here: Here) -> None:  # noqa: ARG002 - a watcher
        self._close_claim()

    def _close_line(self) -> None:
        if self._line is not None:
            spot, charged, paid = self._line
            if charged - self._line_adjusted != paid:
                self._add("line-out-of-balance", spot, 3)
        self._line, self._line_adjusted = None, _ZERO

    def _close_claim(self) -> None:
        self._close_line()
        if self._claim is not None:
            spot, charged, paid = self._claim
            if charged - self._claim_adjusted != paid:
                self._add("claim-out-of-balance", spot, 4)
            if self._lines and charged != self._lines_charged:
                self._add("claim-amount-differs", spot, 3)
        self._claim, self._lines = None, 0
        self._claim_adjusted = self._lines_charged = _ZERO

    def passes(self, stretch: Stretch) -> Keep | None:
        """Claims that add up in themselves need no places."""
        found = stretch.found(_AMOUNTS)
        if not found:
            return _nothing
        if found[0][0] != b"CLP":
            return None
        separator, shares = stretch.marks.element, self._report.shares
        line = claim = lines = in_lines = paid = 0
        for name, rest in found:
            if name == b"CAS":
                parts = rest.split(separator)
                adjusted = shares[parts[2]] if len(parts) == 3 else sum(shares[text] for text in parts[2::3] if text)
                claim -= adjusted
                line -= adjusted if in_lines else 0
            elif name == b"SVC":
                if line:
                    return None
                parts = rest.split(separator, 3)
                charged, in_lines = shares[parts[1]], 1
                line = charged - shares[parts[2]]
                lines -= charged
            elif line or claim or (in_lines and lines):
                return None
            else:
                parts = rest.split(separator, 4)
                lines, in_lines, allowed = shares[parts[2]], 0, shares[parts[3]]
                claim = lines - allowed
                paid += allowed
        return None if line or claim or (in_lines and lines) else partial(self._keep, paid)

    def _keep(self, paid: int) -> None:
        self._close_claim()
        self._paid += Decimal(paid) / SHARES

    def finish(self) -> None:
        """The set is over: its last claim, and the payment."""
        self._close_claim()
        if self._whole and self._payment is not None and not self._unreadable:
            spot, amount = self._payment
            if amount != self._paid - self._provider:
                self._add("payment-out-of-balance", spot, 2)

    def _sum(self, parts: Sequence[bytes], positions: range, here: Here) -> Decimal | None:
        total = _ZERO
        for position in positions:
            if position >= len(parts):
                break
            amount = self._amount(parts, position, here)
            if amount is None:
                return None
            total += amount
        return total

    def _amount(self, parts: Sequence[bytes], position: int, here: Here) -> Decimal | None:
        """An amount; zero where there is none, None where it cannot be read."""
        text = parts[position] if position < len(parts) else b""
        if not text:
            return _ZERO
        amount = self._report.amount(text)
        if amount is None:
            self._add("amount-invalid", here(), position)
        return amount

    def _add(self, code: str, spot: Spot, element: int) -> None:
        self._report.add(code, spot, element, advisory=self._advisory)
