"""Search domains: Odoo's prefix-notation filters, compiled to a test of one row.

18.0 and 19.0 differ where it hurts (`odoo/CONTRACT.md` sections 3 and 5): 18.0 ignores a condition on a field that
cannot be searched and answers with every row, 19.0 refuses it; in 19.0 `> t` of a time means "from the next second".
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from careloom.sim.odoo import errors
from careloom.sim.odoo.fields import DATE_FORMAT, DATETIME_FORMAT, X2MANY, Field, Row

if TYPE_CHECKING:
    from careloom.sim.odoo.environment import Environment

Test = Callable[[Row], bool]

_ORDERINGS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
_PATTERNS = ("like", "ilike", "=like", "=ilike", "not like", "not ilike")
_OPERATORS = {"=", "!=", "<>", "in", "not in", "=?", "child_of", *_ORDERINGS, *_PATTERNS}


def compiled(env: Environment, model: str, domain: Sequence[Any]) -> Test:
    """The test of `domain`. Raises `OdooError` for unknown fields and malformed items."""
    stack: list[Test] = []
    for item in reversed(list(domain)):
        if item == "!":
            stack.append(_negated(stack.pop()))
        elif item in ("&", "|"):
            stack.append(_joined(item, stack.pop(), stack.pop()))
        else:
            stack.append(_condition(env, model, item))
    return _all(stack[::-1])


def names_column(domain: Sequence[Any], column: str) -> bool:
    """Whether a condition of `domain` is about `column`."""
    return any(isinstance(item, list | tuple) and len(item) == 3 and item[0] == column for item in domain)


def _negated(test: Test) -> Test:
    return lambda row: not test(row)


def _joined(word: str, left: Test, right: Test) -> Test:
    if word == "&":
        return lambda row: left(row) and right(row)
    return lambda row: left(row) or right(row)


def _all(tests: list[Test]) -> Test:
    if len(tests) == 1:
        return tests[0]
    return lambda row: all(test(row) for test in tests)


def _condition(env: Environment, model: str, item: Any) -> Test:
    if not isinstance(item, list | tuple) or len(item) != 3:
        raise _malformed(env, item)
    left, word, right = item
    if left in (0, 1) and word == "=" and right in (0, 1):
        return lambda _: bool(left == right)
    if word not in _OPERATORS:
        raise errors.value_error(f"Invalid operator {word!r} in {model} domain")
    path = str(left).split(".")
    field = env.models[model].fields.get(path[0])
    if field is None:
        kind = "leaf" if env.major == 18 else "condition"
        raise errors.value_error(f"Invalid field {model}.{path[0]} in {kind} {(left, word, right)!r}")
    if len(path) > 1 and field.relation:
        return _through(env, field, [".".join(path[1:]), word, right])
    return _test(env, model, field, word, right)


def _malformed(env: Environment, item: Any) -> errors.OdooError:
    if env.major == 18:
        size = len(item) if isinstance(item, list | tuple) else 0
        return errors.value_error(f"not enough values to unpack (expected 3, got {size})")
    return errors.value_error(f"Domain() invalid item in domain: {item!r}")


def _test(env: Environment, model: str, field: Field, word: str, right: Any) -> Test:
    if not field.searchable:
        if env.major == 18:
            return lambda _: True
        raise errors.value_error(f"Cannot convert {model}.{field.name} to SQL because it is not stored")
    if word == "=?" and right in (None, False):
        return lambda _: True
    if word == "child_of":
        family = env.family(field.relation or model, right)
        return lambda row: row["id" if field.name == "id" else field.name] in family
    if field.relation and isinstance(right, str) and word != "in":
        return _by_label(env, field, word, right)
    return _plain(env, field, "=" if word == "=?" else word, right)


def _through(env: Environment, field: Field, condition: list[Any]) -> Test:
    """A dotted path: the rows whose linked record meets the rest of the condition."""
    inner = compiled(env, field.relation, [condition])
    rows = env.store.tables[field.relation]

    def test(row: Row) -> bool:
        value = env.raw(field, row)
        links = value if field.type in X2MANY else [value] if value else []
        return any(inner(rows[link]) for link in links if link in rows)

    return test


def _by_label(env: Environment, field: Field, word: str, text: str) -> Test:
    wanted = {record for record, _ in env.name_search(field.relation, text, word, limit=None)}
    return lambda row: _linked(env.raw(field, row), wanted)


def _linked(value: Any, wanted: set[int]) -> bool:
    return not wanted.isdisjoint(value) if isinstance(value, tuple) else value in wanted


def _plain(env: Environment, field: Field, word: str, right: Any) -> Test:
    if word in _PATTERNS:
        return _like(env, field, word, right)
    if word in _ORDERINGS:
        return _ordered(env, field, word, right)
    listed = right if isinstance(right, list | tuple) else [right]
    wanted = {_comparable(field, value) for value in listed}
    negative = word in ("!=", "<>", "not in")

    def test(row: Row) -> bool:
        value = env.raw(field, row)
        held = (not value and False in wanted) or _linked(value, wanted) if field.type in X2MANY else value in wanted
        return held != negative

    return test


def _comparable(field: Field, value: Any) -> Any:
    """`value` of a condition in the type the row holds, so that a date given as text meets a date."""
    if value is None or value is False:
        return 0 if field.type in ("integer", "float", "monetary") else False
    if field.type in ("date", "datetime") and isinstance(value, str):
        return _moment(field, value)
    return tuple(value) if isinstance(value, list) else value


def _moment(field: Field, text: str) -> datetime | date:
    form = DATETIME_FORMAT if len(text) > 10 else DATE_FORMAT
    try:
        moment = datetime.strptime(text, form + ".%f" if "." in text else form)
    except ValueError as problem:
        raise errors.value_error(f"time data {text!r} does not match format {form!r}") from problem
    return moment if field.type == "datetime" else moment.date()


def _ordered(env: Environment, field: Field, word: str, right: Any) -> Test:
    limit = _comparable(field, right)
    if field.type == "datetime" and env.major >= 19 and isinstance(limit, datetime):
        limit = limit.replace(microsecond=0)
        if word in (">", "<="):
            word, limit = {">": ">=", "<=": "<"}[word], limit + timedelta(seconds=1)
    compare = _ORDERINGS[word]

    def test(row: Row) -> bool:
        value = env.raw(field, row)
        return value is not False and value is not None and limit is not False and compare(value, limit)

    return test


def _like(env: Environment, field: Field, word: str, right: Any) -> Test:
    pattern = re.escape(str(right)).replace("%", ".*").replace("_", ".")
    if not word.startswith("="):
        pattern = f".*{pattern}.*"
    matches = re.compile(pattern, re.DOTALL | (re.IGNORECASE if "ilike" in word else re.NOFLAG)).fullmatch
    negative = word.startswith("not")

    def test(row: Row) -> bool:
        value = env.raw(field, row)
        return (bool(value) and matches(str(value)) is not None) != negative

    return test
