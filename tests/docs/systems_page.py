"""The kinds of systems there are, and what each promises."""

from __future__ import annotations

from tests.docs.markdown import code, page, table

from careloom.systems.registry import Guarantees, kinds

_INTRO = """\
A system is an outside party with a connector. Its kind is a folder below `src/careloom/systems`, or below
`systems` in your project: [adding one](../how-to/add-a-system.md) is adding a folder. What stands in
`[systems.NAME]` for each kind is in [settings](settings.md). The conformance suite holds every kind to what it
promises."""
_DIRECTIONS = {"in": "in: it sends to us", "out": "out: we send to it", "both": "both"}


def systems_page() -> str:
    """docs/reference/systems.md"""
    rows = [
        (f"[`{name}`](#{name})", _DIRECTIONS[kind.manifest.direction], kind.manifest.summary)
        for name, kind in kinds().items()
    ]
    meanings = [(_words(name), field.description or "") for name, field in Guarantees.model_fields.items()]
    return page(
        "Systems",
        _INTRO,
        table(("kind", "direction", "what it is"), rows),
        "## Guarantees",
        table(("promise", "meaning"), meanings),
        *map(_kind, kinds()),
    )


def _kind(name: str) -> str:
    """What the manifest says, and where the kind's own page is, where it has one."""
    kind = kinds()[name]
    manifest = kind.manifest
    link = f"[settings](settings.md#systems-of-kind-{name})"
    readme = f", [its README](../../src/careloom/systems/{name}/README.md)"
    pointer = readme if (kind.folder / "README.md").exists() else ""
    given = {
        "is": f"[`{manifest.extends}`](#{manifest.extends}) with other defaults" if manifest.extends else "",
        "formats": ", ".join(manifest.formats),
        "promises": ", ".join(_promised(manifest.guarantees)),
        "its data may be": ", ".join(manifest.data_classes),
        "hidden where a body is shown": ", ".join(map(code, manifest.masks)),
        "what may come of a call": ", ".join(manifest.errors),
        "cases of its own": ", ".join(f"[`{one}`](../operations/runbook.md#case-{one})" for one in manifest.cases),
        "its messages become": ", ".join(map(code, manifest.publishes)),
        "is sent": ", ".join(map(code, manifest.consumes)),
    }
    facts = table(("", ""), [(what, said) for what, said in given.items() if said])
    return f"## {name}\n\n{manifest.summary}. See {link}{pointer}.\n\n{facts}"


def _promised(guarantees: Guarantees) -> list[str]:
    values = guarantees.model_dump()
    batch = values.pop("max_batch")
    return [*(_words(name) for name, holds in values.items() if holds), *([f"max batch {batch}"] if batch > 1 else [])]


def _words(name: str) -> str:
    return name.replace("_", " ")
