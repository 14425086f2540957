"""The kinds of codes, and what is checked of each."""

from __future__ import annotations

from tests.docs.markdown import code, page, table

from careloom.identity.codes.registry import KINDS

_INTRO = """\
Whether a value is a *well-formed* code of its kind: its length, its characters, its check digit. Whether the code was
ever given out, or is in force today, is for a register or a licensed list to say.

```console
$ careloom code check udi '(01)00312345678906(17)270500(10)A-77'
(01)00312345678906(17)270500(10)A-77: well formed
  agency: GS1
  device: 00312345678906
  gtin: 00312345678906
  lot: A-77
  expiry: 2027-05-31
$ careloom code check loinc 718-8
718-8: LOINC check digit: it is 8 where 7 belongs
```

In code it is `careloom.identity.codes.registry.check(kind, value)`; what is wrong is said with the part that is wrong.
A kind whose values may be the number of a person is never quoted in an error."""
_LABELS = """\
A GS1 element string may be written with its application identifiers in parentheses, or as a scanner gives it: a
symbology identifier such as `]d2` in front, and FNC1 (octet 1D; `<GS>` on the command line) behind a value of variable
length that another one follows. Day `00` of a date is the last of its month. Two digits of a year lie between 49 years
before and 50 after 2026, on whatever day they are read. HIBC labels may have both parts, joined by `/`."""
_DRUGS = """\
Ten digits with hyphens (4-4-2, 5-3-2, 5-4-1) become the eleven of a claim by a zero in the part that is short. Ten
without hyphens may be three codes: they are well formed, and are not converted. Eleven digits go back to ten where one
zero alone can have been added; else each that it may be is listed."""
_UNITS = """\
Units are those of UCUM, case sensitive. `careloom.identity.codes.ucum.convert(amount, source, target)` converts to 15
digits, and refuses what measures or counts something else: `{tablet}` and `{vial}`, `mmol/L` and `mg/dL`, `[iU]` and
`mg`. A text of more than 60 characters, six parentheses or six digits in a row is refused before it is read."""


def codes_page() -> str:
    """docs/reference/codes.md"""
    rows = [(code(one.name), one.title, one.checked, "yes" if one.personal else "") for one in KINDS.values()]
    kinds = table(("kind", "what it is", "what is checked", "may be a person's"), rows)
    return page(
        "Kinds of codes",
        _INTRO,
        kinds,
        "## Labels",
        _LABELS,
        "## Drug codes",
        _DRUGS,
        "## Units",
        _UNITS,
    )
