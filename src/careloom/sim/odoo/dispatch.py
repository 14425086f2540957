"""From a method's name to its work: which methods exist, how their arguments are bound, what each transport refuses."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from careloom.sim.odoo import errors, external, grouping, reading, web_reading, writing
from careloom.sim.odoo.areas import METHODS
from careloom.sim.odoo.environment import Environment
from careloom.sim.odoo.load import load
from careloom.sim.odoo.models import Model
from careloom.sim.odoo.store import Transaction
from careloom.sim.odoo.users import User

_CRASHES = (TypeError, ValueError, KeyError, IndexError, AttributeError)
"""What a method that was given nonsense dies of; a real server answers with the exception it happened to meet."""

CHANGES = frozenset({"create", "write", "unlink", "load", "message_post", *(method for _, method in METHODS)})


@dataclass(frozen=True, slots=True)
class Method:
    """A public method. `on_records` ones work on `ids`; `only` names the one model that has it."""

    name: str
    work: Callable[..., Any]
    on_records: bool = False
    only: str = ""

    @property
    def signature(self) -> inspect.Signature:
        """The parameters a caller gives, after the environment, the model and the ids."""
        every = list(inspect.signature(self.work).parameters.values())
        hidden = 1 if self.only else 2
        return inspect.Signature(every[hidden + self.on_records :])


@dataclass(frozen=True, slots=True)
class Invocation:
    """One call as a transport understood it. `ids` is None where the transport gave none."""

    model: str
    method: str
    ids: Any = None
    positional: Sequence[Any] = ()
    named: Mapping[str, Any] = field(default_factory=dict)
    context: Mapping[str, Any] = field(default_factory=dict)
    legacy: bool = False

    @property
    def rows(self) -> int:
        """How many records or rows the call is about, for the record of calls."""
        place = 1 if self.method == "load" else 0
        given = self.positional[place] if len(self.positional) > place else None
        values = self.named.get("data") or self.named.get("vals_list") or self.ids or given
        return len(values) if isinstance(values, list) else 1


def _name_search_18(
    env: Environment, model: str, name: str = "", args: Any = None, operator: str = "ilike", limit: int | None = 100
) -> list[list[Any]]:
    return reading.name_search(env, model, name, args, operator, limit)


def _methods(major: int) -> dict[str, Method]:
    name_search = _name_search_18 if major == 18 else reading.name_search
    every = [
        Method("search", reading.search),
        Method("search_count", reading.search_count),
        Method("search_read", reading.search_read),
        Method("read", reading.read, on_records=True),
        Method("exists", reading.exists, on_records=True),
        Method("fields_get", reading.fields_get),
        Method("name_search", name_search),
        Method("has_access", reading.has_access),
        Method("check_access_rights", reading.check_access_rights),
        Method("web_read", web_reading.web_read, on_records=True),
        Method("web_search_read", web_reading.web_search_read),
        Method("read_group", grouping.read_group),
        Method("create", writing.create),
        Method("write", writing.write, on_records=True),
        Method("unlink", writing.unlink, on_records=True),
        Method("message_post", writing.message_post, on_records=True),
        Method("load", load),
        Method("get_external_id", external.get_external_id, on_records=True),
        Method("check_object_reference", external.check_object_reference, only="ir.model.data"),
        Method("context_get", reading.context_get, only="res.users"),
    ]
    if major >= 19:
        every.append(Method("formatted_read_group", grouping.formatted_read_group))
    return {method.name: method for method in every}


@cache
def _of_areas() -> dict[tuple[str, str], Method]:
    """The methods that areas of business give single models; one with a parameter `ids` works on records."""
    return {
        (model, name): Method(name, work, on_records="ids" in inspect.signature(work).parameters, only=model)
        for (model, name), work in METHODS.items()
    }


class Dispatcher:
    """Runs invocations against the models of one version."""

    def __init__(self, models: Mapping[str, Model], major: int) -> None:
        self.models = models
        self.major = major
        self._methods = _methods(major)
        self._special = _of_areas()

    def run(self, call: Invocation, user: User, tx: Transaction) -> Any:
        """The result of `call`. Raises `OdooError`; rolling back is the caller's business."""
        method = self._resolved(call)
        ids, given = self._arguments(call, method)
        env = Environment(self.models, tx, user, call.context, self.major)
        if tx.doomed and call.method in CHANGES and call.method != "load":
            raise errors.serialization_failure()
        first = [env] if method.only else [env, call.model]
        try:
            result = method.work(*first, *([ids] if method.on_records else []), *given.args, **given.kwargs)
        except _CRASHES as crash:
            raise errors.OdooError(f"builtins.{type(crash).__name__}", str(crash)) from crash
        return _legacy_result(result) if call.legacy else _plain_result(result)

    def _resolved(self, call: Invocation) -> Method:
        if call.model not in self.models:
            if call.legacy:
                raise errors.user_error(f"Object {call.model} doesn't exist")
            raise errors.not_found(f"the model {call.model!r} does not exist")
        if call.method.startswith("_"):
            what = f"Private methods (such as '{call.model}.{call.method}') cannot be called remotely."
            raise errors.access_error(what)
        method = self._special.get((call.model, call.method)) or self._methods.get(call.method)
        if method is None or method.only not in ("", call.model):
            message = f"The method '{call.model}.{call.method}' does not exist"
            raise errors.attribute_error(message) if call.legacy else errors.not_found(message)
        return method

    def _arguments(self, call: Invocation, method: Method) -> tuple[list[int], inspect.BoundArguments]:
        positional = list(call.positional)
        ids = call.ids
        if call.legacy and method.on_records:
            if not positional:
                raise errors.index_error()
            ids = positional.pop(0)
        elif not call.legacy and ids is not None and not method.on_records:
            raise errors.unprocessable(f"cannot call {call.model}.{call.method} with ids")
        if call.legacy and method.name == "create" and not positional and call.named:
            raise errors.index_error()
        bound = self._bound(call, method, positional)
        return [ids] if isinstance(ids, int) else list(ids or []), bound

    def _bound(self, call: Invocation, method: Method, positional: list[Any]) -> inspect.BoundArguments:
        try:
            return method.signature.bind(*positional, **call.named)
        except TypeError as problem:
            if not call.legacy:
                raise errors.unprocessable(str(problem)) from problem
            raise errors.type_error(self._complaint(call, method, str(problem))) from problem

    def _complaint(self, call: Invocation, method: Method, problem: str) -> str:
        """Python's own words for a call that does not fit; 19.0 puts the class in front."""
        title = "".join(part.capitalize() for part in call.model.split(".")) + "." if self.major >= 19 else ""
        if problem.startswith("missing"):
            name = problem.split("'")[1]
            return f"{title}{method.name}() missing 1 required positional argument: '{name}'"
        return f"{title}{method.name}() {problem}"


def _legacy_result(result: Any) -> Any:
    if not isinstance(result, writing.Records):
        return result
    return result.ids[0] if result.single else result.ids


def _plain_result(result: Any) -> Any:
    return result.ids if isinstance(result, writing.Records) else result
