"""What every typed resource and element has in common."""

from __future__ import annotations

import msgspec


class Element(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel", gc=False):
    """A part of a resource. Fields are FHIR's elements in snake case; what is absent is None or `()`."""


class Resource(Element, frozen=True, kw_only=True, tag_field="resourceType"):
    """A resource; its class name is its `resourceType`."""
