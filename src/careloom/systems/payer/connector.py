"""A payer or a clearinghouse, as flows and deliveries use it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final, TypeVar

from careloom.core.envelope import Recorded
from careloom.core.errors import CareloomError, ConfigurationError, ContractBroken, FormatError
from careloom.core.ids import Uuid7
from careloom.core.outcomes import Done, Outcome, Skip
from careloom.formats import x12
from careloom.mapping.catalogue import mapping_for
from careloom.mapping.x12.sending import Envelope, to_270, to_276, to_278
from careloom.model import (
    AuthorizationEvent,
    AuthorizationRequested,
    CanonicalEvent,
    ClaimStatusChanged,
    ClaimStatusRequested,
    ClaimSubmitted,
    EligibilityAnswered,
    EligibilityRequested,
    RelatedPerson,
    decode,
)
from careloom.systems.answering import Answers, Expected
from careloom.systems.control_numbers import ControlNumbers
from careloom.systems.payer.asking import asked_by
from careloom.systems.payer.batch import Batches
from careloom.systems.payer.lookup import ELIGIBILITY, Question, requested, told
from careloom.systems.payer.realtime import Exchange
from careloom.systems.payer.settings import Settings
from careloom.systems.seam import Finding, Surroundings

__all__ = ["Payer", "Settings", "connect"]

_Answer = TypeVar("_Answer", bound=CanonicalEvent)
_QUESTIONS: Final[Mapping[str, Callable[[CanonicalEvent, Envelope], bytes]]] = {
    EligibilityRequested.type: to_270,  # type: ignore[dict-item]
    ClaimStatusRequested.type: to_276,  # type: ignore[dict-item]
    AuthorizationRequested.type: to_278,  # type: ignore[dict-item]
}
_NEVER: Final = 3600.0


class Payer:
    """One payer. `exchange` are questions in real time, `batches` claims and answers as files."""

    def __init__(self, settings: Settings, around: Surroundings) -> None:
        self._settings = settings
        self._around = around
        self._forgotten: date | None = None
        self._new_id = Uuid7(around.clock)
        self._numbers = ControlNumbers(around.system, around.memory)
        expected = Expected(around, settings.within)
        answers = Answers(around, expected)
        self._exchange = (
            Exchange(settings, settings.realtime, around, answers, expected) if settings.realtime is not None else None
        )
        self._batches = (
            Batches(settings, settings.batch, around, self._numbers, expected) if settings.batch is not None else None
        )

    @property
    def retry_after(self) -> float:
        """Seconds until a call has a chance; 0 when calls go through."""
        return self._exchange.retry_after if self._exchange is not None else 0.0

    @property
    def every(self) -> float:
        """Seconds between two looks at claims that wait and at the inbox."""
        return self._settings.batch.every if self._settings.batch is not None else _NEVER

    async def ask(self, data: bytes) -> x12.Transaction | x12.Interchange:
        """The answer to an interchange of one set; see `Exchange.ask`."""
        return await self._realtime().ask(data)

    async def eligibility(self, question: EligibilityRequested, key: str = "") -> EligibilityAnswered:
        """Whether the payer covers somebody. `key` names the question: the same has the same control number; by
        default its trace number does. Raises as `ask`."""
        envelope = await self._envelope(key or question.request.identifier[0].value, question.occurred)
        data = to_270(asked_by(self._settings.desk, question), envelope)
        return await self._answer(data, EligibilityAnswered)

    async def status(
        self, question: ClaimStatusRequested, key: str = "", subscriber: RelatedPerson | None = None
    ) -> ClaimStatusChanged:
        """Where a claim stands. `subscriber` is the policy holder where the patient is a dependent. Raises as `ask`."""
        number = question.request.value if question.request is not None else question.claim.value
        data = to_276(question, await self._envelope(key or number, question.occurred), subscriber)
        return await self._answer(data, ClaimStatusChanged)

    async def authorize(self, request: AuthorizationRequested, key: str = "") -> AuthorizationEvent:
        """The payer's decision, or that it has not decided yet. Raises as `ask`."""
        envelope = await self._envelope(key or request.request.identifier[0].value, request.occurred)
        data = to_278(asked_by(self._settings.desk, request), envelope)
        return await self._answer(data, AuthorizationEvent)

    @property
    def answers(self) -> Collection[str]:
        """The shapes of look-ups that it answers: `eligibility`, where the settings say who asks."""
        return (ELIGIBILITY,) if self._settings.desk is not None else ()

    async def look_up(
        self,
        shape: str,
        parameters: Question,
        budget_seconds: float,  # noqa: ARG002 - an answer that comes later is fetched
    ) -> Mapping[str, Any] | None:
        """What the payer says now, None where it knows no such member. The 271 goes into the log as any other; one
        that does not come is no case, since whoever asked was told. Raises as `ask`, ConfigurationError for another
        shape."""
        desk = self._settings.desk
        if desk is None or shape != ELIGIBILITY:
            raise ConfigurationError(f"{self._around.system} answers no {shape} look-ups; give it `desk`")
        number = self._new_id().hex.upper()
        today = self._around.clock.now().astimezone(self._around.source.zone).date()
        question = requested(parameters, desk, number, today)
        if question is None:
            return None
        data = to_270(question, await self._envelope(number, None), by_number=True)
        return told((await self._answer(data, EligibilityAnswered, expected=False)).response)

    async def post(self, event: Recorded) -> Outcome:
        """Ask, or take a claim for the next batch. The answer is in the log when this is Done."""
        try:
            if event.type == ClaimSubmitted.type:
                return await self._collected(event)
            write = _QUESTIONS.get(event.type)
            if write is None:
                return Skip(f"a payer takes no {event.type}")
            control = await self._numbers.of(str(event.id), event.time)
            envelope = self._settings.envelope(control, event.time.astimezone(self._around.source.zone))
            data = write(asked_by(self._settings.desk, decode(event.type, event.data)), envelope)
            if await self._realtime().is_answered(data):
                return Done(f"answered before: interchange {control:09}")
            answer = await self._realtime().ask(data)
        except CareloomError as error:
            return error.outcome()
        return Done(f"{answer.set_id if isinstance(answer, x12.Transaction) else 'TA1'} to interchange {control:09}")

    async def poll(self) -> None:
        """Write the batches that are due, take the files that have come, forget what is old. Raises Unavailable."""
        await self._forget()
        if self._batches is not None:
            await self._batches.run()

    async def check(self) -> Sequence[Finding]:
        """Whether the folders are there; nothing is asked in real time."""
        return await self._batches.check() if self._batches is not None else []

    async def close(self) -> None:
        """Close the connections."""
        if self._exchange is not None:
            await self._exchange.close()
        if self._batches is not None:
            await self._batches.close()

    async def _forget(self) -> None:
        """Once a day."""
        now = self._around.clock.now()
        if self._forgotten == now.date():
            return
        self._forgotten = now.date()
        await self._numbers.forget(now)
        if self._exchange is not None:
            await self._exchange.forget(now)

    async def _collected(self, event: Recorded) -> Outcome:
        if self._batches is None:
            raise ConfigurationError("claims go out in batches; give this payer `batch`")
        return Done(await self._batches.take(event))

    def _realtime(self) -> Exchange:
        if self._exchange is None:
            raise ConfigurationError("this payer is asked nothing in real time; give it `realtime`")
        return self._exchange

    async def _envelope(self, key: str, occurred: datetime | None) -> Envelope:
        now = self._around.clock.now()
        control = await self._numbers.of(f"asked/{self._around.digest(key).hex()}", occurred or now)
        return self._settings.envelope(control, now.astimezone(self._around.source.zone))

    async def _answer(self, data: bytes, kind: type[_Answer], *, expected: bool = True) -> _Answer:
        """What the answer says, as the translator of the log will read it too."""
        answer = await self._realtime().ask(data, expected=expected)
        mapping = mapping_for("x12", answer.set_id) if isinstance(answer, x12.Transaction) else None
        try:
            found = mapping.translate(answer, self._around.source).events if mapping is not None else ()
        except FormatError as error:
            raise ContractBroken(f"the answer cannot be read at {error.location}; a person must look at it") from None
        event = next((one for one in found if isinstance(one, kind)), None)
        if event is None:
            raise ContractBroken("the payer answered, and not with what was asked for; it is in the log")
        return event


def connect(settings: Settings, around: Surroundings) -> Payer:
    """A payer; nothing is connected yet. Raises ConfigurationError when its TLS files cannot be used."""
    return Payer(settings, around)
