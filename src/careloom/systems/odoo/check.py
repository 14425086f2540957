"""The start-up check: does this Odoo have what the mappings rely on, for this user and version?"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from typing import Any

from careloom.core.errors import CareloomError, PermanentError
from careloom.systems.odoo.check_books import Books, Finding, concern_books
from careloom.systems.odoo.connection import Connection
from careloom.systems.odoo.faults import OdooAccessRefused, OdooContractBroken
from careloom.systems.odoo.readback import ReadBack
from careloom.systems.odoo.records import Records
from careloom.systems.odoo.schema import Schema

__all__ = ["Check", "Finding"]

_OLDEST = 18
_NEWEST = 19
_SUCCESSORS = {
    ("res.partner", "mobile"): "Odoo 19 keeps one number: use phone",
    ("res.partner", "title"): "Odoo 19 has no titles",
    ("res.users", "groups_id"): "Odoo 19 calls it group_ids",
    ("purchase.order.line", "product_uom"): "Odoo 19 calls it product_uom_id",
    ("purchase.order.line", "taxes_id"): "Odoo 19 calls it tax_ids",
    ("sale.order.line", "product_uom"): "Odoo 19 calls it product_uom_id",
    ("sale.order.line", "tax_id"): "Odoo 19 calls it tax_ids",
}


_MODULES = {
    "account": "account",
    "sale": "sale",
    "purchase": "purchase",
    "stock": "stock",
    "product": "product",
    "uom": "uom",
    "mail": "mail",
}
_ADMINISTRATOR = "base.group_system"
_WRITING, _READING = ("read", "write", "create"), ("read",)


class Check:
    """Asks Odoo; changes nothing."""

    def __init__(self, connection: Connection, schema: Schema, readback: ReadBack, records: Records) -> None:
        self._connection = connection
        self._schema = schema
        self._readback = readback
        self._records = records

    async def run(self, needs: Mapping[str, Collection[str]], reads: Collection[str] = ()) -> list[Finding]:
        """All findings for the models and columns in `needs`, and for models that are only read. Never raises for what
        Odoo says."""
        try:
            await self._connection.version()
            user_id = await self._connection.user_id()
        except CareloomError as error:
            return [Finding(f"no connection: {error}", "correct this first; the rest was not checked")]
        self._schema.forget()
        found = await self._version()
        models = [self._model(model, columns, _WRITING) for model, columns in needs.items()]
        models += [self._model(model, (), _READING) for model in reads if model not in needs]
        for step in (self._user(user_id), self._rank(user_id), self._module(), *models, self._books(needs, user_id)):
            try:
                found += await step
            except CareloomError as error:
                found.append(Finding(f"a part of the check failed: {error}", "run the check again"))
        return found

    async def _version(self) -> list[Finding]:
        version = await self._connection.version()
        if version.major < _OLDEST:
            return [
                Finding(f"Odoo {version} is older than {_OLDEST}.0", "upgrade Odoo; it was not tried with this one")
            ]
        if version.major > _NEWEST:
            return [Finding(f"Odoo {version} is newer than what was tried", f"supported are {_OLDEST} to {_NEWEST}")]
        return []

    async def _user(self, user_id: int) -> list[Finding]:
        users = await self._records.read("res.users", [user_id], ["partner_id", "company_id", "company_ids"])
        if not users or not users[0]["partner_id"]:
            return [Finding("the API user cannot read its own record", "give it the group Internal User")]
        user = users[0]
        contacts = await self._records.read("res.partner", [user["partner_id"][0]], ["email"])
        has_email = any(contact["email"] for contact in contacts)
        wanted = self._connection.settings.allowed_company_ids
        return _user_findings(user, wanted, has_email=has_email) + await self._lang()

    async def _rank(self, user_id: int) -> list[Finding]:
        arguments = {"group_ext_id": _ADMINISTRATOR}
        try:
            rules = await self._connection.call("res.users", "has_group", arguments, ids=(user_id,), repeatable=True)
        except OdooContractBroken:
            return []
        if not rules:
            return []
        advice = "use a user of its own with the groups that the flows need: a mistake of a flow could change anything"
        return [Finding("the API user is an administrator of Odoo", advice, blocking=False)]

    async def _books(self, needs: Collection[str], user_id: int) -> list[Finding]:
        if not concern_books(needs):
            return []
        companies: Sequence[int] = self._connection.settings.allowed_company_ids
        if not companies:
            users = await self._records.read("res.users", [user_id], ["company_id"])
            companies = [user["company_id"][0] for user in users if user["company_id"]]
        return await Books(self._schema, self._records, self._connection.clock).run(needs, companies)

    async def _lang(self) -> list[Finding]:
        lang = self._connection.settings.lang
        if not lang:
            return []
        try:
            await self._records.search_read("res.country", [], ["code"], limit=1)
        except PermanentError:
            return [
                Finding(f"language {lang} is refused", "activate it in Odoo (Settings, Languages), or leave `lang` out")
            ]
        return []

    async def _module(self) -> list[Finding]:
        module = self._connection.settings.external_id_module
        try:
            taken = await self._readback.find(f"base.module_{module}", strict=True) is not None
        except OdooAccessRefused:
            taken = True  # it exists, hidden: users may not see the list of modules
        if not taken:
            return []
        problem = f"an Odoo module is called {module}, like our external ids"
        return [Finding(problem, "set external_id_module to another name: upgrading that module deletes our records")]

    async def _model(self, model: str, columns: Collection[str], rights: Collection[str]) -> list[Finding]:
        try:
            fields = await self._schema.fields(model)
        except PermanentError as error:
            module = _MODULES.get(model.partition(".")[0])
            installed = f"install the module {module}" if module else "install its module"
            return [Finding(f"model {model} cannot be used: {error}", f"{installed}, or give the API user rights")]
        found = []
        for column in columns:
            base = column.partition("/")[0]
            if base not in fields:
                advice = _SUCCESSORS.get((model, base), "correct the mapping, or give the API user the field's group")
                found.append(Finding(f"{model} has no field {base} here", advice))
            elif fields[base].readonly:
                found.append(Finding(f"{model}.{base} is read-only", "take it out of the mapping"))
        return found + await self._rights(model, rights)

    async def _rights(self, model: str, wanted: Collection[str]) -> list[Finding]:
        missing = [operation for operation in wanted if not await self._may(model, operation)]
        if not missing:
            return []
        return [Finding(f"the API user may not {', '.join(missing)} {model}", "give it a group that may")]

    async def _may(self, model: str, operation: str) -> bool:
        arguments: dict[str, Any] = {"operation": operation}
        for ids in ((), None):  # it is asked of records by some versions, of the model by others
            with suppress(OdooContractBroken):
                return bool(await self._connection.call(model, "has_access", arguments, ids=ids, repeatable=True))
        return True  # a version without this question; the first write will tell


def _user_findings(user: Mapping[str, Any], wanted: Collection[int], *, has_email: bool) -> list[Finding]:
    found = []
    if not has_email:
        found.append(Finding("the API user has no e-mail address", "give it one: Odoo refuses some actions without"))
    if not user["company_id"]:
        found.append(Finding("the API user has no company", "give it one"))
    foreign = sorted(set(wanted) - set(user["company_ids"]))
    if foreign:
        advice = "add them to the user's companies, or correct allowed_company_ids"
        found.append(Finding(f"companies {foreign} are not open to the API user", advice))
    return found
