"""Shortcuts for what pages write on each page or in each row give the same results as Django."""

from __future__ import annotations

from typing import Any

import pytest
from admin_interface.models import Theme
from django.template.defaultfilters import truncatechars
from django.test import Client
from django.test.utils import override_script_prefix
from django.urls import reverse

from messaging.languages.wording import grouped
from ops.console.addresses import page_of_row
from ops.console.lists.words import beginning
from ops.tests.asking import make_staff, signed_in


@pytest.mark.django_db
def test_a_changed_theme_shows_on_the_next_page() -> None:
    make_staff("rosa")
    client = signed_in("rosa")

    def page() -> str:
        return client.get("/console/keyboard/").content.decode()

    theme = Theme.objects.get_active()
    first = page()
    assert "#123abc" not in first and "magnific-popup.css" not in first
    theme.css_header_background_color, theme.related_modal_active = "#123abc", True
    theme.save()
    changed = page()
    assert "--admin-interface-header-background-color: #123abc" in changed
    assert "magnific-popup.css" in changed


@pytest.mark.django_db
def test_the_sign_in_page_has_the_styles(client: Client) -> None:
    assert "--admin-interface-header-background-color" in client.get("/console/login/").content.decode()


@pytest.mark.parametrize("model", ["messaging_message", "messaging_conversation"])
def test_the_address_of_a_row_is_the_one_that_django_gives_it(model: str) -> None:
    label = model.replace("_", ".")
    address = page_of_row(label, 1234567)
    assert address == reverse(f"admin:{model}_change", args=[1234567])
    with override_script_prefix("/below/"):
        assert (
            page_of_row(label, 8)
            == reverse(f"admin:{model}_change", args=[8])
            == f"/below{address}".replace("1234567", "8")
        )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "short",
        "a" * 160,
        "a" * 161,
        "word " * 60,
        "é" * 160,
        "é" * 161,
        "e\u0301" * 200,
        "x" * 159 + "…y",
        "\n" * 300,
    ],
)
def test_a_text_in_a_list_is_cut_as_django_cuts_it(text: str) -> None:
    assert beginning(text) == truncatechars(text, 160)


def test_numbers_are_grouped() -> None:
    words: list[Any] = [grouped(number) for number in (0, 999, 1_000, 1_234_567)]
    assert words == ["0", "999", "1,000", "1,234,567"]
