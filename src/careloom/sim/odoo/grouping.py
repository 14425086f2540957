"""`read_group` (18.0 and 19.0) and `formatted_read_group` (19.0): sums and counts by groups [c95]."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from careloom.sim.odoo import errors
from careloom.sim.odoo.environment import Environment
from careloom.sim.odoo.fields import X2MANY, Field, Row, shown_value
from careloom.sim.odoo.money import rounded

_PERIODS = ("day", "week", "month", "quarter", "year")

Work = Callable[[list[Any]], Any]
_AGGREGATES: dict[str, Work] = {
    "sum": lambda values: _tidy(sum(values)),
    "avg": lambda values: sum(values) / len(values) if values else False,
    "min": lambda values: min(values, default=False),
    "max": lambda values: max(values, default=False),
    "count": lambda values: sum(value is not False for value in values),
    "count_distinct": lambda values: len({value for value in values if value is not False}),
    "array_agg": lambda values: values,
}


def _tidy(total: Any) -> Any:
    return rounded(total, 6) if isinstance(total, float) else total


class Group(NamedTuple):
    """What rows are grouped by: a field and, for dates, a period."""

    spec: str
    field: Field
    period: str


class Sum(NamedTuple):
    """A figure of each group: its name in the answer, the field and how it is worked out."""

    name: str
    field: Field | None
    work: Work


def read_group(
    env: Environment,
    model: str,
    domain: Sequence[Any],
    fields: Sequence[str],
    groupby: str | Sequence[str],
    offset: int = 0,
    limit: int | None = None,
    orderby: Any = False,  # noqa: ARG001  accepted as Odoo does; the groups come in their natural order
    lazy: bool = True,
) -> list[Row]:
    """Groups with their sums. `lazy` groups by the first field only, and counts as `<field>_count`."""
    env.model(model, "read")
    by = [_group(env, model, spec) for spec in ([groupby] if isinstance(groupby, str) else groupby)]
    levels = by[:1] if lazy else by
    sums = [_old_sum(env, model, spec) for spec in fields]
    found = _grouped(env, model, domain, levels)
    return [_old_row(env, domain, levels, sums, key, rows, lazy) for key, rows in _window(found, offset, limit)]


def formatted_read_group(
    env: Environment,
    model: str,
    domain: Sequence[Any],
    groupby: Sequence[str] = (),
    aggregates: Sequence[str] = (),
    having: Sequence[Any] = (),  # noqa: ARG001  no caller sends one yet
    offset: int = 0,
    limit: int | None = None,
    order: str | None = None,  # noqa: ARG001  accepted as Odoo does; the groups come in their natural order
) -> list[Row]:
    """Groups with the aggregates asked for, as `amount_total:sum` and `__count`."""
    env.model(model, "read")
    by = [_group(env, model, spec) for spec in groupby]
    sums = [_sum(env, model, spec) for spec in aggregates]
    answer = []
    for key, rows in _window(_grouped(env, model, domain, by), offset, limit):
        row: Row = {group.spec: _shown(env, group, value) for group, value in zip(by, key, strict=True)}
        row["__extra_domain"] = _joined([_condition(group, value) for group, value in zip(by, key, strict=True)])
        answer.append(row | {one.name: _figure(env, one, rows) for one in sums})
    return answer


def _window(groups: list[tuple[tuple[Any, ...], list[Row]]], offset: int, limit: int | None) -> list[Any]:
    return groups[offset : offset + limit if limit else None]


def _group(env: Environment, model: str, spec: str) -> Group:
    name, _, period = spec.partition(":")
    field = env.models[model].fields.get(name)
    if field is None or field.type in X2MANY or (period and period not in _PERIODS):
        raise errors.value_error(f"Invalid field {spec!r} on model {model!r}")
    dated = field.type in ("date", "datetime")
    return Group(spec, field, (period or "month") if dated else "")


def _sum(env: Environment, model: str, spec: str) -> Sum:
    if spec == "__count":
        return Sum(spec, None, len)
    name, _, word = spec.partition(":")
    field = env.models[model].fields.get(name)
    if field is None or word not in _AGGREGATES:
        raise errors.value_error(f"Invalid field {spec!r} on model {model!r}")
    return Sum(spec, field, _AGGREGATES[word])


def _old_sum(env: Environment, model: str, spec: str) -> Sum:
    name, _, word = spec.partition(":")
    return _sum(env, model, f"{name}:{word or 'sum'}")._replace(name=name)


def _figure(env: Environment, one: Sum, rows: list[Row]) -> Any:
    if one.field is None:
        return len(rows)
    return one.work([env.raw(one.field, row) for row in rows])


def _grouped(
    env: Environment, model: str, domain: Sequence[Any], by: Sequence[Group]
) -> list[tuple[tuple[Any, ...], list[Row]]]:
    """The groups in the order of their keys, those without a value last; without fields one group of everything."""
    groups: dict[tuple[Any, ...], list[Row]] = {} if by else {(): []}
    for row in env.search(model, domain, "id"):
        groups.setdefault(tuple(_key(env.raw(group.field, row), group) for group in by), []).append(row)
    return sorted(groups.items(), key=lambda item: [_place(env, *pair) for pair in zip(by, item[0], strict=True)])


def _place(env: Environment, group: Group, value: Any) -> tuple[bool, Any]:
    if value is False or value is None:
        return True, ""
    if group.field.relation:
        return False, env.label(group.field.relation, value).casefold()
    return False, value


def _key(value: Any, group: Group) -> Any:
    if not group.period or not value:
        return value
    day = value.date() if isinstance(value, datetime) else value
    if group.period == "week":
        return day - timedelta(days=(day.weekday() + 1) % 7)
    month = {"year": 1, "quarter": (day.month - 1) // 3 * 3 + 1}.get(group.period, day.month)
    return date(day.year, month, day.day if group.period == "day" else 1)


def _end(start: date, period: str) -> date:
    if period in ("day", "week"):
        return start + timedelta(days=1 if period == "day" else 7)
    months = {"month": 1, "quarter": 3, "year": 12}[period]
    later = start.month - 1 + months
    return date(start.year + later // 12, later % 12 + 1, 1)


def _title(start: date, period: str) -> str:
    forms = {"day": "%d %b %Y", "week": "W%V %G", "month": "%B %Y", "year": "%Y"}
    return f"Q{(start.month + 2) // 3} {start.year}" if period == "quarter" else start.strftime(forms[period])


def _shown(env: Environment, group: Group, value: Any) -> Any:
    if group.period:
        return [value.isoformat(), _title(value, group.period)] if value else False
    if group.field.relation:
        return [value, env.label(group.field.relation, value)] if value else False
    return shown_value(group.field, value)


def _condition(group: Group, value: Any) -> list[Any]:
    """The domain of one group by itself."""
    name = group.field.name
    if group.period and value:
        end = _end(value, group.period).isoformat()
        return ["&", [name, ">=", value.isoformat()], [name, "<", end]]
    return [[name, "=", shown_value(group.field, value)]]


def _joined(conditions: list[list[Any]]) -> list[Any]:
    if not conditions:
        return [[1, "=", 1]]
    return ["&"] * (len(conditions) - 1) + [part for condition in conditions for part in condition]


def _old_row(
    env: Environment,
    domain: Sequence[Any],
    levels: Sequence[Group],
    sums: Sequence[Sum],
    key: tuple[Any, ...],
    rows: list[Row],
    lazy: bool,
) -> Row:
    counted = f"{levels[0].field.name}_count" if lazy and levels else "__count"
    row: Row = {}
    for group, value in zip(levels, key, strict=True):
        shown = _shown(env, group, value)
        row[group.spec] = shown[1] if group.period and shown else shown
    row |= {counted: len(rows)} | {one.name: _figure(env, one, rows) for one in sums}
    parts = [_condition(group, value) for group, value in zip(levels, key, strict=True)]
    wide = [[part] for part in domain if isinstance(part, list | tuple)]
    plain = len(wide) == len(domain)
    row["__domain"] = _joined([*wide, *parts]) if plain and parts else list(domain)
    if env.major >= 19 and plain and wide and not parts:
        row["__domain"] = _joined(wide)
    if not plain and parts:
        row["__domain"] = ["&", *domain, *_joined(parts)]
    periods = {group.spec: (group, value) for group, value in zip(levels, key, strict=True) if group.period and value}
    if periods:
        spans = {
            spec: {"from": value.isoformat(), "to": _end(value, group.period).isoformat()}
            for spec, (group, value) in periods.items()
        }
        row["__range"] = spans
    return row
