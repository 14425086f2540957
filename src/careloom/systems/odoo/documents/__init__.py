"""Documents in Odoo: each module brings one sort in, once, and says what Odoo did otherwise than asked.

    issued = await erp.documents.invoices.issue(Invoice(key=..., partner=..., lines=...))

All of it may be repeated at any time: a document is known by its key, the external id in Odoo.
"""

from __future__ import annotations

from careloom.systems.odoo.documents.access import Access


class Documents:
    """The modules by sort."""

    def __init__(self, access: Access) -> None:
        self.access = access
