"""Answers that are the same whatever was asked: JSON, short HTML pages, redirects. Each closes its connection."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

from aiohttp import web

from careloom.sim.odoo.fields import DATE_FORMAT, DATETIME_FORMAT


def _text_of(value: Any) -> str:
    if isinstance(value, datetime):
        return value.strftime(DATETIME_FORMAT)
    if isinstance(value, date):
        return value.strftime(DATE_FORMAT)
    return str(value)


def json_response(body: Any, status: int = 200) -> web.Response:
    """`body` as JSON."""
    return closing(web.json_response(body, status=status, dumps=lambda value: json.dumps(value, default=_text_of)))


def page(status: int, title: str, said: str, headers: dict[str, str] | None = None) -> web.Response:
    """A short HTML page."""
    html = f"<!doctype html>\n<html lang=en>\n<title>{title}</title>\n<h1>{title[4:]}</h1>\n<p>{said}</p>\n"
    return html_response(status, html, headers)


def html_response(status: int, html: str, headers: dict[str, str] | None = None) -> web.Response:
    return closing(web.Response(status=status, text=html, content_type="text/html", charset="utf-8", headers=headers))


def redirect(location: str) -> web.Response:
    """303, which a client that follows redirects turns into a page with status 200."""
    return page(303, "303 See Other", "You should be redirected.", {"Location": location})


def closing(response: web.Response) -> web.Response:
    """Prefork servers speak HTTP/1.0: one call per connection."""
    response.force_close()
    return response
