"""A dashboard for Grafana, made from what runs: `careloom telemetry dashboard`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from careloom.telemetry.catalogue import GAUGES, PREFIX, Gauge
from careloom.telemetry.objectives import Objective

_WIDTH, _HEIGHT, _COLUMNS = 8, 7, 24
_SOURCE: Final = {"type": "prometheus", "uid": "${source}"}
_FLOWS: Final = (
    ("Messages a second", "sum by (outcome) (rate(careloom_intake_total[5m]))", "ops"),
    ("Received, delivered, filtered", "rate({__name__=~'careloom_messages_(received|delivered|filtered)_total'}[5m])",
     "ops"),
    ("Parked and in flight", "{__name__=~'careloom_messages_(parked|in_flight)'}", "short"),
    ("Oldest unread of each subscription", "max by (subscription) (careloom_subscription_oldest_seconds)", "s"),
    ("Outcomes of deliveries", "sum by (subscription, outcome) (rate(careloom_deliveries_total[5m]))", "ops"),
    ("Failures by sort", "sum by (category) (rate(careloom_failures_total[5m]))", "ops"),
    ("Held back by breakers", "max by (system) (careloom_breaker_held_seconds)", "s"),
    ("From event to handled, 95%",
     "histogram_quantile(0.95, sum by (subscription, le) (rate(careloom_handling_seconds_bucket[15m])))", "s"),
    ("API, 95%", "histogram_quantile(0.95, sum by (route, le) (rate(careloom_api_seconds_bucket[15m])))", "s"),
)  # fmt: skip


def dashboard(objectives: Sequence[Objective]) -> dict[str, Any]:
    """The whole file, for Grafana 9 and newer."""
    panels = list(_placed([*_of_objectives(objectives), *_of_hub(), *_of_business()]))
    return {
        "title": "Careloom",
        "uid": "careloom",
        "schemaVersion": 38,
        "editable": True,
        "tags": ["careloom"],
        "time": {"from": "now-24h", "to": "now"},
        "refresh": "30s",
        "templating": {"list": [{"name": "source", "type": "datasource", "query": "prometheus", "label": "Source"}]},
        "panels": panels,
    }


def _of_objectives(objectives: Sequence[Objective]) -> Iterator[dict[str, Any]]:
    yield {"type": "row", "title": "Promises", "collapsed": False}
    for one in objectives:
        chosen = f'{{flow="{one.flow}",indicator="{one.indicator}"}}'
        burnt = f"careloom:bad_ratio:3d{chosen} / {1 - one.ratio:.6g}"
        title = f"{one.flow}: {one.indicator}, {one.ratio:.3%} in {one.window.days} days"
        yield _panel(title, [(burnt, "budget burns, times")], "short")


def _of_hub() -> Iterator[dict[str, Any]]:
    yield {"type": "row", "title": "The hub", "collapsed": False}
    for title, expression, unit in _FLOWS:
        yield _panel(title, [(expression, "")], unit)


def _of_business() -> Iterator[dict[str, Any]]:
    yield {"type": "row", "title": "The business", "collapsed": False}
    for one in GAUGES:
        if one.business:
            yield _panel(one.help.partition(";")[0].partition(":")[0], [(_shown(one), "")], _unit(one))


def _shown(one: Gauge) -> str:
    by = f" by ({', '.join(one.labels)})" if one.labels else ""
    return f"max{by} ({PREFIX}{one.name})"


def _unit(one: Gauge) -> str:
    return "s" if one.name.endswith("_seconds") else "percentunit" if one.name.endswith("_ratio") else "short"


def _panel(title: str, queries: Sequence[tuple[str, str]], unit: str) -> dict[str, Any]:
    targets = [
        {"refId": chr(65 + place), "expr": expression, "legendFormat": legend or "__auto", "datasource": _SOURCE}
        for place, (expression, legend) in enumerate(queries)
    ]
    return {
        "type": "timeseries",
        "title": title,
        "datasource": _SOURCE,
        "targets": targets,
        "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
    }


def _placed(panels: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    x = y = 0
    for number, one in enumerate(panels, 1):
        row = one["type"] == "row"
        if row and x:
            x, y = 0, y + _HEIGHT
        width, height = (_COLUMNS, 1) if row else (_WIDTH, _HEIGHT)
        yield {**one, "id": number, "gridPos": {"x": x, "y": y, "w": width, "h": height}}
        x += width
        if x >= _COLUMNS:
            x, y = 0, y + height
