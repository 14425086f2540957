"""FHIR R4 to canonical events and back, a module per family of resources.

Those named in `careloom.mapping.catalogue.FAMILIES` have `MAPPINGS`, from resources and Bundles to events, and
`DROPPED`, which says of elements that stay behind why they do. `careloom.mapping.fhir.writing.to_fhir` is the way back.
"""
