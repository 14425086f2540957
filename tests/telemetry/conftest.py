"""The fixtures of a deployment."""

from tests.hub.fixtures import any_erp, erp, hospital

__all__ = ["any_erp", "erp", "hospital"]
