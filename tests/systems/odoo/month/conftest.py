"""The same Odoos as the contract suite."""

from tests.systems.odoo.contract.conftest import erp, fresh, house, key, opened, target

__all__ = ["erp", "fresh", "house", "key", "opened", "target"]
