"""Recording and alert rules for Prometheus, made from what runs: `careloom telemetry rules`.

Burn rates by several windows at once, as in the SRE workbook (chapter 5, "Alerting on SLOs"): a long window says that
it matters, a short one that it still goes on. Every node shows the numbers of all nodes, so `max` joins them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from careloom.cases.kinds import CaseKind
from careloom.telemetry.catalogue import PREFIX
from careloom.telemetry.objectives import Objective

RUNBOOK: Final = "docs/operations/runbook.md"
_JOB: Final = 'job="careloom"'
_WINDOWS: Final = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")


@dataclass(frozen=True, slots=True)
class Burn:
    """An error budget that is used up `rate` times as fast as it may, seen over a long and a short window."""

    rate: float
    long: str
    short: str
    severity: str


BURNS: Final = (
    Burn(14.4, "1h", "5m", "page"),
    Burn(6.0, "6h", "30m", "page"),
    Burn(3.0, "1d", "2h", "ticket"),
    Burn(1.0, "3d", "6h", "ticket"),
)


@dataclass(frozen=True, slots=True)
class Alert:
    """One rule. `lasts` is for how long the expression must be true; `runbook` the anchor of its section;
    `about` are further labels."""

    name: str
    expression: str
    lasts: str
    severity: str
    owner: str
    summary: str
    runbook: str
    about: Mapping[str, str] = field(default_factory=dict)

    def rule(self, base: str) -> dict[str, Any]:
        """As Prometheus reads it."""
        labels = {"severity": self.severity, "owner": self.owner, **self.about}
        annotations = {"summary": self.summary, "runbook": f"{base}#{self.runbook}"}
        made: dict[str, Any] = {"alert": self.name, "expr": self.expression}
        return made | ({"for": self.lasts} if self.lasts else {}) | {"labels": labels, "annotations": annotations}


def rules(objectives: Sequence[Objective], kinds: Iterable[CaseKind], base: str = RUNBOOK) -> dict[str, Any]:
    """The whole file, for these promises and kinds of cases. `base` is where the runbook stands."""
    return {
        "groups": [
            {"name": "careloom-objectives", "interval": "30s", "rules": list(_recorded(objectives))},
            {"name": "careloom-burn", "rules": [one.rule(base) for one in burning(objectives)]},
            {"name": "careloom-hub", "rules": [one.rule(base) for one in HUB]},
            {"name": "careloom-cases", "rules": [one.rule(base) for one in _of_cases(kinds)]},
        ]
    }


def _recorded(objectives: Iterable[Objective]) -> Iterator[dict[str, Any]]:
    for one in objectives:
        for window in _WINDOWS:
            labels = {"flow": one.flow, "indicator": one.indicator}
            yield {"record": f"careloom:bad_ratio:{window}", "expr": _bad_ratio(one, window), "labels": labels}


def _bad_ratio(one: Objective, window: str) -> str:
    good, bad = _series(one)
    rates = [f"max by (flow) (increase({series}[{window}]))" for series in (bad, good)]
    # Where nothing happened there is nothing to divide by, and nothing was bad.
    return f"({rates[0]} / ({rates[0]} + {rates[1]})) >= 0"


def _series(one: Objective) -> tuple[str, str]:
    if one.indicator == "events":
        name = f"{PREFIX}events_in_time_total"
        return f'{name}{{flow="{one.flow}",result="good"}}', f'{name}{{flow="{one.flow}",result="bad"}}'
    return f'{PREFIX}runs_good_total{{flow="{one.flow}"}}', f'{PREFIX}runs_bad_total{{flow="{one.flow}"}}'


def burning(objectives: Iterable[Objective]) -> Iterator[Alert]:
    """One alert for each promise and severity: the windows of one severity are one cause."""
    for one in objectives:
        for severity in ("page", "ticket"):
            if severity == "page" and one.criticality == "low":
                continue
            yield Alert(
                name="CareloomBudgetBurns",
                expression=" or ".join(_burns(one, burn) for burn in BURNS if burn.severity == severity),
                lasts="2m" if severity == "page" else "15m",
                severity=severity,
                owner=one.owner,
                summary=f"{one.flow}: more {one.indicator} than promised are not handled in time",
                runbook=one.runbook,
                about={"flow": one.flow, "indicator": one.indicator},
            )


def _burns(one: Objective, burn: Burn) -> str:
    chosen = f'{{flow="{one.flow}",indicator="{one.indicator}"}}'
    limit = f"{min(burn.rate * (1 - one.ratio), 0.99):.6g}"
    return f"(careloom:bad_ratio:{burn.long}{chosen} > {limit} and careloom:bad_ratio:{burn.short}{chosen} > {limit})"


def _of_cases(kinds: Iterable[CaseKind]) -> Iterator[Alert]:
    for kind in sorted(kinds, key=lambda one: one.name):
        severity = "page" if kind.criticality == "critical" else "ticket"
        yield Alert(
            name="CareloomCasesOverdue",
            expression=f'max by (kind) (sum by (kind, instance) ({PREFIX}cases_overdue{{kind="{kind.name}"}})) > 0',
            lasts="5m",
            severity=severity,
            owner=kind.owner,
            summary=f"exceptions of kind {kind.name} have waited longer than they may",
            runbook=kind.runbook,
            about={"kind": kind.name},
        )


HUB: Final = (
    Alert("CareloomDown", f"up{{{_JOB}}} == 0", "1m", "page", "integration",
          "a node does not answer: senders may be waiting", "a-sender-gets-no-acknowledgement"),
    Alert("CareloomStoreAway", f"max({PREFIX}scrape_age_seconds) > 120", "1m", "page", "integration",
          "the store cannot be read: nothing is acknowledged", "the-store-is-away"),
    Alert("CareloomNumbersDiffer",
          f"max({PREFIX}messages_received_total - {PREFIX}messages_delivered_total - {PREFIX}messages_filtered_total"
          f" - {PREFIX}messages_parked - {PREFIX}messages_in_flight) != 0", "2m", "page", "integration",
          "received is not delivered + filtered + parked + in flight", "the-numbers-do-not-add-up"),
    Alert("CareloomSystemRefuses", f'max by (system) ({PREFIX}breaker_state{{state="refused"}}) > 0', "", "page",
          "integration", "a system refuses our credentials; events wait, nothing is lost", "access-refused"),
    Alert("CareloomSystemAway", f'max by (system) ({PREFIX}breaker_state{{state="open"}}) > 0', "5m", "ticket",
          "integration", "a system does not answer; events wait, nothing is lost", "a-system-is-open"),
    Alert("CareloomSubscriptionBehind", f"max by (subscription) ({PREFIX}subscription_oldest_seconds) > 900", "5m",
          "ticket", "integration", "a subscription is a quarter of an hour behind", "a-subscription-is-behind"),
    Alert("CareloomRetriesGrow",
          f"max by (subscription) (delta({PREFIX}subscription_retrying[15m])) > 0 and "
          f"max by (subscription) ({PREFIX}subscription_retrying) > 100", "15m", "ticket", "integration",
          "events are tried again and again, and there are more of them", "a-subscription-is-behind"),
    Alert("CareloomFeedSilent", f'max(sum by (instance) ({PREFIX}cases{{kind="silence"}})) > 0', "", "page",
          "integration", "a feed is quiet for longer than it ever is", "case-silence"),
    Alert("CareloomRunsStuck", f"max by (workflow) ({PREFIX}runs_undriven) > 0", "5m", "page", "integration",
          "runs are due and driven by nobody", "a-run-does-not-move"),
    Alert("CareloomRunsLate", f"max by (workflow) ({PREFIX}runs_late) > 0", "15m", "ticket", "integration",
          "runs have not ended within their service level", "case-run-late"),
    Alert("CareloomFailures",
          f"max by (category) (sum by (category, instance) (increase({PREFIX}failures_total[10m]))) > 50", "5m",
          "ticket", "integration", "many attempts fail in one way: {{ $labels.category }}", "failures-of-one-sort"),
    Alert("CareloomApprovalsWait", f"max by (role) ({PREFIX}approvals_oldest_seconds) > 172800", "5m", "ticket",
          "operations", "approvals wait for two days", "case-approval"),
    Alert("CareloomAlertsFail", f'max(increase({PREFIX}notices_total{{result="failed"}}[30m])) > 0', "10m", "ticket",
          "integration", "people are not told of exceptions: a channel fails", "alerts-are-not-told"),
)  # fmt: skip
"""What is wrong with the hub, whatever flows run on it."""


def runbooks(made: Mapping[str, Any]) -> list[str]:
    """The links of all alerts of a file."""
    return [rule["annotations"]["runbook"] for group in made["groups"] for rule in group["rules"] if "alert" in rule]
