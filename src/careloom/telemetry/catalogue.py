"""Every metric there is: its name, what it means, its labels. The documentation is made from this list.

No label is a person, a number of one, or anything that a sender chooses: labels are names of the settings and of the
code, and each has at most `tally.MOST` values. Times are in seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

PREFIX: Final = "careloom_"


@dataclass(frozen=True, slots=True)
class Counter:
    """Counted in the processes, added up in the store: it goes on after a restart, and every node shows all of it."""

    name: str
    help: str
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Histogram:
    """As `Counter`, by how large what was observed is; `buckets` are the upper limits, in seconds."""

    name: str
    help: str
    labels: tuple[str, ...]
    buckets: tuple[float, ...] = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


@dataclass(frozen=True, slots=True)
class Gauge:
    """Read from the store by a named statement: `value` is a column of `statement` (store/queries/telemetry.sql, or
    `conservation` of operator.sql), as are the `labels`. With `grows` it only ever goes up, as a counter does."""

    name: str
    help: str
    statement: str
    value: str
    labels: tuple[str, ...] = ()
    grows: bool = False
    business: bool = False


COUNTERS: Final = (
    Counter(
        "intake_total",
        "messages brought to a door, by what they were told: acknowledged, repeated, conflicting, refused, unavailable",
        ("system", "outcome"),
    ),
    Counter(
        "deliveries_total",
        "what handling an event came to: done, skipped, retry, exhausted, case",
        ("subscription", "outcome"),
    ),
    Counter("failures_total", "attempts that failed, by sort of failure", ("subscription", "category")),
    Counter("events_in_time_total", "events handled, by whether within the bound of their flow", ("flow", "result")),
    Counter("notices_total", "alerts told to people, by channel and whether they were sent", ("channel", "result")),
)
HISTOGRAMS: Final = (
    Histogram("api_seconds", "how long calls of the API took", ("route", "status")),
    Histogram(
        "handling_seconds", "from an event in the log until it was handled", ("subscription",), (
            0.05, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 14400.0, 86400.0,
        ),
    ),
)  # fmt: skip
_KIND, _SUBSCRIPTION, _WORKFLOW, _SYSTEM = ("kind",), ("subscription",), ("workflow",), ("system",)
GAUGES: Final = (
    Gauge("messages_received", "messages ever accepted", "conservation", "received", grows=True),
    Gauge("messages_delivered", "messages of which something was delivered", "conservation", "delivered", grows=True),
    Gauge("messages_filtered", "messages that were skipped, with a reason", "conservation", "filtered", grows=True),
    Gauge("messages_parked", "messages that wait for a person, or behind one that does", "conservation", "parked"),
    Gauge("messages_in_flight", "messages under way", "conservation", "in_flight"),
    Gauge("messages_refused_kept", "bodies never accepted that are kept for the operators", "conservation", "refused"),
    Gauge("feed_messages", "messages that a system ever sent", "messages", "messages", _SYSTEM, grows=True),
    Gauge("feed_age_seconds", "since the newest message of a system: its freshness", "messages", "age", _SYSTEM,
          business=True),
    Gauge("subscription_behind", "entries of the log not read yet", "subscriptions", "behind", _SUBSCRIPTION),
    Gauge("subscription_oldest_seconds", "age of the oldest entry not read yet", "subscriptions", "oldest",
          _SUBSCRIPTION),
    Gauge("subscription_retrying", "entries to be tried again by themselves", "subscriptions", "retrying",
          _SUBSCRIPTION),
    Gauge("subscription_waiting", "entries that wait for a person", "subscriptions", "waiting", _SUBSCRIPTION),
    Gauge("subscription_parked_subjects", "subjects that stand still", "subscriptions", "subjects", _SUBSCRIPTION),
    Gauge("subscription_parked_oldest_seconds", "since when the oldest of them does", "subscriptions", "parked_oldest",
          _SUBSCRIPTION),
    Gauge("subscription_paused", "1 while a person holds it", "subscriptions", "paused", _SUBSCRIPTION),
    Gauge("cases", "exceptions that wait for a person", "cases", "cases", ("kind", "state"), business=True),
    Gauge("cases_oldest_seconds", "age of the oldest exception", "cases", "oldest", ("kind", "state"), business=True),
    Gauge("cases_overdue", "exceptions past their service level", "cases", "overdue", ("kind", "state"), business=True),
    Gauge("exceptions_of_day", "exceptions of the last 24 hours", "exceptions", "cases", ("kind", "category"),
          business=True),
    Gauge("resolution_median_seconds", "how long an exception took, half of them; of the last 24 hours", "resolution",
          "median", _KIND, business=True),
    Gauge("resolution_p95_seconds", "how long an exception took, 95% of them", "resolution", "most", _KIND,
          business=True),
    Gauge("runs", "runs that have not ended", "runs", "runs", ("workflow", "state")),
    Gauge("runs_oldest_seconds", "since when the oldest of them has not moved", "runs", "oldest",
          ("workflow", "state")),
    Gauge("runs_late", "runs that have not ended within their service level", "stuck_runs", "late", _WORKFLOW,
          business=True),
    Gauge("runs_undriven", "runs that are due for five minutes and driven by nobody", "stuck_runs", "undriven",
          _WORKFLOW),
    Gauge("runs_ended_of_day", "runs that ended in the last 24 hours", "completion", "ended", _WORKFLOW, business=True),
    Gauge("completion_ratio", "share of them that completed", "completion", "completion_rate", _WORKFLOW,
          business=True),
    Gauge("sla_adherence_ratio", "share of them that ended within their service level", "completion", "adherence",
          _WORKFLOW, business=True),
    Gauge("runs_good", "runs ever that ended within their service level", "run_objectives", "good", ("flow",),
          grows=True),
    Gauge("runs_bad", "runs ever that did not", "run_objectives", "bad", ("flow",), grows=True),
    Gauge("approvals_waiting", "approvals that a role is asked for", "approvals", "approvals", ("role",)),
    Gauge("approvals_oldest_seconds", "since when the oldest was asked", "approvals", "oldest", ("role",)),
    Gauge("endpoint_attempts_of_hour", "tries of the last hour to deliver to an endpoint", "attempts", "attempts",
          ("system", "result")),
    Gauge("endpoint_p95_seconds", "how long 95% of them took", "attempts", "most", ("system", "result")),
    Gauge("unsynchronised_appointments", "appointments of which Odoo was not told all", "unsynchronised",
          "appointments", business=True),
    Gauge("delay_median_seconds", "invoice-generation and payment-posting: from the fact to the step, half of the last "
          "24 hours", "delays", "median", ("delay",), business=True),
    Gauge("delay_p95_seconds", "the same, 95% of them", "delays", "most", ("delay",), business=True),
    Gauge("delay_longest_seconds", "the same, the longest", "delays", "longest", ("delay",), business=True),
)  # fmt: skip
OF_PROCESS: Final = (
    Gauge("breaker_held_seconds", "for how long calls to a system are held back; 0: they go through", "", "",
          _SYSTEM),
    Gauge("breaker_state", "1 for the state that a system's breaker is in", "", "", ("system", "state")),
    Gauge("silence_due_seconds", "until a feed counts as silent; negative: it is", "", "", _SYSTEM),
    Gauge("flow_objective_ratio", "share of events or runs that a flow promises to handle in time", "", "", ("flow",)),
    Gauge("scrape_seconds", "how long reading the store for this took", "", ""),
    Gauge("scrape_age_seconds", "how old what was read from the store is", "", ""),
)  # fmt: skip
"""What a process knows by itself."""
