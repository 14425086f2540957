"""A simulated insurer: X12 270/271 and 278 over HTTP, and decisions that come later as files."""

from __future__ import annotations

from pathlib import Path

from careloom.formats import x12
from careloom.sim.cast import Cast, Cover
from careloom.systems.payer.fake import FakePayer, Verdict, answered, member_of

_SAYS = {
    Cover.GRANTED: Verdict(leave=True),
    Cover.OVERTURNED: Verdict(leave=True, decision="A3"),
    Cover.DENIED: Verdict(leave=True, decision="A3"),
    Cover.LAPSED: Verdict(active=False),
    Cover.UNKNOWN: Verdict(active=None),
}


class SimulatedPayer(FakePayer):
    """Everybody is covered but those of the cast for whom it is otherwise. `inbox` is where later decisions lie."""

    def __init__(self, cast: Cast, inbox: Path) -> None:
        self._said = {member(one.person.mrn): _SAYS[one.cover] for one in cast.patients if one.cover in _SAYS}
        self._inbox = inbox
        super().__init__("raw", lambda question: self._said.get(member_of(question), Verdict()))

    async def close(self) -> None:
        """Be away: connections are refused."""
        await self.target.open(False)

    async def open(self) -> None:
        """Be back, under the same address."""
        await self.target.open(True)

    def reconsider(self, mrn: str) -> None:
        """Grant after all what was denied to this patient: a 278 in the hub's folder."""
        wanted = member(mrn)
        question = next(one for one in self.asked if one.set_id == "278" and member_of(one) == wanted)
        self._leave(question, f"AUTH-{mrn}")

    def _leave(self, question: x12.Transaction, number: str) -> None:
        made = answered(question, Verdict(decision="A1", number=number))
        unfinished = self._inbox / f".{number}.edi"
        unfinished.write_bytes(made)
        unfinished.rename(self._inbox / f"{number}.edi")


def member(mrn: str) -> str:
    """The number of the policy that the EHR knows of a patient."""
    return f"PL{mrn[3:]}"
