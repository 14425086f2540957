"""People who use the console: local accounts, sessions, links by which somebody takes up an account.

Single sign-on will stand beside it: what pages ask for is a `Visitor`, wherever it comes from.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from careloom.cases.recording import Recorder
from careloom.cases.rights import Actor
from careloom.console import passwords
from careloom.console.rights import Right, Role, rights_of
from careloom.core.clock import Clock
from careloom.core.errors import CareloomError, ConfigurationError
from careloom.core.ids import IdFactory
from careloom.log.operators import Act
from careloom.store.database import Database
from careloom.store.sql import queries

_SQL = queries("people")
SESSION_LASTS: Final = timedelta(hours=12)
SESSION_RESTS: Final = timedelta(hours=1)
INVITATION_LASTS: Final = timedelta(days=3)
TRIES: Final = 5
_FIRST: Final = "admin"
LOCKED_FOR: Final = timedelta(minutes=15)


class SignInRefused(CareloomError):
    """Name or password is wrong, or the account rests; which of them is not said."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who has signed in. `forgery` is the token that their forms carry."""

    id: UUID
    name: str
    roles: frozenset[str]
    teams: frozenset[str]
    forgery: str

    @property
    def rights(self) -> frozenset[Right]:
        """What their roles let them see and do."""
        return rights_of(self.roles)

    @property
    def actor(self) -> Actor:
        """Who they are in cases and approvals: in their teams; an administrator in each."""
        return Actor(self.name, None if Role.ADMIN in self.roles else self.teams)


class People:
    """The accounts of one deployment."""

    def __init__(self, database: Database, recorder: Recorder, clock: Clock, new_id: IdFactory) -> None:
        self._database = database
        self._recorder = recorder
        self._clock = clock
        self._new_id = new_id

    async def first_link(self) -> str | None:
        """On a deployment where nobody can sign in: the token of a link for an administrator. Else None."""
        async with self._database.acquire() as connection:
            if await connection.fetchval(_SQL.anybody, self._clock.now()):
                return None
        existing = {row["name"] for row in await self.everybody()}
        act = Act("careloom", "first start")
        try:
            return await (self.invite(_FIRST, act) if _FIRST in existing else self.add(_FIRST, [Role.ADMIN], (), act))
        except ConfigurationError:  # another node, started at the same time, was faster
            return None

    async def add(self, name: str, roles: Collection[Role], teams: Collection[str], act: Act) -> str:
        """A new account; gives the token of the link by which its owner chooses a password. Raises ConfigurationError
        when the name is taken."""
        id_ = self._new_id()
        async with self._database.acquire() as connection, connection.transaction():
            made = await connection.fetchval(
                _SQL.add, id_, name.strip(), sorted(roles), sorted(teams), self._clock.now()
            )
            if made is None:
                raise ConfigurationError(f"there is an account named {name!r} already; see `careloom user list`")
            return await self._invite(connection, id_, act, "account.added.v1")

    async def invite(self, name: str, act: Act) -> str:
        """A new link for an account, also to choose a new password. Raises ConfigurationError."""
        async with self._database.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(_SQL.by_name, name)
            if row is None:
                raise _unknown(name)
            return await self._invite(connection, row["id"], act, "account.invited.v1")

    async def _invite(self, connection: Any, account: UUID, act: Act, what: str) -> str:
        token, now = secrets.token_urlsafe(32), self._clock.now()
        await connection.execute(_SQL.invite, _digest(token), account, now, now + INVITATION_LASTS)
        await self._recorder.write(connection, [self._recorder.audit(what, act, [account])])
        return token

    async def invited(self, token: str) -> str | None:
        """Whose link it is, while it can be used."""
        async with self._database.acquire() as connection:
            row = await connection.fetchrow(_SQL.invited, _digest(token), self._clock.now())
        return None if row is None else row["name"]

    async def accept(self, token: str, password: str) -> str:
        """Choose a password by a link, once; gives a session. Raises FormatError for a password that will not do,
        SignInRefused for a link that is over."""
        kept = await asyncio.to_thread(passwords.keep, password)
        async with self._database.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(_SQL.accept, _digest(token), self._clock.now(), kept)
            if row is None:
                raise SignInRefused("this link was used or is over; ask for a new one: `careloom user invite NAME`")
            return await self._begin(connection, row, "account.password-chosen.v1")

    async def sign_in(self, name: str, password: str) -> str:
        """Gives a session. Raises SignInRefused; after some failures the account rests for a while."""
        async with self._database.acquire() as connection:
            row = await connection.fetchrow(_SQL.by_name, name.strip())
        now = self._clock.now()
        rests = row is not None and row["locked"] is not None and row["locked"] > now
        good = await asyncio.to_thread(passwords.fits, password, row["password"] if row and not rests else None)
        async with self._database.acquire() as connection, connection.transaction():
            if row is not None and good:
                return await self._begin(connection, row, "account.signed-in.v1")
            if row is not None and not rests:
                await connection.execute(_SQL.failed, row["id"], TRIES, now + LOCKED_FOR)
        raise SignInRefused(
            f"name or password is wrong, or the account rests for {LOCKED_FOR.seconds // 60} minutes after {TRIES} "
            "wrong passwords"
        )

    async def _begin(self, connection: Any, row: Any, what: str) -> str:
        token, now = secrets.token_urlsafe(32), self._clock.now()
        await connection.execute(_SQL.begin, _digest(token), row["id"], now, now + SESSION_LASTS)
        await connection.execute(_SQL.prune, now)
        await self._recorder.write(connection, [self._recorder.audit(what, Act(row["name"], ""), [row["id"]])])
        return token

    async def visitor(self, token: str) -> Visitor | None:
        """Who has this session, if it is not over."""
        now = self._clock.now()
        async with self._database.acquire() as connection:
            row = await connection.fetchrow(_SQL.visitor, _digest(token), now, now - SESSION_RESTS)
        if row is None:
            return None
        return Visitor(row["id"], row["name"], frozenset(row["roles"]), frozenset(row["teams"]), forgery_token(token))

    async def leave(self, token: str) -> None:
        """End the session."""
        async with self._database.acquire() as connection:
            await connection.execute(_SQL.leave, _digest(token))

    async def everybody(self) -> Sequence[Any]:
        """Rows of id, name, roles, teams, created, disabled, active, seen."""
        async with self._database.acquire() as connection:
            return await connection.fetch(_SQL.everybody)

    async def assign(self, name: str, roles: Collection[Role], teams: Collection[str], act: Act) -> None:
        """Say what somebody may do from now on. Raises ConfigurationError."""
        await self._change(name, "account.assigned.v1", act, _SQL.assign, name, sorted(roles), sorted(teams))

    async def disable(self, name: str, act: Act) -> None:
        """They are out at once. Raises ConfigurationError."""
        await self._change(name, "account.disabled.v1", act, _SQL.disable, name, self._clock.now())

    async def _change(self, name: str, what: str, act: Act, sql: str, *arguments: object) -> None:
        async with self._database.acquire() as connection, connection.transaction():
            changed = await connection.fetchval(sql, *arguments)
            if changed is None:
                raise _unknown(name)
            await self._recorder.write(connection, [self._recorder.audit(what, act, [changed])])


def forgery_token(session: str) -> str:
    """What the forms of a session carry: only who has the session can make it (OWASP, HMAC based token pattern)."""
    return hashlib.blake2b(session.encode(), digest_size=16, person=b"careloom form").hexdigest()


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _unknown(name: str) -> ConfigurationError:
    return ConfigurationError(f"nobody of the name {name!r} may sign in; see `careloom user list`")
