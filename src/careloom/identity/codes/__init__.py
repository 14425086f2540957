"""Identifiers and codes of the field: what is well formed, what its parts are. Pure: no I/O."""
