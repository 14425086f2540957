"""The kinds of systems there are, and what each promises."""

from __future__ import annotations

from tests.docs.markdown import ROOT, code, page, table

from careloom.systems.registry import Guarantees, kinds

_INTRO = """\
A system is an outside party with a connector. Its kind is a folder below `src/careloom/systems`: adding one is
adding a folder. What stands in `[systems.NAME]` for each kind is in [settings](settings.md)."""
_DIRECTIONS = {"in": "in: it sends to us", "out": "out: we send to it", "both": "both"}


def systems_page() -> str:
    """docs/reference/systems.md"""
    rows = [
        (f"[`{name}`](#{name})", _DIRECTIONS[kind.manifest.direction], kind.manifest.summary)
        for name, kind in kinds().items()
    ]
    promises = [
        (
            code(name),
            *(_mark(getattr(kind.manifest.guarantees, name)) for kind in kinds().values()),
            field.description or "",
        )
        for name, field in Guarantees.model_fields.items()
    ]
    columns = ("guarantee", *map(code, kinds()), "meaning")
    return page(
        "Systems",
        _INTRO,
        table(("kind", "direction", "what it is"), rows),
        "## Guarantees",
        table(columns, promises),
        *map(_readme, kinds()),
    )


def _readme(kind: str) -> str:
    """The kind's own page, one heading level down, where it has one."""
    folder = ROOT / "src" / "careloom" / "systems" / kind
    summary = kinds()[kind].manifest.summary
    link = f"settings.md#systems-of-kind-{kind}"
    pointer = (
        f" More: [its README](../../src/careloom/systems/{kind}/README.md)." if (folder / "README.md").exists() else ""
    )
    return f"## {kind}\n\n{summary}. [Settings]({link}).{pointer}"


def _mark(holds: bool) -> str:
    return "yes" if holds else ""
