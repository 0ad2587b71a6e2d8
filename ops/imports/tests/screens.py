"""Shorthand for tests of the import's screens: files to upload, and pages as text."""

from __future__ import annotations

import csv
import io
import re
from html import unescape
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils.html import strip_tags

from ops.imports.models import Import

LIST = "/console/imports/import/"
ADD = f"{LIST}add/"
TIME = "2026-01-05T10:00:00+00:00"
HEADER = ("external_id", "parent_external_id", "sender", "receiver", "timestamp", "content")


def csv_of(*rows: tuple[str, ...], header: tuple[str, ...] = HEADER) -> bytes:
    written = io.StringIO(newline="")
    csv.writer(written).writerows([header, *rows])
    return written.getvalue().encode()


def message(external_id: str = "1", parent: str = "", content: str = "hello", **values: str) -> tuple[str, ...]:
    """Return a row of a file: a message from Alice to Bob."""
    given = {"sender": "alice", "receiver": "bob", "timestamp": TIME, **values}
    return external_id, parent, given["sender"], given["receiver"], given["timestamp"], content


def bring(client: Client, content: bytes, name: str = "messages.csv") -> Import:
    """Upload a file; return the import whose page is shown next."""
    response = client.post(ADD, {"file": SimpleUploadedFile(name, content)})
    assert response.status_code == 302, text(response)
    (key,) = re.findall(f"{LIST}([0-9a-f-]+)/change/", response["Location"])
    return Import.objects.get(pk=key)


def address(import_: Import, what: str = "change/") -> str:
    return f"{LIST}{import_.pk}/{what}"


def page(client: Client, import_: Import) -> str:
    """Return the text of an import's page."""
    return text(client.get(address(import_)))


def text(response: Any) -> str:
    """Return the text of a page, with single blanks."""
    content = response.content.decode().partition('id="content-start"')[2] or response.content.decode()
    return " ".join(unescape(strip_tags(content)).split())


def state_token(client: Client, import_: Import) -> str:
    """Return the state token that the page's forms contain."""
    return str(client.get(address(import_)).context["state_token"])


def decide(client: Client, import_: Import, what: str, **data: Any) -> Any:
    """Send one of the page's forms, as filled in now except for ``data``; follow the redirect."""
    context = client.get(address(import_)).context
    sent: dict[str, Any] = {"state_token": context["state_token"]}
    if what == "check/":
        form = context["checks_form"]
        sent |= {name: form[name].value() for name in form.fields if form[name].value() not in (False, None)}
    if what == "columns/":
        form = context["columns_form"]
        sent |= {name: form[name].value() for name in form.fields if form[name].value() not in (False, None)}
    response = client.post(address(import_, what), {**sent, **data}, follow=True)
    import_.refresh_from_db()
    return response
