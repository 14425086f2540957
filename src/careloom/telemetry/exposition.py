"""Metrics as Prometheus reads them (text format 0.0.4), put together by its own library."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from careloom.telemetry.catalogue import COUNTERS, GAUGES, HISTOGRAMS, OF_PROCESS, PREFIX, Counter, Gauge, Histogram
from careloom.telemetry.reading import Reading
from careloom.telemetry.tally import Labels, bounded_rows

MEDIA_TYPE: Final = CONTENT_TYPE_LATEST
Own = Mapping[str, Mapping[Labels, float]]
"""Gauges of the process: by name of the metric, by labels."""


def exposed(reading: Reading | None, own: Own, now: datetime) -> bytes:
    """The page."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Page(reading, own, now))
    return generate_latest(registry)


class _Page(Collector):
    def __init__(self, reading: Reading | None, own: Own, now: datetime) -> None:
        self._reading = reading
        self._own = own
        self._now = now

    def collect(self) -> Iterable[Metric]:
        """All of it."""
        yield from (_gauge(one, self._own.get(one.name, {}).items()) for one in OF_PROCESS if one.name in self._own)
        if self._reading is None:
            return
        yield from _of_scrape(self._reading, self._now)
        for one in GAUGES:
            yield _gauge(one, _samples(one, self._reading))
        totals = _by_name(self._reading.totals)
        for counter in COUNTERS:
            yield _counter(counter, totals.get(counter.name, []))
        for histogram in HISTOGRAMS:
            yield _histogram(histogram, totals.get(histogram.name, []))


def _of_scrape(reading: Reading, now: datetime) -> Iterator[Metric]:
    known = {one.name: one for one in OF_PROCESS}
    yield _gauge(known["scrape_seconds"], [((), reading.took)])
    yield _gauge(known["scrape_age_seconds"], [((), (now - reading.at).total_seconds())])


def _samples(one: Gauge, reading: Reading) -> Iterator[tuple[Labels, float]]:
    for row in reading.rows[one.statement]:
        if row[one.value] is not None:
            yield tuple([str(row[label]) for label in one.labels]), float(row[one.value])


def _gauge(one: Gauge, samples: Iterable[tuple[Labels, float]]) -> Metric:
    make = CounterMetricFamily if one.grows else GaugeMetricFamily
    found = make(PREFIX + one.name, one.help, labels=one.labels)
    for labels, value in bounded_rows(samples, len(one.labels)).items():
        found.add_metric(labels, value)
    return found


def _by_name(totals: Iterable[Mapping[str, Any]]) -> dict[str, list[tuple[Labels, float]]]:
    found: dict[str, list[tuple[Labels, float]]] = {}
    for row in totals:
        found.setdefault(row["name"], []).append((tuple(row["labels"]), row["value"]))
    return found


def _counter(one: Counter, totals: list[tuple[Labels, float]]) -> Metric:
    found = CounterMetricFamily(PREFIX + one.name, one.help, labels=one.labels)
    fitting = [(labels, value) for labels, value in totals if len(labels) == len(one.labels)]
    for labels, value in bounded_rows(fitting, len(one.labels)).items():
        found.add_metric(labels, value)
    return found


def _histogram(one: Histogram, totals: list[tuple[Labels, float]]) -> Metric:
    found = HistogramMetricFamily(PREFIX + one.name, one.help, labels=one.labels)
    kept: dict[Labels, dict[str, float]] = {}
    for labels, value in totals:
        if len(labels) == len(one.labels) + 1:
            kept.setdefault(labels[:-1], {})[labels[-1]] = value
    for labels, counted in kept.items():
        found.add_metric(labels, _cumulative(one, counted), sum_value=counted.get("sum", 0.0))
    return found


def _cumulative(one: Histogram, counted: Mapping[str, float]) -> list[tuple[str, float]]:
    total, made = 0.0, []
    for limit in [*(f"{bucket:g}" for bucket in one.buckets), "+Inf"]:
        total += counted.get(limit, 0.0)
        made.append((limit, total))
    return made
