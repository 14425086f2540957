"""The settings of an HTTP target are checked before anything is sent."""

from __future__ import annotations

import pytest

from careloom.core.errors import ConfigurationError
from careloom.systems.http.client import Origin, _request
from careloom.systems.registry import settings_for


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({}, "systems.bi.url: Field required"),
        ({"url": "ftp://host/x"}, "http or https"),
        ({"url": "http://host/a b"}, "http or https"),
        ({"url": "http://host:0/"}, "systems.bi.url"),
        ({"url": "http://host:99999/"}, "systems.bi.url"),
        ({"url": "https://user:word@host/"}, "credentials do not belong"),
        ({"url": "https://host/", "token": "s3cret"}, "systems.bi.token: a secret is given by reference"),
        ({"url": "http://host/", "token": "env:T"}, "over https only"),
        ({"url": "http://host/", "tls": {}}, "not https"),
        ({"url": "https://host/", "headers": {"X": "a\r\nb"}}, "printable ASCII"),
        ({"url": "https://host/", "headers": {"Authorization": "x"}}, "authorization is set by careloom"),
        ({"url": "https://host/", "headers": {"ce-id": "x"}}, "ce-id is set by careloom"),
        ({"url": "https://host/", "mode": "batch"}, "systems.bi.mode"),
        ({"url": "https://host/", "retries": 3}, "systems.bi.retries: there is no such setting"),
    ],
)
def test_problems_are_located_and_never_quote_a_secret(given: dict[str, object], problem: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        settings_for("http", given, system="bi")
    assert problem in str(caught.value)
    assert "s3cret" not in str(caught.value)
    assert "word" not in str(caught.value)


@pytest.mark.parametrize(
    ("origin", "authority"),
    [(Origin("a.example", 80), "a.example"), (Origin("a.example", 81), "a.example:81"), (Origin("::1", 80), "[::1]")],
)
def test_the_host_header(origin: Origin, authority: str) -> None:
    assert origin.authority == authority


@pytest.mark.parametrize("value", ["a\r\nb: c", "a\nb", "a\0b"])
def test_no_header_can_smuggle_another(value: str) -> None:
    with pytest.raises(ValueError, match="line break"):
        _request("/", "h", {"x": value}, b"")
