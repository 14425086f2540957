"""A simulated Odoo server in this process: real HTTP on the loopback interface, everything behind it in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self
from uuid import uuid4

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from careloom.core.clock import Clock, SystemClock
from careloom.sim.odoo.apikeys import ApiKeys
from careloom.sim.odoo.areas import every_model, indexes
from careloom.sim.odoo.dispatch import Dispatcher
from careloom.sim.odoo.faults import Faults
from careloom.sim.odoo.fields import Row
from careloom.sim.odoo.founding import CONNECTOR_LOGIN, found
from careloom.sim.odoo.json2 import Json2
from careloom.sim.odoo.jsonrpc import JsonRpc
from careloom.sim.odoo.outbox import OUTBOX, AddonDispatcher, outbox_model
from careloom.sim.odoo.pages import html_response, json_response, page
from careloom.sim.odoo.reception import Call, ConnectionDropped, ProxyAnswer, Reception
from careloom.sim.odoo.services import Services
from careloom.sim.odoo.store import Kept, Store
from careloom.sim.odoo.users import User, Users
from careloom.sim.odoo.watch import Condition, Watch
from careloom.sim.odoo.webclient import WebClient
from careloom.sim.odoo.workers import Workers
from careloom.sim.odoo.xmlrpc import XmlRpc

_LARGEST_BODY = 64 * 1024 * 1024


class SimulatedOdoo:
    """An Odoo 18.0 or 19.0 with an integration user.

        async with SimulatedOdoo(version="19.0") as odoo:
            post(f"{odoo.url}/json/2/res.partner/load", bearer=odoo.api_key, ...)

    `port` 0 takes any free port. `workers` calls run at once, the others wait. `seed` decides what the faults draw.
    With `can_write_ir_model_data` an administrator has given the integration user that right. `addon` says that
    `careloom_connector` is installed there, for its outbox (`outbox.py`).
    """

    def __init__(
        self,
        version: str = "19.0",
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        workers: int = 2,
        clock: Clock | None = None,
        seed: int = 0,
        can_write_ir_model_data: bool = False,
        addon: bool = False,
    ) -> None:
        if version not in ("18.0", "19.0"):
            raise ValueError(f"version {version!r} is not simulated; use 18.0 or 19.0")
        self.version = version
        self.major = int(version[:2])
        self.database = f"careloom{self.major}"
        self._host, self._port = host, port
        self._clock = clock or SystemClock()
        known = every_model(self.major) | ({OUTBOX: outbox_model()} if addon else {})
        self._store = Store(known, indexes(known))
        self._users = Users(found(self._store, known, self._clock, can_write_ir_model_data))
        self._keys = ApiKeys(self._store, self._users, self._clock)
        self._watch = Watch()
        self._workers = Workers(workers, self._store, self._clock, self._watch)
        self.faults = Faults(seed, workers)
        dispatcher = AddonDispatcher(known, self.major, uuid4()) if addon else Dispatcher(known, self.major)
        self._reception = Reception(dispatcher, self._workers, self.faults, self._watch)
        self._models = known
        self._runner: web.AppRunner | None = None
        self._site: web.TCPSite | None = None

    async def __aenter__(self) -> Self:
        self._runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await self.listen()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._workers.kill()
        if self._runner is not None:
            await self._runner.cleanup()
        self._runner = self._site = None

    def _application(self) -> web.Application:
        app = web.Application(client_max_size=_LARGEST_BODY, middlewares=[_misfortune(self._reception)])
        services = Services(self._reception, self._users, self.database, self.version, self._clock)
        app.add_routes(Json2(self._reception, self._users, self.database, self.major).routes())
        app.add_routes(JsonRpc(services, self.major).routes())
        app.add_routes(XmlRpc(services).routes())
        web_client = WebClient(self._reception, services, self._users, self._keys, self._clock, self.major)
        app.add_routes(web_client.routes())
        app.add_routes([web.get("/web/health", _health), web.get("/web/login", _login_page)])
        if self.major >= 19:
            app.router.add_get("/web/version", self._version_page)
        app.router.add_route("*", "/{tail:.*}", _no_such_page)
        return app

    async def _version_page(self, _: web.Request) -> web.Response:
        return json_response({"version_info": [self.major, 0, 0, "final", 0, ""], "version": self.version})

    async def listen(self) -> None:
        """Accept connections, on the same port as before."""
        if self._runner is None:
            raise RuntimeError("the simulated Odoo is not running; enter it with `async with` first")
        self._site = web.TCPSite(self._runner, self._host, self._port)
        await self._site.start()
        self._port = int(self._runner.addresses[0][1])

    async def refuse(self) -> None:
        """Stop listening: the next connection is refused. What runs goes on."""
        if self._site is not None:
            await self._site.stop()
            self._site = None

    @asynccontextmanager
    async def refusing(self) -> AsyncIterator[None]:
        """An outage for the length of a block."""
        await self.refuse()
        try:
            yield
        finally:
            await self.listen()

    async def kill_workers(self) -> int:
        """Kill every busy worker: its caller sees the connection close, and nothing was committed. How many died."""
        self._users.forget()
        return await self._workers.kill()

    @property
    def url(self) -> str:
        return f"http://{self._host}:{self._port}"

    @property
    def login(self) -> str:
        return CONNECTOR_LOGIN

    @property
    def uid(self) -> int:
        """The integration user's id."""
        return self._user(CONNECTOR_LOGIN).uid

    @property
    def password(self) -> str:
        return self._user(CONNECTOR_LOGIN).password

    @property
    def api_key(self) -> str:
        """The integration user's newest key."""
        return self._user(CONNECTOR_LOGIN).keys[-1].secret

    @property
    def admin_api_key(self) -> str:
        return self._user("admin").keys[-1].secret

    def _user(self, login: str) -> User:
        return next(user for user in self._users.by_uid.values() if user.login == login)

    def new_api_key(self, login: str = CONNECTOR_LOGIN, valid_for: timedelta | None = None) -> str:
        """One more key of the user; the older ones stay valid."""
        expires: datetime | None = None
        if valid_for is not None:
            expires = self._clock.now().replace(tzinfo=None) + valid_for
        return self._keys.add(self._user(login), "one more", expires)

    def revoke_key(self, secret: str) -> None:
        """Remove a key: JSON-2 refuses it at once, the legacy transports only after `clear_caches` [a60, a61]."""
        self._keys.drop(secret)

    def clear_caches(self) -> None:
        self._users.forget()

    def keep(self) -> Kept:
        """What is in its books now, for `restore`."""
        return self._store.keep()

    def restore(self, kept: Kept) -> None:
        """Have in its books what was kept, here or in another of the same version; nobody may be calling meanwhile."""
        self._store.restore(kept)

    def records(self, model: str) -> list[Row]:
        """Every row of `model`, archived ones too, as they are stored (many2one as a bare id, times in UTC)."""
        return [dict(row) for row in self._store.tables[model].values()]

    def external_ids(self) -> dict[str, tuple[str, int]]:
        """(model, id) by external id, of everything but what Odoo itself brought along."""
        rows = self._store.tables["ir.model.data"].values()
        return {f"{row['module']}.{row['name']}": (row["model"], row["res_id"]) for row in rows if not row["noupdate"]}

    def messages(self, model: str, record: int) -> list[Row]:
        """The chatter of one record, oldest first."""
        found = self._store.find("mail.message", ("model", "res_id"), (model, record))
        return [dict(self._store.tables["mail.message"][one]) for one in found]

    @property
    def calls(self) -> list[Call]:
        """The finished calls, oldest first (the last 100,000)."""
        return list(self._reception.calls)

    @property
    def outcomes(self) -> dict[str, int]:
        """How many calls ended how, of all there were."""
        return dict(self._reception.outcomes)

    @property
    def running(self) -> int:
        """How many workers are busy now."""
        return self._workers.running

    @property
    def most_at_once(self) -> int:
        return self._workers.most_at_once

    @property
    def waiting(self) -> int:
        """How many calls wait for a worker."""
        return self._workers.waiting

    @property
    def hanging(self) -> int:
        """How many calls are held up by a `hang` or `slow` fault now."""
        return self._workers.hanging

    async def wait_until(self, condition: Condition) -> None:
        """Return once `condition` holds; it is looked at whenever a call arrives, starts, hangs or ends."""
        await self._watch.until(condition)


async def _health(_: web.Request) -> web.Response:
    response = json_response({"status": "pass"})
    response.headers["Cache-Control"] = "no-store"
    return response


async def _login_page(_: web.Request) -> web.Response:
    return page(200, "200 Login", "Log in")


async def _no_such_page(_: web.Request) -> web.Response:
    return page(404, "404 Not Found", "The requested URL was not found on the server.")


def _misfortune(reception: Reception) -> Middleware:
    """Turns what is not an answer of Odoo into what the client sees of it; the web pages have a proxy in front too."""

    @web.middleware
    async def handled(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            if request.path.startswith("/web/"):
                reception.greet(request.path)
            return await handler(request)
        except ProxyAnswer as answer:
            return html_response(answer.page.status, answer.page.html, answer.page.headers)
        except ConnectionDropped:
            if request.transport is not None:
                request.transport.abort()
            return web.Response()

    return handled
