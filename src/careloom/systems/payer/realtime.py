"""Questions that are answered at once: one interchange out, one back."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Final, NoReturn
from uuid import UUID, uuid5

from careloom.core.errors import (
    AccessRefused,
    AmbiguousError,
    ContractBroken,
    FormatError,
    Rejected,
    TransientError,
    Unavailable,
)
from careloom.core.receipts import Refusal
from careloom.formats import x12
from careloom.systems.answering import Answers, Expected
from careloom.systems.http.calls import HttpCaller, incomplete, unanswered
from careloom.systems.http.origin import open_caller, printable_secret
from careloom.systems.payer.settings import RealTime, Settings
from careloom.systems.payer.wire import Note, wire
from careloom.systems.seam import Surroundings

_ENQUIRIES = frozenset({"270", "276"})
"""Sets that change nothing: asked again, they only ask again."""
_NUMBERS = UUID("6f1c1a52-7b1e-5a55-9d40-6f2f0a4b2b11")
_EXCERPT = 64 * 1024
_REMEMBERED: Final = timedelta(days=90)
_SENT, _ANSWERED = b"sent", b"answered"


class Exchange:
    """Sends interchanges to one URL, and gives what came back."""

    def __init__(
        self, settings: Settings, realtime: RealTime, around: Surroundings, answers: Answers, expected: Expected
    ) -> None:
        self._settings = settings
        self._realtime = realtime
        self._around = around
        self._answers = answers
        self._expected = expected
        self._wire = wire(realtime.style)
        self._caller: HttpCaller = open_caller(
            around.system, realtime, secrets=around.secrets, clock=around.clock, limit=realtime.largest
        )

    @property
    def retry_after(self) -> float:
        """Seconds until a call has a chance; 0 when calls go through."""
        return self._caller.retry_after

    async def ask(self, data: bytes, *, expected: bool = True) -> x12.Transaction | x12.Interchange:
        """Send an interchange of one set, store the answer in the log, and give it: a set, or the interchange of a TA1.

        The answer is expected from before it is sent until it is stored, unless nobody waits for it later (`expected`
        false). A request that must not be repeated is
        remembered before it is sent: asked again after a crash, it is ambiguous.

        Raises what the transport raises: Unavailable also for an enquiry that was not answered, AmbiguousError for a
        request (278), unless the payer knows repeats;
        Rejected where a 999 or TA1 refuses what was sent; ContractBroken for an answer that is none, or is to another
        question. Unavailable too when the log did not take the answer.
        """
        question = next(x12.parse(data)[0].transactions)
        again = self._may_repeat(question)
        place = _place(question)
        if not again and await self._around.memory.get(place) is not None:
            raise AmbiguousError(f"{self._caller.origin}: this was asked before; look there before asking again")
        if expected:
            await self._expected.of(data, ("271", "277", "278"))
        if again:
            return await self._asked(data, question, again=True)
        await self._around.memory.put(place, _SENT)
        try:
            answer = await self._asked(data, question, again=False)
        except (TransientError, Rejected, AccessRefused):
            await self._around.memory.delete(place)  # it took no effect: it may be asked again
            raise
        await self._around.memory.put(place, _ANSWERED)
        return answer

    async def forget(self, now: datetime) -> None:
        """Let go of requests of long ago."""
        oldest = f"asked/{now - _REMEMBERED:%Y%m%d}"
        for key in await self._around.memory.keys("asked/"):
            if key < oldest:
                await self._around.memory.delete(key)

    async def is_answered(self, data: bytes) -> bool:
        """Whether the answer to a request that must not be repeated is in the log already."""
        return await self._around.memory.get(_place(next(x12.parse(data)[0].transactions))) == _ANSWERED

    def _may_repeat(self, question: x12.Transaction) -> bool:
        return question.set_id in _ENQUIRIES or self._realtime.knows_repeats

    async def _asked(self, data: bytes, question: x12.Transaction, *, again: bool) -> x12.Transaction | x12.Interchange:
        reply = await self._sent(data, question, again=again)
        answer = self._read(reply)
        if not numbers_of(answer) & numbers_of(question):
            self._refuse(reply, "is no answer to what was asked")
        try:
            taken = await self._answers.take(reply, origin="real time", key=_key(question, reply))
        except Unavailable as error:
            raise unanswered(
                AmbiguousError("the answer came and could not be stored"), self._caller.origin, again
            ) from error
        if not taken.good:
            raise ContractBroken(f"{self._caller.origin}: a part of the answer cannot be read; ask the payer")
        if is_refusal(answer):
            raise Rejected(f"{self._caller.origin}: the payer refused the set before looking into it (999 or TA1)")
        await self._expected.answered([one.key for one in x12.expects(question) if one.kind == _kind(answer)])
        return answer

    async def close(self) -> None:
        await self._caller.close()

    async def _sent(self, data: bytes, question: x12.Transaction, *, again: bool) -> bytes:
        note = self._note(data, question)
        wrapped = self._wire.wrap(data, note)
        answer = await self._caller.request(
            "POST",
            self._caller.path,
            wrapped.headers,
            wrapped.body,
            repeatable=again,
        )
        if answer.cut == "lost":
            raise unanswered(AmbiguousError("the answer was cut short"), self._caller.origin, again)
        if answer.cut == "long":
            raise incomplete(answer, self._caller.origin, self._realtime.largest)
        return self._wire.unwrap(answer.headers.get("content-type", ""), answer.body, self._caller.origin)

    def _note(self, data: bytes, question: x12.Transaction) -> Note:
        password = self._realtime.password
        return Note(
            set_id=question.set_id,
            version=question.version,
            sender=self._settings.sender,
            receiver=self._settings.receiver,
            id=uuid5(_NUMBERS, data.hex()),
            time=self._around.clock.now(),
            user=self._realtime.user,
            password=printable_secret(password, self._around.secrets) if password else "",
        )

    def _read(self, reply: bytes) -> x12.Transaction | x12.Interchange:
        try:
            [interchange, *_] = x12.parse(reply)
        except FormatError:
            self._refuse(reply, "is no X12")
        found = next(interchange.transactions, None)
        if found is None and not interchange.acknowledgements:
            self._refuse(reply, "holds no set and no TA1")
        return found if found is not None else interchange

    def _refuse(self, reply: bytes, why: str) -> NoReturn:
        """Kept for people to look at: it may be somebody else's answer."""
        self._around.intake.refuse(Refusal(self._around.system, f"the answer {why}", "", reply[:_EXCERPT], "real time"))
        raise ContractBroken(f"{self._caller.origin}: the answer {why}; ask the payer")


def numbers_of(source: x12.Transaction | x12.Interchange) -> set[str]:
    """The numbers by which a question and its answer are known to belong together: those of the set (BHT03) and its
    traces (TRN02); for acknowledgements those of the group (GS06, AK102) and of the interchange (ISA13, TA101)."""
    if isinstance(source, x12.Interchange):
        return {f"ISA/{_plain(one[1])}" for one in source.acknowledgements}
    if source.set_id in ("997", "999"):
        return {f"GS/{_plain(one[2])}" for one in source.find("AK1")}
    group, interchange = source.group.control_number, source.interchange.control_number
    traced = {f"TRN/{one[2].strip()}" for one in source.find("TRN") if one[2].strip()}
    reference = source.get("BHT03").strip()
    asked = {f"GS/{_plain(group)}", f"ISA/{_plain(interchange)}"} if _asks(source) else set()
    return traced | asked | ({f"BHT/{reference}"} if reference else set())


def _asks(source: x12.Transaction) -> bool:
    """Control numbers of an answer are the payer's own, and say nothing of ours."""
    return source.set_id in _ENQUIRIES or (source.set_id == "278" and source.purpose == "13")


def _plain(number: str) -> str:
    return number.strip().lstrip("0") or "0"


def _place(question: x12.Transaction) -> str:
    """Where it is remembered that a request was sent which must not be repeated."""
    return f"asked/{question.group.header[4]}/{question.interchange.control_number}"


def _key(question: x12.Transaction, reply: bytes) -> str | None:
    """Many payers number all their answers alike, so what an answer is known by is the question, and what it says.
    None for several messages in one answer, which have numbers of their own."""
    if len(list(x12.pieces(reply))) != 1:
        return None
    digest = hashlib.blake2b(reply, digest_size=8).hexdigest()
    return f"answer/{question.interchange.control_number}/{digest}"


def is_refusal(answer: x12.Transaction | x12.Interchange) -> bool:
    """Whether a 999, a 997 or a TA1 says that the set was not taken."""
    if isinstance(answer, x12.Interchange):
        return any(x12.read_interchange_acknowledgement(one).verdict == "rejected" for one in answer.acknowledgements)
    return answer.set_id in ("997", "999") and x12.read_acknowledgement(answer).accepted == 0


def _kind(answer: x12.Transaction | x12.Interchange) -> str:
    return answer.set_id if isinstance(answer, x12.Transaction) else "TA1"
