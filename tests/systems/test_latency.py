"""Latency: nearest rank over the newest calls."""

from __future__ import annotations

from careloom.systems.latency import Latency


def test_nothing_is_told_before_the_first_call() -> None:
    latency = Latency()
    assert latency.card() == {}
    assert latency.percentile(0.5) is None


def test_percentiles_are_those_of_calls_that_were_made() -> None:
    latency = Latency()
    for milliseconds in range(1, 101):
        latency.add(milliseconds / 1000)
    assert latency.card() == {"calls": 100, "p50_ms": 50.0, "p95_ms": 95.0}
    assert (latency.percentile(0.0), latency.percentile(1.0)) == (0.001, 0.1)


def test_old_calls_count_and_do_not_weigh() -> None:
    latency = Latency()
    for _ in range(1000):
        latency.add(9.0)
    for _ in range(512):
        latency.add(0.5)
    assert latency.card() == {"calls": 1512, "p50_ms": 500.0, "p95_ms": 500.0}
