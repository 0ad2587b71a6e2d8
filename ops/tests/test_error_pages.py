"""Error pages show an explanation in the site's look, never a traceback."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from ops.audit.context import ReferenceFilter
from ops.audit.recording import NotRecorded
from ops.conftest import make_staff

HOME, OWN_DELETION = f'<a class="button" href="{reverse("admin:index")}">Home</a>', "Delete my account"
MESSAGES = reverse("admin:messaging_message_changelist")


@pytest.fixture
def lena(db: Any) -> Any:
    """Lena may place holds and read messages, but not list users."""
    return make_staff("lena", "view_message", "hold_account")


@pytest.mark.django_db
def test_an_unknown_address_says_so(client: Client) -> None:
    response = client.get("/nowhere/")
    assert response.status_code == 404
    assert "There is no such page" in response.content.decode()


def test_a_refused_page_says_whom_to_ask(client: Client, nils: Any) -> None:
    client.force_login(nils)
    response = client.get(reverse("admin:messaging_conversation_changelist"))
    assert response.status_code == 403
    assert "ask an administrator" in response.content.decode()


def test_a_form_without_its_token_says_what_to_do(rita: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(rita)
    response = client.post(reverse("admin:password_change"), {})
    assert response.status_code == 403
    page = response.content.decode()
    assert "This form is out of date" in page
    assert HOME in page and OWN_DELETION not in page


def test_a_server_error_shows_the_reference_of_the_log(
    client: Client, rita: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.handler.addFilter(ReferenceFilter())
    client.force_login(rita)
    client.raise_request_exception = False
    monkeypatch.setattr("ops.admin.conversations.ConversationAdmin.get_queryset", lambda *args: 1 / 0)
    response = client.get(reverse("admin:messaging_conversation_changelist"))
    assert response.status_code == 500
    page = response.content.decode()
    assert "Something went wrong" in page
    assert "ZeroDivisionError" not in page
    reference = response["X-Request-ID"]
    assert f"(reference <code>{reference}</code>)" in page
    assert [vars(record)["reference"] for record in caplog.records if record.name == "django.request"] == [
        f" [{reference}]"
    ]


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/console/nowhere/", 404),
        ("/console/r/1/999/", 404),
        (reverse("admin:accounts_user_changelist"), 403),
    ],
)
def test_staff_in_the_console_stay_in_the_console(client: Client, lena: Any, address: str, status: int) -> None:
    """Error pages there have its menu and a link to Home, but no link to delete one's own account."""
    client.force_login(lena)
    response = client.get(address)
    page = response.content.decode()
    assert response.status_code == status
    assert HOME in page
    assert f'href="{MESSAGES}"' in page and "participant.css" not in page
    assert OWN_DELETION not in page


def test_a_failure_to_record_is_explained_in_the_console(client: Client, rita: Any, monkeypatch: Any) -> None:
    client.force_login(rita)

    def refuse(*args: Any) -> None:
        raise NotRecorded

    monkeypatch.setattr("ops.admin.conversations.ConversationAdmin.get_queryset", refuse)
    response = client.get(reverse("admin:messaging_conversation_changelist"))
    page = response.content.decode()
    assert (response.status_code, "Not shown, and nothing was changed" in page) == (503, True)
    assert HOME in page and OWN_DELETION not in page


@pytest.mark.parametrize("address", ["/messages/999999/", "/nowhere/"])
def test_error_pages_outside_the_console_are_those_of_participants(
    client: Client, rita: Any, alice: Any, address: str
) -> None:
    for user in (rita, alice):
        client.force_login(user)
        response = client.get(address)
        page = response.content.decode()
        assert (response.status_code, "There is no such page" in page) == (404, True)
        assert OWN_DELETION in page and HOME not in page


def test_error_pages_show_participants_nothing_of_the_console(client: Client, alice: Any) -> None:
    client.force_login(alice)
    page = client.get("/console/nowhere/", follow=True).content.decode()
    assert HOME not in page and "breadcrumb" not in page


@pytest.mark.django_db
def test_a_request_with_an_unknown_host_is_refused_in_words(client: Client) -> None:
    response = client.get("/console/", headers={"host": "elsewhere.example.org"})
    assert response.status_code == 400
    assert "This request is not valid" in response.content.decode()


def test_a_refusal_takes_one_line_of_the_log(
    client: Client, rita: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """An error is logged with its traceback, and so is a refusal whose page cannot be rendered."""
    client.force_login(rita)
    client.raise_request_exception = False
    client.get(reverse("admin:accounts_user_changelist"))
    with monkeypatch.context() as patch:
        patch.setattr("ops.console.site.ConsoleSite.each_context", lambda *args: 1 / 0)
        client.get(reverse("admin:accounts_user_changelist"))
    monkeypatch.setattr("ops.admin.conversations.ConversationAdmin.get_queryset", lambda *args: 1 / 0)
    client.get(reverse("admin:messaging_conversation_changelist"))
    logged = [(record.levelname, record.exc_text or "") for record in caplog.records if record.name == "django.request"]
    assert [level for level, _ in logged] == ["WARNING", "ERROR", "ERROR"]
    assert logged[0][1] == ""
    assert "PermissionDenied" in logged[1][1]
    assert "ZeroDivisionError" in logged[2][1]
