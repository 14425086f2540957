"""A gateway's own interface: refunds, each made once, and looks at payments and disputes.

A refund is asked for with a key of the caller's: it is the Idempotency-Key of the call and stands in the refund's
metadata. Before the first call the key is written down. Whoever asks again, after any doubt, first gets the refund that
is there under this key: gateways forget Idempotency-Keys after a day, and their lists of refunds do not.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from careloom.core.errors import AmbiguousError, ContractBroken, MappingError, Rejected, Unavailable
from careloom.mapping.currencies import to_minor
from careloom.mapping.payments import dispute_of, key_of, payment_of, refund_of
from careloom.mapping.reading.json import at
from careloom.model import Dispute, Money, PaymentNotice, Refund
from careloom.systems.http.calls import document
from careloom.systems.http.client import Answer
from careloom.systems.http.origin import open_caller
from careloom.systems.payments.settings import ApiSettings
from careloom.systems.seam import Surroundings

T = TypeVar("T")
_REASON: Final = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_KEY: Final = re.compile(r"[!-~]{1,200}")
_CONFLICT: Final = 409  # a call with the same key is under way
_MOST_PAGES: Final = 1000
_PAGE: Final = 100
_LARGEST: Final = 16 * 1024 * 1024


class Api:
    """One gateway's interface."""

    def __init__(self, settings: ApiSettings, around: Surroundings) -> None:
        self._settings = settings
        self._words = settings.words
        self._around = around
        self._caller = open_caller(around.system, settings, secrets=around.secrets, clock=around.clock, limit=_LARGEST)

    @property
    def retry_after(self) -> float:
        """Seconds until a call has a chance; 0 when calls go through."""
        return self._caller.retry_after

    async def refund(self, payment: str, amount: Money, reason: str, key: str) -> Refund:
        """Give money of a payment back, once for each `key` (1 to 200 printable ASCII characters), however often it is
        asked for. `reason` is a word, never a sentence about somebody.

        Raises Rejected when the gateway refuses, or the key was used for another refund; Unavailable and AmbiguousError
        while nobody knows: ask again with the same key, and the refunds that are there are looked at first.
        """
        if not _KEY.fullmatch(key) or not _REASON.fullmatch(reason):
            raise Rejected("a refund needs a key of printable ASCII and a reason of one word; nothing was sent")
        try:
            minor = to_minor(amount)
        except ValueError as error:
            raise Rejected(f"the amount cannot be refunded: {error}") from None
        place = f"refund/{self._around.digest(key).hex()}"
        content = self._around.digest(f"{payment}\n{minor}\n{amount.currency}")
        known = await self._around.memory.get(place)
        if known is not None and known != content:
            raise Rejected("this key was used for a refund of another payment or amount; nothing was sent")
        if known is not None and (found := await self._made(payment, key)) is not None:
            return found
        await self._around.memory.put(place, content)
        try:
            answer = await self._ask(self._parameters(payment, amount, minor, reason, key), key)
        except AmbiguousError:
            return await self._found(payment, key)
        except Rejected:
            if known is None:  # refused at the first call: nothing was made, and the key is free again
                await self._around.memory.delete(place)
            raise
        if answer.status == _CONFLICT or answer.cut != "no":
            return await self._found(payment, key)
        return _read(refund_of, self._document(answer))

    async def payment(self, number: str) -> PaymentNotice:
        """A payment as the gateway has it now. Raises Rejected when there is none."""
        path = self._path(self._words.payment_path.format(id=quote(number, safe="")))
        return _read(payment_of, document(await self._caller.request("GET", path, _ACCEPT), self._caller.origin))

    async def refunds(self, payment: str) -> list[Refund]:
        """All refunds of a payment, as the gateway lists them."""
        return [_read(refund_of, one) async for one in self._listed(self._words.refunds_path, self._of(payment))]

    async def disputes(self, payment: str | None = None) -> list[Dispute]:
        """All disputes, or those of one payment."""
        asked = self._of(payment) if payment else {}
        return [_read(dispute_of, one) async for one in self._listed(self._words.disputes_path, asked)]

    async def look(self) -> None:
        """Ask for the list of disputes, which changes nothing. Raises what a call may raise."""
        await self._caller.request("GET", self._path(self._words.disputes_path, {"limit": "1"}), _ACCEPT)

    async def close(self) -> None:
        """Close the connections."""
        await self._caller.close()

    async def _ask(self, parameters: Mapping[str, Any], key: str) -> Answer:
        type_, body = _written(self._settings.style, parameters)
        headers = {"content-type": type_, "idempotency-key": key, **_ACCEPT}
        path = self._path(self._words.refunds_path)
        return await self._caller.request("POST", path, headers, body, accept=(_CONFLICT,))

    async def _found(self, payment: str, key: str) -> Refund:
        """The refund that was made, after doubt. Raises Unavailable when there is none, yet."""
        origin = self._caller.origin
        try:
            found = await self._made(payment, key)
        except Rejected as error:
            said = "it is not known whether the refund was made, and the list of refunds is refused; look there"
            raise AmbiguousError(f"{origin}: {said}") from error
        if found is None:
            said = "it is not known whether the refund was made, and it is not in the list; ask again with the same key"
            raise Unavailable(f"{origin}: {said}")
        return found

    async def _made(self, payment: str, key: str) -> Refund | None:
        async for one in self._listed(self._words.refunds_path, self._of(payment)):
            if key_of(one) == key:
                return _read(refund_of, one)
        return None

    async def _listed(self, path: str, asked: Mapping[str, str]) -> AsyncIterator[Any]:
        words = self._words
        parameters = {**asked, "limit": str(_PAGE)}
        for _ in range(_MOST_PAGES):
            answer = await self._caller.request("GET", self._path(path, parameters), _ACCEPT)
            page = self._document(answer)
            items = at(page, words.items) if words.items else page
            if not isinstance(items, list):
                raise ContractBroken(
                    f"{self._caller.origin}: there is no array at {words.items or '/'}; correct words.items"
                )
            for item in items:
                yield item
            last = at(items[-1], "/id") if items else None
            if not at(page, words.more) or last is None or parameters.get(words.cursor) == str(last):
                return
            parameters[words.cursor] = str(last)
        raise ContractBroken(f"{self._caller.origin}: the list does not end")

    def _parameters(self, payment: str, amount: Money, minor: int, reason: str, key: str) -> dict[str, Any]:
        words = self._words
        found: dict[str, Any] = {words.payment: payment, words.amount: minor, "metadata": {"careloom_key": key}}
        if words.currency:
            found[words.currency] = amount.currency.lower()
        if words.reason:
            found[words.reason] = words.reasons.get(reason, reason)
        return found

    def _of(self, payment: str) -> dict[str, str]:
        return {self._words.payment: payment}

    def _path(self, tail: str, parameters: Mapping[str, str] | None = None) -> str:
        path = f"{self._caller.path.rstrip('/')}/{tail}"
        return f"{path}?{urlencode(parameters)}" if parameters else path

    def _document(self, answer: Answer) -> Any:
        return document(answer, self._caller.origin)


_ACCEPT: Final = {"accept": "application/json"}


def _read(read: Callable[[Any], T], body: Any) -> T:
    try:
        return read(body)
    except MappingError as error:
        raise ContractBroken(f"the gateway answered with an object that cannot be read at {error}") from None


def _written(style: str, parameters: Mapping[str, Any]) -> tuple[str, bytes]:
    if style == "json":
        return "application/json", msgspec.json.encode(parameters)
    flat: list[tuple[str, str]] = []
    for name, value in parameters.items():
        if isinstance(value, Mapping):
            flat += [(f"{name}[{inner}]", str(one)) for inner, one in value.items()]
        else:
            flat.append((name, str(value)))
    return "application/x-www-form-urlencoded", urlencode(flat).encode()
