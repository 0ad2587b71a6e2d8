"""Where nothing can be shown, people read a sentence in our look, and never a traceback."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse


@pytest.mark.django_db
def test_an_unknown_address_says_so(client: Client) -> None:
    response = client.get("/nowhere/")
    assert response.status_code == 404
    assert "There is no such page" in response.content.decode()


def test_a_refused_page_says_whom_to_ask(client: Client, nils: Any) -> None:
    client.force_login(nils)
    response = client.get(reverse("admin:messaging_conversation_changelist"))
    assert response.status_code == 403
    assert "Ask whoever looks after roles" in response.content.decode()


def test_a_form_without_its_token_says_what_to_do(rita: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(rita)
    response = client.post(reverse("admin:password_change"), {})
    assert response.status_code == 403
    assert "This form is out of date" in response.content.decode()


def test_a_fault_of_ours_is_a_sentence(client: Client, rita: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    client.force_login(rita)
    client.raise_request_exception = False
    monkeypatch.setattr("ops.admin.ConversationAdmin.get_queryset", lambda *args: 1 / 0)
    response = client.get(reverse("admin:messaging_conversation_changelist"))
    assert response.status_code == 500
    page = response.content.decode()
    assert "Something went wrong" in page
    assert "ZeroDivisionError" not in page


@pytest.mark.parametrize("query", ["sender__password__startswith=pbkdf2", "conversation__messages__content=x"])
def test_a_lookup_through_the_address_is_refused(client: Client, rita: Any, query: str) -> None:
    client.force_login(rita)
    response = client.get(f"{reverse('admin:messaging_message_changelist')}?{query}")
    assert response.status_code == 400
    assert "That was not understood" in response.content.decode()
