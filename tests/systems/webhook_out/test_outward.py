"""No spelling of an inner address passes, whichever way it is written or resolved; connections go where was judged."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from ipaddress import ip_address

import pytest
from pydantic import ValidationError

from careloom.core.errors import AccessRefused, Unavailable
from careloom.systems.http.client import HttpClient, Origin
from careloom.systems.http.fake import FakeTarget
from careloom.systems.outward import AddressRefused, Outward, is_public, network
from careloom.systems.webhook_out.settings import Settings

SPELLINGS = """
http://127.0.0.1/
https://127.0.0.1/
https://127.0.0.1:443/
https://127.1/
https://127.0.1/
https://127.000.000.001/
https://0177.0.0.1/
https://0177.0000.0000.0001/
https://0x7f.0.0.1/
https://0x7f.0x0.0x0.0x1/
https://0x7f000001/
https://0X7F000001/
https://2130706433/
https://017700000001/
https://00000017700000001/
https://127.0.0.1./
https://127.0.0.2/
https://127.255.255.254/
https://0/
https://0.0.0.0/
https://0.1.2.3/
https://0x0/
https://10.0.0.1/
https://10.1/
https://10.255.255.255/
https://0xa000001/
https://167772161/
https://012.0.0.1/
https://100.64.0.1/
https://100.127.255.254/
https://100.100.100.200/
https://169.254.169.254/
https://169.254.169.254/latest/meta-data/
https://169.254.1/
https://0xa9fea9fe/
https://2852039166/
https://0251.0376.0251.0376/
https://0xa9.0xfe.0xa9.0xfe/
https://169.0xfe.169.0376/
https://168.63.129.16/
https://172.16.0.1/
https://172.31.255.255/
https://192.0.0.192/
https://192.0.2.1/
https://192.88.99.1/
https://192.168.0.1/
https://192.168.1/
https://3232235777/
https://198.18.0.1/
https://198.51.100.7/
https://203.0.113.7/
https://224.0.0.1/
https://239.255.255.255/
https://240.0.0.1/
https://255.255.255.255/
https://4294967295/
https://[::]/
https://[::1]/
https://[0:0:0:0:0:0:0:1]/
https://[0000:0000:0000:0000:0000:0000:0000:0001]/
https://[::127.0.0.1]/
https://[::7f00:1]/
https://[::ffff:127.0.0.1]/
https://[::ffff:7f00:1]/
https://[::ffff:a9fe:a9fe]/
https://[::ffff:10.0.0.1]/
https://[::ffff:8.8.8.8]/
https://[::ffff:0:127.0.0.1]/
https://[64:ff9b::127.0.0.1]/
https://[64:ff9b::a9fe:a9fe]/
https://[64:ff9b::10.0.0.1]/
https://[64:ff9b:1::8.8.8.8]/
https://[2002:7f00:1::]/
https://[2002:a9fe:a9fe::1]/
https://[2002:808:808::1]/
https://[2001:0:7f00:1::]/
https://[2001:0:4136:e378:8000:63bf:80ff:fffe]/
https://[2001:db8::1]/
https://[2001:10::1]/
https://[2001:2::1]/
https://[2606:4700::5efe:127.0.0.1]/
https://[2606:4700::200:5efe:10.0.0.1]/
https://[3fff::1]/
https://[fc00::1]/
https://[fd00:ec2::254]/
https://[fd12:3456:789a::1]/
https://[fe80::1]/
https://[fe80::1%25eth0]/
https://[fe80::1%eth0]/
https://[fec0::1]/
https://[ff02::1]/
https://[ff0e::1]/
https://[100::1]/
https://[5f00::1]/
https://[1::1]/
https://[::1]:443/
https://[127.0.0.1]/
https://[v1.a]/
https://localhost/
https://LOCALHOST/
https://LocalHost./
https://localhost.localdomain/
https://hook.localhost/
https://a.b.localhost/
https://printer.local/
https://db.internal/
https://metadata.google.internal/
https://router.lan/
https://nas.home.arpa/
https://intranet/
https://hub/
https://metadata/
https://hooks.example.org./
https://hooks..example.org/
https://-hooks.example.org/
https://hooks_1.example.org/
https://hooks.example.org:22/
https://hooks.example.org:5432/
https://hooks.example.org:0/
https://hooks.example.org:99999/
https://hooks.example.org:443:80/
http://hooks.example.org:25/
https://user@hooks.example.org/
https://user:word@hooks.example.org/
https://@hooks.example.org/
https://hooks.example.org@127.0.0.1/
https://127.0.0.1@hooks.example.org/
https://hooks.example.org%2F@127.0.0.1/
https://hooks.example.org\\@127.0.0.1/
https://127.0.0.1\\hooks.example.org/
https://127.0.0.1%00.example.org/
https://%31%32%37.0.0.1/
https://127%2e0%2e0%2e1/
https://%6c%6f%63%61%6c%68%6f%73%74/
https://①②⑦.⓪.⓪.①/
https://１２７.0.0.1/
https://127。0。0。1/
https://127．0．0．1/
https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/
https://localhoſt/
https://exаmple.org/
https://hooks.example.org\u00ad/
https://hooks.example.org\u200b/
https:///hooks
https:/127.0.0.1/
https:127.0.0.1
//127.0.0.1/
https://
ftp://hooks.example.org/
file:///etc/hostname
gopher://127.0.0.1:70/
javascript:0
unix:///run/postgres.sock
https://hooks.example.org /
https:// 127.0.0.1/
https://127.0.0.1<tab>/
https://<tab>127.0.0.1/
https://hooks.example.org<lf>.127.0.0.1/
https://hooks.example.org<cr><lf>host: 127.0.0.1/
"""
URLS = [
    line.replace("<tab>", "\t").replace("<lf>", "\n").replace("<cr>", "\r") for line in SPELLINGS.strip().split("\n")
]

RESOLVED = [
    "127.0.0.1", "0.0.0.0", "10.1.2.3", "100.64.0.1", "169.254.169.254", "172.20.0.1", "192.168.1.1", "198.19.0.1",
    "224.0.0.251", "255.255.255.255", "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::10.0.0.1",
    "64:ff9b::a00:1", "2002:a00:1::1", "2001:0:a00:1::1", "fc00::1", "fd00:ec2::254", "fe80::1%1", "fe80::1", "ff02::1",
    "not an address", "0177.0.0.1",
]  # fmt: skip


def settings(url: str, **more: object) -> Settings:
    return Settings.model_validate({"url": url, "secret": "env:HOOK", **more})


def resolving(*answers: Sequence[str]) -> Outward:
    """A guard whose name server gives these answers, one after the other."""
    left = list(answers)

    async def lookup(host: str, port: int) -> Sequence[str]:
        return left.pop(0)

    return Outward(lookup=lookup)


def test_there_are_enough_of_them() -> None:
    assert len(set(URLS)) >= 140


@pytest.mark.parametrize("url", URLS, ids=ascii)
def test_no_spelling_of_an_inner_address_passes(url: str) -> None:
    assert Outward().problem(url) is not None
    with pytest.raises(ValidationError):
        settings(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.org/a?b=c", "https://hooks.example.org:8443/", "https://8.8.8.8/", "https://1.1.1.1:443/",
        "https://[2606:4700:4700::1111]/", "https://[64:ff9b::8.8.8.8]/", "https://xn--bcher-kva.example/",
        "https://1e100.net/", "https://127-0-0-1.example.org/", "https://a.b.c.d.e.example.org/",
    ],
)  # fmt: skip
def test_public_hosts_pass(url: str) -> None:
    assert Outward().problem(url) is None
    assert settings(url).url == url


@pytest.mark.parametrize("address", RESOLVED)
async def test_a_plain_name_that_leads_inside_is_refused_when_it_is_resolved(address: str) -> None:
    with pytest.raises(AddressRefused, match=r"hooks\.example\.org"):
        await resolving([address]).resolve("hooks.example.org", 443)


async def test_one_inner_address_among_public_ones_is_enough_to_refuse() -> None:
    with pytest.raises(AddressRefused):
        await resolving(["8.8.8.8", "2606:4700::1", "10.0.0.7"]).resolve("hooks.example.org", 443)


async def test_a_name_without_an_address_may_have_one_later() -> None:
    async def nobody(host: str, port: int) -> Sequence[str]:
        raise OSError(-2, "Name or service not known")

    for guard in (Outward(lookup=nobody), resolving([])):
        with pytest.raises(Unavailable, match="has no address"):
            await guard.resolve("hooks.example.org", 443)


async def test_an_allowed_network_may_be_called_and_its_neighbour_not() -> None:
    allowed = Outward([network("10.20.0.0/16"), network("fd12::/32")])
    assert allowed.problem("https://10.20.3.4/") is None
    assert allowed.problem("https://[fd12::5]/") is None
    assert allowed.problem("https://hooks.internal/") is None  # what it resolves to decides
    assert allowed.problem("https://10.21.3.4/") is not None
    assert allowed.problem("https://[::ffff:10.20.3.4]/") is not None
    assert await allowed.resolve("10.20.3.4", 443) == ["10.20.3.4"]
    with pytest.raises(AddressRefused):
        await allowed.resolve("169.254.169.254", 443)


def test_a_network_must_be_one() -> None:
    with pytest.raises(ValidationError, match="allow"):
        settings("https://hooks.example.org/", allow=["10.20.0.1/16"])


async def test_connections_go_to_the_address_that_was_judged() -> None:
    """The name server changes its mind between two questions: nothing asks it twice for one connection."""
    asked: list[str] = []

    async def rebinding(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["169.254.169.254"]

    guard = Outward([network("127.0.0.0/8")], lookup=rebinding)
    async with FakeTarget() as receiver:
        client = HttpClient(Origin("hooks.example.org", receiver.port, resolve=guard.resolve))
        assert (await client.post("/", {}, b"{}")).status == 204
        assert receiver.requests[0].headers["host"] == f"hooks.example.org:{receiver.port}"
        assert asked == ["hooks.example.org"]
        await client.close()
        with pytest.raises(AccessRefused):  # a new connection is judged anew
            await client.post("/", {}, b"{}")
        assert len(receiver.requests) == 1


async def test_the_next_address_is_tried_when_one_does_not_answer() -> None:
    async with FakeTarget() as receiver:

        async def lookup(host: str, port: int) -> Sequence[str]:
            return ["127.0.0.9", "127.0.0.1"]

        guard = Outward([network("127.0.0.0/8")], lookup=lookup)
        client = HttpClient(Origin("hooks.example.org", receiver.port, resolve=guard.resolve))
        answers = await asyncio.gather(*(client.post("/", {}, b"{}") for _ in range(3)))
        assert [answer.status for answer in answers] == [204, 204, 204]
        await client.close()


def test_every_address_of_the_public_part_is_public_and_no_other() -> None:
    public = ["1.0.0.1", "9.9.9.9", "100.63.255.255", "100.128.0.0", "172.32.0.1", "223.255.255.255", "2a00::1"]
    assert [text for text in public if not is_public(ip_address(text))] == []
    assert not is_public(ip_address("fe80::1%eth0"))
