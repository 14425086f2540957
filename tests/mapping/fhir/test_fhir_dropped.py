"""What is said to stay behind is an element of FHIR, and has a reason; and every mapping is in the catalogue."""

from __future__ import annotations

from importlib import import_module

import pytest

from careloom.formats.fhir.structure import schema_of
from careloom.mapping.catalogue import FAMILIES, mapping_for
from careloom.mapping.fhir.bundles import READERS

MODULES = [name for name in FAMILIES if name.startswith("careloom.mapping.fhir.")]
DROPPED = sorted({(path, reason) for name in MODULES for path, reason in import_module(name).DROPPED.items()})


@pytest.mark.parametrize(("path", "reason"), DROPPED, ids=lambda value: value if "." in value else "")
def test_a_dropped_element_exists(path: str, reason: str) -> None:
    kind, _, rest = path.partition(".")
    properties = schema_of(kind)["$defs"][kind]["properties"]
    first = rest.partition(".")[0]
    assert not first or first in properties or any(name.startswith(first) for name in properties)
    assert len(reason) > 5


def test_every_type_is_found_in_the_catalogue() -> None:
    for kind in READERS:
        found = mapping_for("fhir", kind)
        assert found is not None
        assert kind in found.types
    assert mapping_for("fhir", "Bundle/transaction") is not None
    assert mapping_for("fhir", "Questionnaire") is not None
