"""Reads a page of metrics as Prometheus does, with the parser of its own library."""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request
from collections.abc import Mapping

from prometheus_client.parser import text_string_to_metric_families

Samples = Mapping[tuple[str, frozenset[tuple[str, str]]], float]


def samples(page: bytes) -> Samples:
    """Name and labels of each sample, and its value."""
    return {
        (one.name, frozenset(one.labels.items())): one.value
        for family in text_string_to_metric_families(page.decode())
        for one in family.samples
    }


def value(found: Samples, name: str, **labels: str) -> float | None:
    """One sample, None where there is none."""
    return found.get((f"careloom_{name}", frozenset(labels.items())))


async def fetch(port: int, key: str = "", path: str = "/metrics") -> tuple[int, bytes]:
    """Status and page."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)

    def call() -> tuple[int, bytes]:
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()

    return await asyncio.to_thread(call)
