"""A crosswalk on a database."""

from __future__ import annotations

import pytest
from tests.identity.crosswalk.house import House, open_house

from careloom.store.database import Database


@pytest.fixture
def house(database: Database) -> House:
    return open_house(database)
