"""A form that is sent after the end of a session is kept for its sender alone, until they sign in again."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection
from django.forms import BaseForm, PasswordInput
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from messaging.models import Message
from messaging.tests.conversations import write
from ops.accounts.erased import STEPS
from ops.accounts.kept import keeping, storing
from ops.accounts.models import KeptForm, Session, User
from ops.accounts.tests.ending import let_pass
from ops.conftest import make_staff

COMPOSE, KEPT = reverse("messaging:compose"), reverse("kept_forms")
TYPED = {"receiver": "bob", "content": "Dear <Bob> & all"}
IN_PAGE = "Dear &lt;Bob&gt; &amp; all"


@pytest.fixture
def writing(client: Client, alice: Any, bob: Any) -> Client:
    """The browser of Alice, whose session has just timed out."""
    client.force_login(alice)
    let_pass(30)
    return client


def send(client: Client, data: Any = None, address: str = COMPOSE, page: str = COMPOSE, **more: Any) -> str:
    """Send a form; return the page that it leads to."""
    headers = {"Referer": f"http://testserver{page}"}
    return client.post(address, data or TYPED, headers=headers, follow=True, **more).content.decode()


def sign_in(client: Client, name: str, page: str = COMPOSE) -> str:
    words = {"username": name, "password": f"{name}'s password", "next": page}
    return client.post("/sign-in/", words, follow=True).content.decode()


def test_an_automatically_saved_draft_is_not_kept(writing: Client) -> None:
    """It would replace the forms that people send themselves."""
    send(writing, {"draft": "new", **TYPED}, reverse("messaging:draft"))
    assert not KeptForm.objects.exists()
    send(writing)
    assert IN_PAGE in sign_in(writing, "alice")


@pytest.mark.parametrize("mode", ["cors", "same-origin", "no-cors"])
def test_background_requests_are_not_kept(writing: Client, mode: str) -> None:
    """A case's page posts its form by itself each minute, to renew the claim."""
    writing.post(COMPOSE, TYPED, headers={"Sec-Fetch-Mode": mode})
    assert not KeptForm.objects.exists()
    writing.post(COMPOSE, TYPED, headers={"Sec-Fetch-Mode": "navigate"})
    assert KeptForm.objects.count() == 1


def test_a_kept_form_is_filled_in_and_not_sent_automatically(writing: Client) -> None:
    assert "is kept for an hour: sign in, check it and send it again." in send(writing)
    page = sign_in(writing, "alice")
    assert f"{IN_PAGE}</textarea>" in page and 'value="bob"' in page
    assert "Filled in with what you sent before." in page
    assert not Message.objects.exists()
    send(writing)
    assert Message.objects.get().content == TYPED["content"]
    assert not KeptForm.objects.exists()
    assert IN_PAGE not in writing.get(COMPOSE).content.decode()


def test_a_kept_form_stays_until_it_is_sent(writing: Client) -> None:
    send(writing)
    sign_in(writing, "alice")
    for _ in range(2):
        assert IN_PAGE in writing.get(COMPOSE).content.decode()
        assert IN_PAGE not in writing.get(f"{COMPOSE}?to=bob").content.decode()


def test_a_cached_page_is_filled_in_and_the_cache_stays_empty(writing: Client, alice: Any, bob: Any) -> None:
    message = write(bob, alice)
    page, answer = (
        reverse("messaging:conversation", args=[message.conversation_id]),
        reverse("messaging:reply", args=[message.pk]),
    )
    send(writing, {"content": "my answer"}, answer, page)
    sign_in(writing, "alice", page)
    for _ in range(3):
        assert "\nmy answer</textarea>" in writing.get(page).content.decode()
    send(writing, {"content": "my answer"}, answer, page)
    assert "\nmy answer</textarea>" not in writing.get(page).content.decode()


def test_another_user_of_the_same_browser_does_not_see_the_form(writing: Client) -> None:
    send(writing)
    page = sign_in(writing, "bob")
    assert "Dear" not in page and "kept" not in page
    assert "Dear" not in writing.get(KEPT).content.decode()
    key = KeptForm.objects.get().pk
    writing.post(KEPT, {"kept": key})
    assert KeptForm.objects.filter(pk=key).exists()
    writing.post("/sign-out/")
    assert IN_PAGE in sign_in(writing, "alice")


def test_a_form_is_kept_after_another_page_ended_the_session(writing: Client) -> None:
    """The first request after the end signs out, so the form arrives without a session."""
    writing.get(reverse("messaging:inbox"))
    assert "You were signed out. What you sent was not passed on, but is kept" in send(writing)
    assert IN_PAGE in sign_in(writing, "alice")


def test_no_form_is_kept_after_signing_out(writing: Client, alice: Any) -> None:
    writing.force_login(alice)
    writing.post("/sign-out/")
    send(writing)
    assert not KeptForm.objects.exists()


def test_no_form_is_kept_an_hour_after_the_end_of_the_session(writing: Client) -> None:
    writing.get(reverse("messaging:inbox"))
    session = writing.session
    session["ended"] = (session["ended"][0], session["ended"][1] - 3600)
    session.save()
    send(writing)
    assert not KeptForm.objects.exists()


def test_a_form_is_kept_for_an_hour(writing: Client) -> None:
    send(writing)
    KeptForm.objects.update(kept_at=timezone.now() - timedelta(minutes=61))
    assert "Dear" not in sign_in(writing, "alice")
    call_command("forget_kept_forms")
    assert not KeptForm.objects.exists()


def test_the_same_command_deletes_expired_sessions(writing: Client) -> None:
    writing.get(reverse("messaging:inbox"))
    Session.objects.update(expire_date=timezone.now() - timedelta(minutes=1))
    call_command("forget_kept_forms")
    assert not Session.objects.exists()


# --- What is never kept --------------------------------------------------------------------------------------


def test_passwords_tokens_and_files_are_never_kept(writing: Client, alice: Any) -> None:
    secrets = {
        "password": "p",
        "new_password1": "p",
        "old_password": "p",
        "csrfmiddlewaretoken": "t",
        "usable_password": "p",
    }
    send(writing, {**TYPED, **secrets, "file": SimpleUploadedFile("a.txt", b"content")})
    [kept] = storing.kept_for(alice)
    assert kept.sent.fields == {name: [value] for name, value in TYPED.items()}


@pytest.mark.parametrize(
    "data",
    [
        {"content": "x" * (keeping.MOST_CHARACTERS + 1)},
        {"content": "x" * 3_000_000},
        {"content": ["x"] * (keeping.MOST_VALUES + 1)},
        {"content": " ", "receiver": ""},
        {"password": "alone"},
    ],
    ids=["large", "larger than a form", "many", "empty", "password"],
)
def test_large_and_empty_forms_are_not_kept_and_the_user_is_told(writing: Client, data: Any) -> None:
    assert "What you sent was not stored: sign in, and send it again." in send(writing, data)
    assert not KeptForm.objects.exists()


def test_the_longest_kept_text_is_restored_in_full(writing: Client) -> None:
    text = "ä" * 300_000
    send(writing, {**TYPED, "content": text})
    assert text in sign_in(writing, "alice")


@pytest.mark.parametrize(
    "address", ["/sign-in/", "/console/login/", "/sign-out/", "/confirm/", "/session/", "/nowhere/"]
)
def test_forms_of_some_addresses_are_not_kept(writing: Client, address: str) -> None:
    send(writing, {"username": "alice", "content": "x"}, address)
    assert not KeptForm.objects.exists()


def test_only_form_data_is_kept(writing: Client) -> None:
    writing.post(COMPOSE, '{"content": "x"}', content_type="application/json")
    assert not KeptForm.objects.exists()


def test_a_form_sent_by_another_site_is_not_kept(alice: Any, bob: Any) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    let_pass(30)
    strict.post(COMPOSE, TYPED)
    assert not KeptForm.objects.exists()


def test_no_form_is_kept_for_a_closed_account(writing: Client) -> None:
    User.objects.filter(username="alice").update(is_active=False)
    send(writing)
    assert not KeptForm.objects.exists()


def test_each_person_has_five_kept_forms_at_most(writing: Client, bob: Any) -> None:
    for number in range(8):
        send(writing, {**TYPED, "content": f"text {number}"})
    assert KeptForm.objects.count() == storing.MOST_PER_PERSON
    assert "\ntext 7</textarea>" in sign_in(writing, "alice")


@pytest.mark.parametrize("page", ["//evil.example/", "/\\evil.example/"])
def test_sign_in_does_not_redirect_to_another_site(writing: Client, alice: Any, page: str) -> None:
    response = writing.post(COMPOSE, TYPED, headers={"Referer": f"http://testserver{page}"})
    response = writing.post(response["Location"], {"username": "alice", "password": "alice's password"})
    assert response["Location"].startswith("/") and not response["Location"].startswith(("//", "/\\"))
    assert 'href="//' not in writing.get(KEPT).content.decode()


# --- Storing, encrypting and deleting ---------------------------------------------------------------------------------


def test_kept_forms_are_stored_encrypted(writing: Client, alice: Any) -> None:
    send(writing)
    stored = bytes(KeptForm.objects.get().sealed)
    # These texts cannot occur by chance in ciphertext: they are long, or have characters outside Base64.
    for raw in (stored, base64.urlsafe_b64decode(stored)):
        assert b"Dear <Bob>" not in raw and b"/messages/new/" not in raw
    assert [kept.sent.page for kept in storing.kept_for(alice)] == [COMPOSE]


def test_only_current_and_fallback_keys_decrypt_kept_forms(writing: Client, alice: Any, settings: Any) -> None:
    send(writing)
    old = settings.SECRET_KEY
    settings.SECRET_KEY = "another" * 10
    assert storing.kept_for(alice) == []
    assert "Dear" not in sign_in(writing, "alice")
    settings.SECRET_KEY_FALLBACKS = [old]
    assert len(storing.kept_for(alice)) == 1


def test_a_row_moved_to_another_account_cannot_be_decrypted(writing: Client, bob: Any) -> None:
    send(writing)
    KeptForm.objects.update(account_id=bob.pk)
    assert storing.kept_for(bob) == []


def test_an_erasure_removes_kept_forms_and_sessions(writing: Client, alice: Any) -> None:
    send(writing)
    [step] = [step for step in STEPS if step.name == "kept_forms"]
    person: Any = type("Person", (), {"user_id": alice.pk})
    assert step.do(person, None).result == "removed"  # type: ignore[union-attr]
    assert not KeptForm.objects.exists()
    [sessions] = [step for step in STEPS if step.name == "sessions"]
    sessions.do(person, None)
    assert not Session.objects.filter(account_id=alice.pk).exists()


def test_kept_forms_are_listed_and_can_be_discarded(writing: Client) -> None:
    send(writing, {**TYPED, "_save": "yes"}, page="/nowhere/")
    assert "see what was kept" in sign_in(writing, "alice")
    page = writing.get(KEPT).content.decode()
    assert IN_PAGE in page and "/nowhere/" in page
    page = writing.post(KEPT, {"kept": KeptForm.objects.get().pk}, follow=True).content.decode()
    assert "Discarded." in page and "Nothing is kept for you." in page
    assert writing.post(KEPT, {"kept": "nonsense"}).status_code == 302
    assert Client().get(KEPT)["Location"].startswith("/sign-in/")


# --- In the console --------------------------------------------------------------------------------------------------


def test_a_kept_form_is_hidden_after_losing_the_permission(client: Client, alice: Any, bob: Any) -> None:
    """A correction contains other people's words: somebody who has lost the role since cannot read it here."""
    message = write(alice, bob)
    lena = make_staff("lena", "view_message", "change_message")
    page = reverse("admin:messaging_message_change", args=[message.pk])
    client.force_login(lena)
    let_pass(30)
    assert "is kept for an hour" in send(client, {"content": "corrected"}, page, page)
    client.force_login(User.objects.get(pk=lena.pk))
    assert "\ncorrected</textarea>" in client.get(page).content.decode()
    assert '<details class="correct" open>' in client.get(page).content.decode()
    lena.user_permissions.clear()
    assert client.get(page).status_code == 403
    assert "corrected" not in client.get(KEPT).content.decode()


def test_an_expired_confirmation_keeps_the_form(client: Client, rosa: Any) -> None:
    client.force_login(rosa)
    page = reverse("admin:auth_group_add")
    client.post(reverse("confirm"), {"password": "rosa's password"})
    session = client.session
    session["confirmed_at"] -= 16 * 60
    session.save()
    asked = send(client, {"name": "Helpers"}, page, page)
    assert "Confirm it, then check the form, which is filled in again." in asked
    client.post(reverse("confirm"), {"password": "wrong", "next": page})
    back = client.post(reverse("confirm"), {"password": "rosa's password", "next": page}, follow=True).content.decode()
    assert 'value="Helpers"' in back and "Filled in with what you sent before." in back
    send(client, {"name": "Helpers"}, page, page)
    assert not KeptForm.objects.exists()


def test_a_late_htmx_form_is_kept_for_its_page(client: Client, rita: Any, bob: Any) -> None:
    client.force_login(rita)
    let_pass(30)
    headers = {"HX-Request": "true", "Sec-Fetch-Mode": "cors", "HX-Current-URL": f"http://testserver{COMPOSE}"}
    response = client.post(COMPOSE, TYPED, headers=headers)
    assert response["HX-Refresh"] == "true"
    client.force_login(rita)
    assert IN_PAGE in client.get(COMPOSE).content.decode()


def test_pages_run_no_extra_query_without_kept_forms(client: Client, alice: Any) -> None:
    client.force_login(alice)
    client.get(COMPOSE)
    with CaptureQueriesContext(connection) as queries:
        client.get(COMPOSE)
    assert not [query for query in queries if "keptform" in query["sql"]]


def test_every_password_field_is_recognised_as_secret() -> None:
    asked = [
        name
        for form in every_form(BaseForm)
        for name, field in getattr(form, "base_fields", {}).items()
        if isinstance(field.widget, PasswordInput)
    ]
    assert {"password", "old_password", "new_password1"} <= set(asked)
    assert [name for name in asked if not keeping.SECRET.search(name)] == []


def every_form(of: Any) -> Iterator[Any]:
    for form in of.__subclasses__():
        yield form
        yield from every_form(form)
