"""No page shows a text that is not marked for translation: in a pseudo locale, marked texts are in brackets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from zoneinfo import available_timezones

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import Permission
from django.db.models import CharField, TextField
from django.test import Client
from django.urls import reverse
from django.utils.translation import get_language_info

from messaging.tests.pseudo import ACCENTED, speaking
from messaging.tests.remains import remains
from ops.conftest import confirm
from ops.exports.models import Export
from ops.jobs.kinds import all_kinds
from ops.tests.asking import address, body, crawl, opened_by, signed_in
from ops.tests.roles import ROLE_OF
from ops.tests.test_who_may_open_what import keys

__all__ = ["keys"]

pytestmark = pytest.mark.once

# Names that no translation changes: of formats, of kinds of jobs, of languages in their own words.
DECLARED = {*Export.Format.labels, "JSON", "XLSX", "UTC", "Threadward", *(kind.name for kind in all_kinds())}
DECLARED |= {get_language_info(code)["name_local"] for code, _ in settings.LANGUAGES}
DECLARED |= {"True", "False", "Tasks Database Backend"}  # of Django's icons and of another app, not marked there
# Models whose stored values pages do not show, or show only marked as somebody’s words.
KEYS = {"contenttypes", "sessions", "accounts.session", "messaging.message", "messaging.messagehistory"}
OF_PARTICIPANTS = ("inbox", "compose", "reports", "blocked", "delete_user", "goodbye")
OF_ONES_OWN = ("login", "kept_forms", "language", "time_zone", "confirm")


def stored() -> set[str]:
    """Return the values of rows that are shown unchanged, without keys of choices and models, which have labels."""
    found: set[str] = set()
    for model in apps.get_models():
        if model is Permission or KEYS & {model._meta.app_label, model._meta.label_lower}:
            continue
        for field in model._meta.concrete_fields:
            if isinstance(field, (CharField, TextField)) and not field.choices:
                found |= set(model._base_manager.values_list(field.attname, flat=True))
    return {value for value in found if value and len(value) > 1}


def unmarked(answers: Iterable[tuple[str, bytes]]) -> Iterator[str]:
    """Yield the addresses of pages or parts of pages with the unmarked texts that they show, each text once."""
    known = {*stored(), *DECLARED}
    seen = available_timezones()
    for at, content in answers:
        if b"</" in content:
            texts = set(remains(content.decode(), *known).splitlines()) - seen
            seen |= texts
            yield from (f"{at}: {text}" for text in sorted(texts))


def asked(client: Client, addresses: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    for at in addresses:
        yield at, body(client.get(at))


def posted(client: Client, addresses: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """Yield the responses to forms that are sent empty."""
    for at in addresses:
        yield f"{at} (sent)", body(client.post(at, follow=True))


def test_no_page_of_the_console_shows_an_unmarked_text(keys: dict[str, Any]) -> None:
    """Covers a superuser's pages and the pages that these lead to; for every role, Home and refusals."""
    with speaking(ACCENTED):
        client = confirm(signed_in("rosa"), "rosa")
        found = list(unmarked(crawl(client, sorted({address(name, keys) for name in opened_by("rosa")}))))
        for who in ("nils", *ROLE_OF):
            found += unmarked(asked(signed_in(who), ["/console/", "/console/nothing/", "/console/auth/group/"]))
    assert not found, "\n".join(found)


def test_no_form_that_is_sent_empty_says_anything_unmarked(keys: dict[str, Any]) -> None:
    with speaking(ACCENTED):
        client = confirm(signed_in("rosa"), "rosa")
        addresses = {address(name, keys) for name in opened_by("rosa", or_posted=True)}
        found = list(unmarked(posted(client, sorted(addresses))))
    assert not found, "\n".join(found)


def test_no_page_of_participants_shows_an_unmarked_text(keys: dict[str, Any]) -> None:
    message, conversation = keys["messaging/message/"], keys["messaging/conversation/"]
    addresses = [reverse(f"messaging:{name}") for name in OF_PARTICIPANTS]
    addresses += [reverse(f"messaging:{name}", args=[message]) for name in ("reply", "edit", "history", "report")]
    addresses += [reverse("messaging:conversation", args=[conversation]), *map(reverse, OF_ONES_OWN)]
    with speaking(ACCENTED):
        found = list(unmarked(asked(signed_in("nobody"), ["/sign-in/", "/console/login/", "/messages/nothing/"])))
        for who in ("alice", "bob"):
            client = signed_in(who)
            found += [*unmarked(asked(client, addresses)), *unmarked(posted(client, addresses))]
    assert not found, "\n".join(found)
