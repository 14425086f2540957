"""How arguments are bound, and what each transport says when they do not fit."""

from datetime import datetime
from typing import Any

import pytest

from careloom.core.clock import SystemClock
from careloom.sim.odoo.areas import every_model, indexes
from careloom.sim.odoo.dispatch import Dispatcher, Invocation
from careloom.sim.odoo.errors import OdooError
from careloom.sim.odoo.founding import found
from careloom.sim.odoo.store import Store, Transaction
from careloom.sim.odoo.users import Key, User, Users

NOW = datetime(2026, 11, 20, 10, 30)


class Bench:
    """A database and its dispatcher without any transport."""

    def __init__(self, major: int) -> None:
        known = every_model(major)
        self.store = Store(known, indexes(known))
        [self.admin, self.user] = found(self.store, known, SystemClock(), False)
        self._dispatcher = Dispatcher(known, major)

    def run(self, model: str, method: str, **call: Any) -> Any:
        tx = Transaction(self.store, NOW)
        return self._dispatcher.run(Invocation(model, method, **call), self.user, tx)

    def refused(self, model: str, method: str, **call: Any) -> OdooError:
        with pytest.raises(OdooError) as refused:
            self.run(model, method, **call)
        return refused.value


@pytest.fixture
def bench() -> Bench:
    return Bench(19)


def test_positional_and_named_arguments_mean_the_same(bench: Bench) -> None:
    domain = [["code", "=", "DE"]]
    assert bench.run("res.country", "search", named={"domain": domain}) == [57]
    assert bench.run("res.country", "search", positional=[domain], legacy=True) == [57]
    assert bench.run("res.country", "search", positional=[domain, 1], legacy=True) == []


def test_a_legacy_call_gives_its_ids_first_and_may_give_a_single_one(bench: Bench) -> None:
    for ids in (57, [57]):
        rows = bench.run("res.country", "read", positional=[ids, ["code"]], legacy=True)
        assert rows == [{"id": 57, "code": "DE"}]


def test_a_single_record_is_an_id_for_legacy_and_a_list_for_json2(bench: Bench) -> None:
    values = {"name": "Ida Sample"}
    assert isinstance(bench.run("res.partner", "create", positional=[values], legacy=True), int)
    assert isinstance(bench.run("res.partner", "create", positional=[[values]], legacy=True), list)
    assert isinstance(bench.run("res.partner", "create", named={"vals_list": values}), list)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        ({"named": {}}, "werkzeug.exceptions.UnprocessableEntity"),
        ({"named": {"vals": {}, "values": {}}}, "werkzeug.exceptions.UnprocessableEntity"),
        ({"positional": [[1]], "legacy": True}, "builtins.TypeError"),
        ({"positional": [], "legacy": True}, "builtins.IndexError"),
    ],
)
def test_arguments_that_do_not_fit(bench: Bench, call: dict[str, Any], name: str) -> None:
    assert bench.refused("res.partner", "write", **call).name == name


@pytest.mark.parametrize(("major", "said"), [(18, "write() missing"), (19, "ResPartner.write() missing")])
def test_the_complaint_names_the_class_only_in_19(major: int, said: str) -> None:
    assert Bench(major).refused("res.partner", "write", positional=[[1]], legacy=True).message.startswith(said)


@pytest.mark.parametrize(
    ("model", "method"), [("res.partner", "check_object_reference"), ("res.country", "context_get")]
)
def test_a_method_of_one_model_is_unknown_to_the_others(bench: Bench, model: str, method: str) -> None:
    assert bench.refused(model, method).name == "werkzeug.exceptions.NotFound"


def test_the_search_argument_of_name_search_by_version(bench: Bench) -> None:
    named = {"name": "Ger", "args": []}
    assert Bench(18).run("res.country", "name_search", positional=["Germany"], named={"args": []}, legacy=True)
    assert bench.refused("res.country", "name_search", named=named).status == 422


def test_a_doomed_transaction_fails_every_change_but_load(bench: Bench) -> None:
    tx = Transaction(bench.store, NOW)
    tx.doomed = True
    dispatcher = Dispatcher(every_model(19), 19)
    with pytest.raises(OdooError, match="could not serialize"):
        dispatcher.run(Invocation("res.partner", "create", named={"vals_list": [{"name": "Ida"}]}), bench.user, tx)
    load = Invocation("res.partner", "load", named={"fields": ["name"], "data": [["Ida"]]})
    assert dispatcher.run(load, bench.user, tx)["ids"] is False


@pytest.mark.parametrize(
    ("call", "rows"),
    [
        (Invocation("m", "load", named={"fields": ["a"], "data": [[1], [2]]}), 2),
        (Invocation("m", "load", positional=[["a", "b", "c"], [[1]]], legacy=True), 1),
        (Invocation("m", "create", named={"vals_list": [{}, {}, {}]}), 3),
        (Invocation("m", "create", positional=[{}], legacy=True), 1),
        (Invocation("m", "write", ids=[1, 2], named={"vals": {}}), 2),
        (Invocation("m", "write", positional=[[1, 2, 3], {}], legacy=True), 3),
        (Invocation("m", "context_get"), 1),
    ],
)
def test_how_many_rows_a_call_is_about(call: Invocation, rows: int) -> None:
    assert call.rows == rows


def a_user(uid: int, **options: Any) -> User:
    return User(uid, f"user{uid}", "a-password", 1, {}, **options)


def test_a_password_opens_the_legacy_door_but_is_no_bearer_key() -> None:
    users = Users([a_user(5, keys=[Key("k5")])])
    assert users.legacy(5, "a-password", NOW).uid == users.bearer("k5", NOW).uid == 5
    with pytest.raises(OdooError, match="Invalid apikey"):
        users.bearer("a-password", NOW)


@pytest.mark.parametrize(("uid", "secret"), [(5, "k6"), (7, "k5"), ("5", "k5"), (5, None)])
def test_a_key_belongs_to_one_user(uid: Any, secret: Any) -> None:
    users = Users([a_user(5, keys=[Key("k5")]), a_user(6, keys=[Key("k6")])])
    with pytest.raises(OdooError, match="Access Denied"):
        users.legacy(uid, secret, NOW)


def test_a_wrong_login_is_nobody() -> None:
    users = Users([a_user(5)])
    assert users.login("user5", "wrong", NOW) is None
    assert users.login("user6", "a-password", NOW) is None


def test_an_administrator_may_do_everything_and_a_stranger_nothing(bench: Bench) -> None:
    partner = every_model(19)["res.partner"]
    bench.admin.require(partner, "unlink")
    with pytest.raises(OdooError, match="No group currently allows this operation"):
        a_user(9).require(partner, "read")
