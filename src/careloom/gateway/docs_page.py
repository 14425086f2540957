"""The OpenAPI document as one page of HTML: no script, nothing from elsewhere, one style sheet of our own."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import Any, Final

STYLE: Final = """\
:root { color-scheme: light dark; --line: #8885; --quiet: #777; --mark: #0b6; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 64rem; padding: 1rem; }
h1, h2 { line-height: 1.2; } h2 { border-top: 1px solid var(--line); margin-top: 2.5rem; padding-top: 1.5rem; }
code, pre { font: 14px/1.45 ui-monospace, monospace; }
pre { border: 1px solid var(--line); border-radius: 4px; overflow-x: auto; padding: .75rem; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .6rem .3rem 0; text-align: left; vertical-align: top; }
.method { color: var(--mark); font-weight: 700; } .quiet { color: var(--quiet); }
nav ul { columns: 2; list-style: none; padding: 0; } details { margin: .25rem 0; }
@media (max-width: 40rem) { nav ul { columns: 1; } }
"""


def page(document: Mapping[str, Any], style: str) -> str:
    """The page. `style` is the address of STYLE."""
    operations = [(path, method, one) for path, methods in document["paths"].items() for method, one in methods.items()]
    parts = [
        f"<h1>{escape(document['info']['title'])} HTTP API</h1>",
        f'<p class="quiet">Version {escape(document["info"]["version"])}, OpenAPI {escape(document["openapi"])}: '
        '<a href="/openapi.json">openapi.json</a></p>',
        f"<p>{escape(document['info'].get('description', ''))}</p>",
        _contents(operations),
        *(_operation(*one) for one in operations),
        "<h2>Schemas</h2>",
        *(_schema(name, one) for name, one in sorted(document["components"]["schemas"].items())),
    ]
    head = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>Careloom HTTP API</title><link rel="stylesheet" href="{escape(style)}"></head>'
    )
    return f"{head}<body><main>{''.join(parts)}</main></body></html>"


def _contents(operations: Iterable[tuple[str, str, Mapping[str, Any]]]) -> str:
    entries = (
        f'<li><a href="#{_anchor(path, method)}"><span class="method">{method.upper()}</span> '
        f"<code>{escape(path)}</code></a></li>"
        for path, method, _ in operations
    )
    return f'<nav aria-label="Routes"><ul>{"".join(entries)}</ul></nav>'


def _operation(path: str, method: str, one: Mapping[str, Any]) -> str:
    return "".join(
        (
            f'<section><h2 id="{_anchor(path, method)}"><span class="method">{method.upper()}</span> '
            f"<code>{escape(path)}</code></h2>",
            f"<p><strong>{escape(one['summary'])}.</strong> {escape(one.get('description', ''))}</p>",
            f'<p class="quiet">{escape(", ".join(_facts(one)))}</p>',
            _parameters(one.get("parameters", ())),
            *_body(one.get("requestBody", {}).get("content", {})),
            *(_response(status, response) for status, response in one["responses"].items()),
            "</section>",
        )
    )


def _facts(one: Mapping[str, Any]) -> Iterator[str]:
    for name in ("data-class", "criticality", "owner", "scope"):
        if value := one.get(f"x-{name}"):
            yield f"{name.replace('-', ' ')}: {value}"
    if not one.get("security"):
        yield "needs no key"
    if one.get("deprecated"):
        yield "deprecated"


def _parameters(parameters: Iterable[Mapping[str, Any]]) -> str:
    rows = [
        f"<tr><td><code>{escape(one['name'])}</code></td><td>{one['in']}</td>"
        f"<td>{'required' if one.get('required') else ''}</td>"
        f"<td>{escape(one.get('description') or one['schema'].get('description', ''))}</td></tr>"
        for one in parameters
    ]
    return _table(("parameter", "in", "", "meaning"), rows)


def _body(content: Mapping[str, Any]) -> Iterator[str]:
    for media, one in content.items():
        yield f"<details><summary>Body as <code>{escape(media)}</code></summary>{_example(one)}</details>"


def _response(status: str, response: Mapping[str, Any]) -> str:
    title = f"<strong>{escape(status)}</strong> {escape(response['description'])}"
    content = response.get("content", {})
    if not content:
        return f"<p>{title}</p>"
    shown = "".join(f'<p class="quiet">{escape(media)}</p>{_example(one)}' for media, one in content.items())
    return f"<details><summary>{title}</summary>{shown}</details>"


def _example(one: Mapping[str, Any]) -> str:
    if "example" not in one:
        return ""
    example = one["example"]
    text = example if isinstance(example, str) else json.dumps(example, indent=2)
    return f"<pre>{escape(text)}</pre>"


def _schema(name: str, one: Mapping[str, Any]) -> str:
    required = set(one.get("required", ()))
    rows = [
        f"<tr><td><code>{escape(field)}</code></td><td>{'required' if field in required else ''}</td>"
        f"<td>{escape(member.get('description', ''))}</td></tr>"
        for field, member in one.get("properties", {}).items()
    ]
    return (
        f"<h3>{escape(name)}</h3><p>{escape(one.get('description', ''))}</p>{_table(('member', '', 'meaning'), rows)}"
    )


def _table(columns: Iterable[str], rows: list[str]) -> str:
    head = "".join(f"<th scope=col>{escape(one)}</th>" for one in columns)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>" if rows else ""


def _anchor(path: str, method: str) -> str:
    return method + "".join(one if one.isalnum() else "-" for one in path)
