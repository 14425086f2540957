"""One append-only log in PostgreSQL, and its named readers.

`append` takes entries in, `subscription` works them off, `chain` proves that nothing was altered.
This room knows neither a format nor a system.
"""
