"""Refunds: each is made once, whatever happens on the way."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from careloom.core.errors import AmbiguousError, ConfigurationError, ContractBroken, Rejected, Unavailable
from careloom.model import Money
from careloom.systems.http.fake import Request, answering
from careloom.systems.payments.connector import Payments, Settings, connect
from careloom.systems.payments.fake import Gateway
from careloom.systems.trial import Behaviour
from careloom.systems.webhook.fake import answer
from careloom.testing.surroundings import World

Connect = Callable[..., Payments]
FIFTEEN = Money(value=Decimal("15.00"), currency="USD")


@pytest.fixture
def paid(gateway: Gateway) -> str:
    return str(gateway.pay(4000, invoice="INV/2026/00318")["data"]["object"]["id"])


async def test_a_refund_is_made_and_told(gateway: Gateway, paid: str, connected: Connect) -> None:
    made = await connected().refund(paid, FIFTEEN, "overpaid", "flow/1")
    assert (made.payment.value, made.amount, made.status) == (paid, FIFTEEN, "succeeded")  # type: ignore[union-attr]
    assert gateway.refunds[made.identifier[0].value]["amount"] == 1500
    request = gateway.target.requests[-1]
    assert request.headers["idempotency-key"] == "flow/1"
    assert request.headers["authorization"] == "Bearer sk-invented"


async def test_the_same_key_is_one_refund_after_the_gateway_forgot_it(
    gateway: Gateway, paid: str, connected: Connect
) -> None:
    first = await connected().refund(paid, FIFTEEN, "overpaid", "flow/1")
    gateway.forget_keys()
    again = await connected().refund(paid, FIFTEEN, "overpaid", "flow/1")
    assert again == first
    assert len(gateway.refunds) == 1


async def test_a_refund_without_an_answer_is_looked_for_at_once(
    gateway: Gateway, paid: str, connected: Connect
) -> None:
    def lost(request: Request) -> bytes | None:
        found = gateway._answer(request)
        return None if request.method == "POST" else found

    gateway.target.reply = lost
    made = await connected().refund(paid, FIFTEEN, "overpaid", "flow/1")
    assert [one["id"] for one in gateway.refunds.values()] == [made.identifier[0].value]
    assert [request.method for request in gateway.target.requests] == ["POST", "GET"]


async def test_one_that_is_not_found_is_looked_for_again_before_it_is_sent(
    gateway: Gateway, paid: str, connected: Connect
) -> None:
    connection = connected()
    await gateway.behave(Behaviour.MUTE)
    with pytest.raises(Unavailable):
        await connection.refund(paid, FIFTEEN, "overpaid", "flow/1")
    assert len(gateway.refunds) == 1
    await gateway.behave(Behaviour.WILLING)
    gateway.forget_keys()
    before = len(gateway.target.requests)
    await connection.refund(paid, FIFTEEN, "overpaid", "flow/1")
    assert [request.method for request in gateway.target.requests[before:]] == ["GET"]
    assert len(gateway.refunds) == 1


async def test_one_whose_list_is_refused_is_ambiguous(gateway: Gateway, paid: str, connected: Connect) -> None:
    gateway.target.reply = lambda request: None if request.method == "POST" else answering(404)(request)
    with pytest.raises(AmbiguousError, match="not known whether the refund was made"):
        await connected().refund(paid, FIFTEEN, "overpaid", "flow/1")


async def test_one_that_is_under_way_is_waited_for(gateway: Gateway, paid: str, connected: Connect) -> None:
    willing = gateway.target.reply
    gateway.target.reply = lambda request: answering(409)(request) if request.method == "POST" else willing(request)
    with pytest.raises(Unavailable, match="same key"):
        await connected().refund(paid, FIFTEEN, "overpaid", "flow/1")


async def test_a_key_is_for_one_refund(gateway: Gateway, paid: str, connected: Connect) -> None:
    connection = connected()
    await connection.refund(paid, FIFTEEN, "overpaid", "flow/1")
    with pytest.raises(Rejected, match="another payment or amount"):
        await connection.refund(paid, Money(value=Decimal("15.01"), currency="USD"), "overpaid", "flow/1")
    assert len(gateway.refunds) == 1


async def test_a_refusal_frees_the_key(gateway: Gateway, paid: str, connected: Connect, world: World) -> None:
    connection = connected()
    await gateway.behave(Behaviour.STRICT)
    with pytest.raises(Rejected):
        await connection.refund(paid, FIFTEEN, "overpaid", "flow/1")
    assert not world.memory.values
    await gateway.behave(Behaviour.WILLING)
    await connection.refund(paid, Money(value=Decimal("1.00"), currency="USD"), "overpaid", "flow/1")
    assert [one["amount"] for one in gateway.refunds.values()] == [100]


@pytest.mark.parametrize(
    ("amount", "reason", "key"),
    [
        ("0.001", "overpaid", "k"),
        ("1.00", "Maribel asked for it", "k"),
        ("1.00", "overpaid", "two words"),
        ("1", "x", ""),
    ],
)
async def test_what_cannot_be_asked_is_not_sent(
    amount: str, reason: str, key: str, gateway: Gateway, paid: str, connected: Connect
) -> None:
    with pytest.raises(Rejected):
        await connected().refund(paid, Money(value=Decimal(amount), currency="USD"), reason, key)
    assert not gateway.target.requests


async def test_lists_are_read_to_their_end(gateway: Gateway, paid: str, connected: Connect) -> None:
    for _ in range(5):
        gateway.give_back(paid, 100)
    gateway.dispute(paid)
    connection = connected()
    assert len(await connection.refunds(paid)) == 5
    assert [one.reason for one in await connection.disputes()] == ["unrecognized"]
    assert not await connection.disputes("pay_none")
    found = await connection.payment(paid)
    assert (found.status, str(found.amount.value), found.instrument) == ("received", "40.00", "visa ending 4242")
    with pytest.raises(Rejected):
        await connection.payment("pay_none/../events")


async def test_other_words_and_json_are_settings(gateway: Gateway, connected: Connect) -> None:
    body = {"id": "re_9", "charge": "ch_1", "amount": 1500, "currency": "usd", "status": "pending"}
    gateway.target.reply = lambda _: answer(body)
    words = {
        "payment": "charge",
        "refunds_path": "v2/refunds",
        "currency": "currency",
        "reasons": {"overpaid": "duplicate"},
    }
    made = await connected(style="json", words=words).refund("ch_1", FIFTEEN, "overpaid", "k1")
    assert made.status == "pending"
    request = gateway.target.requests[-1]
    assert request.path == "/v1/v2/refunds"
    assert request.body == (
        b'{"charge":"ch_1","amount":1500,"metadata":{"careloom_key":"k1"},"currency":"usd","reason":"duplicate"}'
    )


@pytest.mark.parametrize("body", [{"data": 7}, {"data": [{"id": "re_1"}], "has_more": True}])
async def test_a_list_that_is_none_is_said_so(body: object, gateway: Gateway, connected: Connect) -> None:
    gateway.target.reply = lambda _: answer(body)
    with pytest.raises(ContractBroken):
        await connected().refunds("pay_1")


async def test_check_finds_a_wrong_token(gateway: Gateway, connected: Connect) -> None:
    connection = connected()
    assert not await connection.check()
    await gateway.behave(Behaviour.CLOSED)
    (finding,) = await connection.check()
    assert "401" in finding.problem


async def test_refunds_need_the_interface(world: World) -> None:
    connection = connect(Settings.model_validate({"secret": "env:GATEWAY"}), world.around("paygate"))
    with pytest.raises(ConfigurationError, match=r"systems\.paygate"):
        await connection.refund("pay_1", FIFTEEN, "overpaid", "k")
    assert not await connection.check()
    await connection.poll()
    await connection.close()
