"""X12 and the canonical model, both ways: one module for each family of transaction sets.

Those named in `careloom.mapping.catalogue.FAMILIES` have `MAPPINGS`, from sets to events, and `DROPPED`, which says of
the parts of a set that are left behind why they are; `sending` writes sets from events.

Codes pass through as they came. Code systems without a URI are named `X12-<data element>` (`X12-901`).
"""
