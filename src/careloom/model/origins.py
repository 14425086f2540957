"""Where in a business system a fact stands: the record that it was read from, whose it is, and who changed it."""

from __future__ import annotations

from careloom.model.datatypes import Element, Text


class RecordReference(Element, frozen=True, kw_only=True):
    """A record of the business system that told of the event: `account.move` 5.

    `company` is the id of the company that it belongs to, `companyName` what people call that; `user` is the login of
    whoever made the change. `system` is the system by the name that it has in the settings.
    """

    model: Text
    id: Text
    system: Text | None = None
    company: Text | None = None
    company_name: Text | None = None
    user: Text | None = None

    @property
    def link(self) -> str:
        """As links name it: `account.move/5`."""
        return f"{self.model}/{self.id}"
