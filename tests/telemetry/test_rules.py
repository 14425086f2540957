"""The shipped rules and dashboard: made from the flows, taken by Prometheus, fired by a breach and by nothing else."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from tests.docs.markdown import ROOT
from tests.docs.test_pages import broken
from tests.hub.hospital import command

from careloom.core.errors import ConfigurationError
from careloom.flows import Flow
from careloom.hub.configuration import load
from careloom.hub.flowlist import find_flows, find_kinds
from careloom.hub.measuring import acting
from careloom.telemetry.catalogue import COUNTERS, GAUGES, HISTOGRAMS, OF_PROCESS
from careloom.telemetry.objectives import Objective, objectives_of, parsed
from careloom.telemetry.rules import RUNBOOK, runbooks

FOLDER = ROOT / "deploy" / "telemetry"
PROMTOOL = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(PROMTOOL is None, reason="needs promtool (Debian package prometheus)")
ADMIT = {"workflow": "intake.admit"}
ERP = {"system": "erp"}
BEHIND = "careloom_subscription_oldest_seconds"
RETRYING = "careloom_subscription_retrying"


def shipped(name: str) -> dict[str, Any]:
    made: dict[str, Any] = json.loads((FOLDER / name).read_text("utf-8"))
    return made


def module_of(name: str) -> ModuleType:
    return import_module(f"careloom.flows.{name}")


def promises() -> list[Objective]:
    configuration = load(FOLDER / "careloom.toml")
    return objectives_of(
        acting(find_flows(configuration.settings.hub.flows, configuration.base), configuration.settings)
    )


@pytest.mark.parametrize(("file", "what"), [("careloom.rules.yml", "rules"), ("careloom.dashboard.json", "dashboard")])
def test_the_shipped_file_is_what_the_command_makes(file: str, what: str) -> None:
    said = command(["telemetry", what, "--config", str(FOLDER / "careloom.toml")])
    assert said.code == 0, said.errors
    assert said.output == (FOLDER / file).read_text("utf-8"), f"make it anew: careloom telemetry {what}"


def test_the_rules_are_for_every_flow_that_is_shipped() -> None:
    files = [one for one in (ROOT / "src" / "careloom" / "flows").glob("*.py") if "Flow(\n" in one.read_text()]
    modules = {one.stem for one in files if any(isinstance(v, Flow) for v in vars(module_of(one.stem)).values())}
    listed = set(load(FOLDER / "careloom.toml").settings.hub.flows)
    assert {f"careloom.flows.{name}" for name in modules} <= listed


def test_every_alert_and_every_kind_of_case_leads_to_a_section_of_the_runbook() -> None:
    links = runbooks(shipped("careloom.rules.yml"))
    assert len(links) > 50
    page = ROOT / "README.md"
    assert {problem for link in links if (problem := broken(page, "", link))} == set()
    configuration = load(FOLDER / "careloom.toml")
    kinds = find_kinds(configuration.settings.hub.flows, configuration.base)
    assert {wrong for kind in kinds if (wrong := broken(page, "", f"{RUNBOOK}#{kind.runbook}"))} == set()


def test_rules_and_dashboard_name_only_metrics_that_there_are() -> None:
    known = {one.name for one in (*GAUGES, *COUNTERS, *HISTOGRAMS, *OF_PROCESS)}
    known |= {f"{one.name}_total" for one in GAUGES if one.grows}
    known |= {f"{one.name}_{end}" for one in HISTOGRAMS for end in ("bucket", "sum", "count")}
    text = "".join((FOLDER / name).read_text("utf-8") for name in ("careloom.rules.yml", "careloom.dashboard.json"))
    named = set(re.findall(r"careloom_([a-z0-9_]+)", text)) - {"messages_"}
    assert {one for one in named if one not in known} == set()


def test_every_acting_flow_has_a_promise_and_each_its_alert() -> None:
    promised = promises()
    flows = {one.flow for one in promised}
    assert {"registration", "intake", "translate", "payment-confirmation"} <= flows
    burning = [
        rule["labels"] for group in shipped("careloom.rules.yml")["groups"] for rule in group["rules"]
        if rule.get("alert") == "CareloomBudgetBurns"
    ]  # fmt: skip
    assert {(one["flow"], one["indicator"]) for one in burning} == {(one.flow, one.indicator) for one in promised}


@pytest.mark.parametrize("text", ["99", "99% of 30d", "100% in 30d", "0% in 30d", "99% in 30h", "99.9999% in 30d"])
def test_a_promise_that_is_none_is_refused_where_it_is_written(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"written as `99\.5% in 30d`"):
        parsed(text, "intake")


def test_a_flow_may_promise_more_than_its_criticality() -> None:
    flow = Flow("x", owner="o", sla="1h", bound="1m", slo="99.9% in 7d", runbook="case-mapping")

    @flow.on()
    async def react() -> None: ...

    [one] = objectives_of([flow])
    assert (one.ratio, one.window.days, one.within.total_seconds()) == (pytest.approx(0.999), 7, 60)


def _run(tmp_path: Path, tests: list[dict[str, Any]]) -> subprocess.CompletedProcess[str]:
    """Against the shipped rules, but those of flows that the tests say nothing of: they would take minutes."""
    assert PROMTOOL is not None
    made = shipped("careloom.rules.yml")
    for group in made["groups"]:
        group["rules"] = [one for one in group["rules"] if one["labels"].get("flow", "registration") == "registration"]
    rules = tmp_path / "careloom.rules.yml"
    rules.write_text(json.dumps(made))
    file = tmp_path / "tests.yml"
    document = {"rule_files": [str(rules)], "evaluation_interval": "1m", "tests": tests}
    file.write_text(json.dumps(document))
    return subprocess.run([PROMTOOL, "test", "rules", str(file)], capture_output=True, text=True, timeout=100)


def _alert(name: str, *, exists: bool, at: str = "90m", **labels: str) -> dict[str, Any]:
    group = next(group for group in shipped("careloom.rules.yml")["groups"] for rule in group["rules"]
                 if rule.get("alert") == name)  # fmt: skip
    wanted = []
    if exists:
        [rule] = [
            rule for rule in group["rules"]
            if rule.get("alert") == name and all(rule["labels"].get(key, one) == one for key, one in labels.items())
        ]  # fmt: skip
        notes = {
            key: text.replace("{{ $labels.category }}", labels.get("category", ""))
            for key, text in rule["annotations"].items()
        }
        wanted = [{"exp_labels": {**labels, **rule["labels"]}, "exp_annotations": notes}]
    return {"eval_time": at, "alertname": name, "exp_alerts": wanted}


def _series(name: str, values: str, **labels: str) -> dict[str, str]:
    inside = ",".join(f'{key}="{one}"' for key, one in {"instance": "a", "job": "careloom", **labels}.items())
    return {"series": f"{name}{{{inside}}}", "values": values}


def _events(good: str, bad: str) -> list[dict[str, str]]:
    name = "careloom_events_in_time_total"
    return [
        _series(name, good, flow="registration", result="good"),
        _series(name, bad, flow="registration", result="bad"),
    ]


@needs_promtool
def test_prometheus_takes_the_rules() -> None:
    assert PROMTOOL is not None
    done = subprocess.run(
        [PROMTOOL, "check", "rules", str(FOLDER / "careloom.rules.yml")], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    done = subprocess.run([PROMTOOL, "check", "config", str(FOLDER / "prometheus.yml")], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
def test_a_seeded_breach_burns_and_pages_once(tmp_path: Path) -> None:
    labels = {"flow": "registration", "indicator": "events", "severity": "page"}
    tests = [{
        "interval": "1m",
        "input_series": _events("0+80x120", "0+20x120"),
        "alert_rule_test": [_alert("CareloomBudgetBurns", exists=True, **labels)],
    }]  # fmt: skip
    done = _run(tmp_path, _only(tests, "page"))
    assert done.returncode == 0, done.stdout + done.stderr


def _only(tests: list[dict[str, Any]], severity: str) -> list[dict[str, Any]]:
    """A breach this large fires tickets too, once their windows have seen it: both are expected."""
    one = tests[0]["alert_rule_test"][0]
    group = next(g for g in shipped("careloom.rules.yml")["groups"] if g["name"] == "careloom-burn")
    other = next(
        rule for rule in group["rules"]
        if rule["labels"]["flow"] == "registration" and rule["labels"]["severity"] != severity
    )  # fmt: skip
    one["exp_alerts"].append({"exp_labels": other["labels"], "exp_annotations": other["annotations"]})
    return tests


@needs_promtool
@pytest.mark.parametrize(
    ("good", "bad"), [("0+1000x120", "0+1x120"), ("0+0x120", "0+0x120")], ids=["within its budget", "nothing happens"]
)
def test_what_keeps_its_promise_alerts_nobody(tmp_path: Path, good: str, bad: str) -> None:
    tests = [{
        "interval": "1m",
        "input_series": _events(good, bad),
        "alert_rule_test": [_alert("CareloomBudgetBurns", exists=False)],
    }]  # fmt: skip
    done = _run(tmp_path, tests)
    assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
def test_a_breach_that_is_over_stops_paging(tmp_path: Path) -> None:
    """The short window forgets it, though the long one still sees it."""
    tests = [{
        "interval": "1m",
        "input_series": _events("0+80x30 2400+100x90", "0+20x30 600+0x90"),
        "alert_rule_test": [
            {**_alert("CareloomBudgetBurns", exists=False, at="100m"), "exp_alerts": _tickets()},
        ],
    }]  # fmt: skip
    done = _run(tmp_path, tests)
    assert done.returncode == 0, done.stdout + done.stderr


def _tickets() -> list[dict[str, Any]]:
    group = next(g for g in shipped("careloom.rules.yml")["groups"] if g["name"] == "careloom-burn")
    return [
        {"exp_labels": rule["labels"], "exp_annotations": rule["annotations"]} for rule in group["rules"]
        if rule["labels"]["flow"] == "registration" and rule["labels"]["severity"] == "ticket"
    ]  # fmt: skip


HUB_ALERTS = [
    ("CareloomDown", [_series("up", "0x100")], {"instance": "a", "job": "careloom"}),
    ("CareloomStoreAway", [_series("careloom_scrape_age_seconds", "0+60x100")], {}),
    ("CareloomSystemRefuses", [_series("careloom_breaker_state", "1x100", **ERP, state="refused")], ERP),
    ("CareloomSystemAway", [_series("careloom_breaker_state", "1x100", **ERP, state="open")], ERP),
    ("CareloomFeedSilent", [_series("careloom_cases", "1x100", kind="silence", state="open"),
                            _series("careloom_cases", "1x100", kind="silence", state="claimed")], {}),
    ("CareloomRunsStuck", [_series("careloom_runs_undriven", "2x100", **ADMIT)], ADMIT),
    ("CareloomRunsLate", [_series("careloom_runs_late", "2x100", **ADMIT)], ADMIT),
    ("CareloomSubscriptionBehind", [_series(BEHIND, "0+60x100", subscription="translate")],
     {"subscription": "translate"}),
    ("CareloomRetriesGrow", [_series(RETRYING, "100+5x100", subscription="translate")], {"subscription": "translate"}),
    ("CareloomFailures", [_series("careloom_failures_total", "0+100x100", subscription="a.b", category="network"),
                          _series("careloom_failures_total", "0+100x100", subscription="c.d", category="network")],
     {"category": "network"}),
    ("CareloomNumbersDiffer", [_series(f"careloom_messages_{name}", f"{many}x100") for name, many in
                               {"received_total": 5, "delivered_total": 1, "filtered_total": 1, "parked": 1,
                                "in_flight": 1}.items()], {}),
    ("CareloomApprovalsWait", [_series("careloom_approvals_oldest_seconds", "200000x100", role="finance")],
     {"role": "finance"}),
    ("CareloomAlertsFail", [_series("careloom_notices_total", "0+1x100", channel="chat", result="failed")], {}),
    ("CareloomCasesOverdue", [_series("careloom_cases_overdue", "3x100", kind="mapping", state="open")],
     {"kind": "mapping"}),
]  # fmt: skip


CALM = [
    ("CareloomDown", [_series("up", "1x100"), _series("up", "0x100", job="another")]),
    ("CareloomStoreAway", [_series("careloom_scrape_age_seconds", "120x100")]),
    ("CareloomSystemRefuses", [_series("careloom_breaker_state", "0x100", **ERP, state="refused"),
                               _series("careloom_breaker_state", "1x100", **ERP, state="maintenance")]),
    ("CareloomSystemAway", [_series("careloom_breaker_state", "1 1 1 1 0 0x100", **ERP, state="open")]),
    ("CareloomFeedSilent", [_series("careloom_cases", "0x100", kind="silence", state="open"),
                            _series("careloom_cases", "9x100", kind="mapping", state="open")]),
    ("CareloomRunsStuck", [_series("careloom_runs_undriven", "0x100", **ADMIT)]),
    ("CareloomRunsLate", [_series("careloom_runs_late", "2x10 0x90", **ADMIT)]),
    ("CareloomSubscriptionBehind", [_series(BEHIND, "900x100", subscription="translate")]),
    ("CareloomRetriesGrow", [_series(RETRYING, "500-5x90", subscription="a.many and fewer"),
                             _series(RETRYING, "0+1x90", subscription="b.more and few")]),
    ("CareloomFailures", [_series("careloom_failures_total", "0+5x100", subscription="a.b", category="network")]),
    ("CareloomNumbersDiffer", [_series(f"careloom_messages_{name}", f"{many}x100") for name, many in
                               {"received_total": 4, "delivered_total": 1, "filtered_total": 1, "parked": 1,
                                "in_flight": 1}.items()]),
    ("CareloomApprovalsWait", [_series("careloom_approvals_oldest_seconds", "172800x100", role="finance")]),
    ("CareloomAlertsFail", [_series("careloom_notices_total", "0+1x100", channel="chat", result="sent"),
                            _series("careloom_notices_total", "3x100", channel="chat", result="failed")]),
    ("CareloomCasesOverdue", [_series("careloom_cases_overdue", "0x100", kind="mapping", state="open")]),
]  # fmt: skip
"""What is nearly as bad, or short, or something else: nobody is to be woken."""


def test_each_rule_of_the_hub_has_a_case_that_fires_and_one_that_does_not() -> None:
    named = {rule["alert"] for group in shipped("careloom.rules.yml")["groups"] for rule in group["rules"]
             if "alert" in rule}  # fmt: skip
    assert {name for name, _, _ in HUB_ALERTS} | {"CareloomBudgetBurns"} == named
    assert {name for name, _ in CALM} | {"CareloomBudgetBurns"} == named


@needs_promtool
def test_what_is_nearly_a_fault_fires_nothing(tmp_path: Path) -> None:
    """All at once: none of them makes another worse."""
    series = [one for _, of_one in CALM for one in of_one]
    asked = [_alert(name, exists=False, at=at) for name, _ in CALM for at in ("20m", "40m")]
    tests = [{"interval": "1m", "input_series": series, "alert_rule_test": asked}]
    done = _run(tmp_path, tests)
    assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
@pytest.mark.parametrize("overdue", [1, 0], ids=["one is overdue", "none is"])
def test_every_kind_of_case_has_its_own_alert(tmp_path: Path, overdue: int) -> None:
    group = next(one for one in shipped("careloom.rules.yml")["groups"] if one["name"] == "careloom-cases")
    wanted = [{"exp_labels": rule["labels"], "exp_annotations": rule["annotations"]} for rule in group["rules"]]
    series = [
        _series("careloom_cases_overdue", f"{overdue}x100", kind=rule["labels"]["kind"], state="claimed")
        for rule in group["rules"]
    ]
    asked = {**_alert("CareloomCasesOverdue", exists=False, at="40m"), "exp_alerts": wanted if overdue else []}
    done = _run(tmp_path, [{"interval": "1m", "input_series": series, "alert_rule_test": [asked]}])
    assert len(wanted) > 40
    assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
def test_each_seeded_fault_fires_its_alert_once_and_no_other(tmp_path: Path) -> None:
    """One test file: each fault alone, with every alert of the hub asked about."""
    tests = []
    for name, series, labels in HUB_ALERTS:
        asked = [
            _alert(other, exists=other == name, at="40m", **(labels if other == name else {}))
            for other, _, _ in HUB_ALERTS
        ]
        tests.append({"interval": "1m", "input_series": series, "alert_rule_test": asked})
    done = _run(tmp_path, tests)
    assert done.returncode == 0, done.stdout + done.stderr
