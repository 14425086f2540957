"""Every metric, from the catalogue of the code."""

from __future__ import annotations

from collections.abc import Iterable

from tests.docs.markdown import code, page, table

from careloom.telemetry.catalogue import COUNTERS, GAUGES, HISTOGRAMS, OF_PROCESS, PREFIX, Counter, Gauge, Histogram
from careloom.telemetry.tally import MOST

_INTRO = f"""\
What `/metrics` shows ([telemetry](../operations/telemetry.md)). Every node shows the numbers of the whole deployment:
join nodes by `max`, not by `sum`. A label has at most {MOST} values; what is beyond is counted as `other`. No label is
a person, a number of one, or anything that a sender chooses. Times are in seconds."""
_GAUGES = """\
Read from the store, in one snapshot, by the named statement: the same statement gives the same number at any time
(`store/queries/telemetry.sql`; `conservation` is in `operator.sql`)."""


def metrics_page() -> str:
    """docs/reference/metrics.md"""
    return page(
        "Metrics",
        _INTRO,
        "## Counters\n\nCounted as it happens; they go on after a restart.",
        table(("metric", "labels", "meaning"), _rows(COUNTERS)),
        "## Histograms",
        table(("metric", "labels", "meaning"), _rows(HISTOGRAMS)),
        f"## From the store\n\n{_GAUGES}",
        table(("metric", "labels", "meaning", "statement"), _gauges(GAUGES)),
        "## From the process",
        table(("metric", "labels", "meaning"), _rows(OF_PROCESS)),
    )


def _rows(metrics: Iterable[Counter | Histogram | Gauge]) -> list[tuple[str, ...]]:
    return [(code(PREFIX + one.name), _labels(one.labels), one.help) for one in metrics]


def _gauges(metrics: Iterable[Gauge]) -> list[tuple[str, ...]]:
    return [
        (code(f"{PREFIX}{one.name}{'_total' if one.grows else ''}"), _labels(one.labels), one.help, code(one.statement))
        for one in metrics
    ]


def _labels(labels: Iterable[str]) -> str:
    return ", ".join(code(label) for label in labels)
