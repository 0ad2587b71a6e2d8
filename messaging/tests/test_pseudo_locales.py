"""The pseudo locales' translations of English, on which the tests of pages rely."""

from __future__ import annotations

import pytest
from django.template import Context, Template
from django.test import Client
from django.utils.translation import get_language_bidi, gettext, gettext_lazy, ngettext, npgettext, pgettext

from messaging.tests.pseudo import ACCENTED, MIRRORED, pseudo, speaking

TEMPLATE = """
{% load i18n %}{% translate "row" %}
{% blocktranslate count n=1 %}{{ n }} row{% plural %}{{ n }} rows{% endblocktranslate %}
"""
LAZY = gettext_lazy("Inbox")


def test_placeholders_and_markup_are_kept() -> None:
    translated = pseudo('%(number)s of <a href="{{ x }}">{name}</a> &amp; %d rows')
    for kept in ("%(number)s", '<a href="{{ x }}">', "{name}", "&amp;", "%d"):
        assert kept in translated
    assert "rows" not in translated
    assert pseudo("…") == "…"
    assert pseudo(" Save ") == " ⟦Śáṽé ō⟧ "


def test_a_text_becomes_about_a_third_longer() -> None:
    text = "The message was not sent, since it is empty."
    assert 1.25 <= len(pseudo(text)) / len(text) <= 1.45


@pytest.mark.parametrize("language", [ACCENTED, MIRRORED])
def test_every_gettext_function_translates(language: str) -> None:
    with speaking(language):
        assert gettext("Inbox") == str(LAZY) == pgettext("a place", "Inbox") == pseudo("Inbox")
        assert ngettext("row", "rows", 2) == npgettext("a file", "row", "rows", 2) == pseudo("rows")
        assert ngettext("row", "rows", 1) == pseudo("row")
        assert get_language_bidi() is (language == MIRRORED)
        assert "row" not in Template(TEMPLATE).render(Context())
    assert gettext("Inbox") == "Inbox"


@pytest.mark.django_db
def test_pages_are_marked_with_the_mirrored_locale(client: Client) -> None:
    with speaking(MIRRORED):
        page = client.get("/messages/", follow=True).content.decode()
    assert f'lang="{MIRRORED}" dir="rtl"' in page
