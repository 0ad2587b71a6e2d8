"""Users in the console: their rows, who may change whom, and usernames exactly as they are."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from messaging.models import Message
from messaging.tests.cast import make_user
from messaging.tests.conversations import START, answer, write
from ops.accounts.models import User
from ops.conftest import confirm, make_staff
from ops.deletion import approval, holds
from ops.deletion.models import DeletionRequest
from ops.deletion.tests.deleting import ask, work_on
from ops.deletion.tests.screens import words

LIST = reverse("admin:accounts_user_changelist")


@pytest.fixture
def sue(db: Any) -> Any:
    """Sue supports users: she sees, adds, changes and deletes accounts."""
    return make_staff("sue", "view_user", "add_user", "change_user", "delete_user")


@pytest.fixture
def supporting(client: Client, sue: Any) -> Client:
    client.force_login(sue)
    return confirm(client, "sue")


def address(user: Any) -> str:
    return reverse("admin:accounts_user_change", args=[user.pk])


def test_a_row_counts_what_a_person_sent_received_and_has_not_read(supporting: Client, alice: Any, bob: Any) -> None:
    first = write(alice, bob, minute=1)
    answer(first, minute=2, read=True)
    write(bob, alice, minute=3)
    rows = {row.username: row for row in supporting.get(LIST).context["cl"].result_list}
    assert (rows["alice"].sent, rows["alice"].received, rows["alice"].unread) == (1, 2, 1)
    assert (rows["bob"].sent, rows["bob"].received, rows["bob"].unread) == (2, 1, 1)
    assert rows["alice"].last_active == first.timestamp > START
    assert rows["sue"].last_active is None


def test_the_list_takes_at_most_nine_queries_for_any_number_of_rows(
    supporting: Client, alice: Any, django_assert_max_num_queries: Any, django_assert_num_queries: Any
) -> None:
    supporting.get(LIST)  # the theme is read once per process
    with django_assert_max_num_queries(9) as few:  # one of them counts pending approvals
        supporting.get(LIST)
    for number in range(60):
        write(make_user(f"person {number}"), alice, minute=number)
        holds.place(User.objects.get(username=f"person {number}"), kind="legal", reason="Case 4", by=None)
    with django_assert_num_queries(len(few)):
        page = supporting.get(LIST)
    assert len(page.context["cl"].result_list) == 50


def test_a_row_names_holds_and_requested_deletions_of_an_account(
    supporting: Client, sue: Any, rosa: Any, alice: Any, bob: Any, charlie: Any
) -> None:
    """Accounts are called "not active" only if somebody closed them."""
    for user, way in ((alice, "erase"), (bob, "anonymise")):
        ask(user, by=sue, mode=way)
    holds.place(alice, kind="legal", reason="Case 4", by=sue)
    holds.place(charlie, kind="legal", reason="Case 4", by=sue)
    holds.lift(holds.place(rosa, kind="legal", reason="Case 5", by=sue), reason="Settled", by=sue)
    approval.approve(DeletionRequest.objects.get(user=bob), by=rosa)
    work_on(DeletionRequest.objects.get(user=bob))
    make_user("dora", is_active=False)
    response = supporting.get(LIST)
    page = words(response)
    assert "accounts/accounts.css" in response.content.decode()  # colours them
    for phrase in (
        "alice … to be deleted ‖ on hold 0", "charlie ‖ on hold 0", "Deleted user 1 ✕ anonymised 0",
        "dora not active 0", "rosa superuser 0",
    ):  # fmt: skip
        assert phrase in page
    assert page.count("not active") == 1
    assert "… to be deleted ‖ on hold" in words(supporting.get(address(alice)))
    assert "not active" in words(supporting.get(address(User.objects.get(username="dora"))))


def test_dates_are_written_as_everywhere_in_the_console(supporting: Client) -> None:
    """This holds although the page is Django's own."""
    moment = datetime(2026, 11, 5, 15, 0, 59, tzinfo=UTC)
    shown = words(supporting.get(address(make_user("dora", date_joined=moment, last_login=moment))))
    assert "Joined: 5 November 2026, 15:00 " in shown and "Last sign-in: 5 November 2026, 15:00" in shown


@pytest.mark.parametrize(
    ("query", "found"),
    [("q=LIC", ["alice"]), ("q=example.org", ["dora"]), ("active=no", ["dora"]), ("staff=yes", ["sue"])],
)
def test_people_are_found(supporting: Client, alice: Any, query: str, found: list[str]) -> None:
    make_user("dora", email="dora@example.org", is_active=False)
    assert [row.username for row in supporting.get(f"{LIST}?{query}").context["cl"].result_list] == found


def test_the_next_page_begins_after_the_last_name(supporting: Client) -> None:
    for number in range(55):
        make_user(f"person {number:02}~")
    first = supporting.get(LIST).context["cl"]
    second = supporting.get(f"{LIST}{first.pages['next']}").context["cl"]
    names = [row.username for row in (*first.result_list, *second.result_list)]
    assert names == sorted([*(f"person {number:02}~" for number in range(55)), "sue"])


def test_a_page_of_a_user_counts_their_messages(supporting: Client, alice: Any, bob: Any) -> None:
    write(alice, bob)
    assert "1 sent" in supporting.get(address(alice)).content.decode()


def test_conversations_of_a_user_are_linked_for_those_who_may_read_them(
    supporting: Client, client: Client, alice: Any, rosa: Any
) -> None:
    conversations = f"/console/messaging/conversation/?participant={alice.pk}"
    for page in (LIST, address(alice)):
        assert conversations not in supporting.get(page).content.decode()
    client.force_login(rosa)
    for page in (LIST, address(alice)):
        assert conversations in client.get(page).content.decode()


@pytest.mark.parametrize("username", ["[set]", "s|k", "ﬁlip ９", "José\u0301", "Jamie"])
def test_a_username_is_kept_as_it_is_typed(supporting: Client, username: str) -> None:
    """Django's own forms would change some of these letters to their normal form."""
    make_user("jamie")
    data = {"username": username, "usable_password": "false"}
    supporting.post(reverse("admin:accounts_user_add"), data)
    assert User.objects.filter(username=username).exists()


@pytest.mark.parametrize(
    ("username", "sentence"),
    [
        (" alice", "The username begins or ends with a blank: remove it."),
        ("a\u202eb", "The username holds a character that cannot be seen (U+202E): remove it."),
    ],
)
def test_a_username_that_cannot_be_one_is_refused_with_a_sentence(
    supporting: Client, username: str, sentence: str
) -> None:
    page = supporting.post(reverse("admin:accounts_user_add"), {"username": username, "usable_password": "false"})
    assert sentence in page.content.decode()
    assert not User.objects.filter(username=username).exists()


def test_only_a_superuser_hands_out_roles(supporting: Client, client: Client, alice: Any, rosa: Any) -> None:
    data = {"username": "alice", "is_active": "on", "is_staff": "on", "is_superuser": "on"}
    supporting.post(address(alice), data)
    alice.refresh_from_db()
    assert (alice.is_staff, alice.is_superuser) == (False, False)
    client.force_login(rosa)
    confirm(client, "rosa").post(address(alice), data)
    alice.refresh_from_db()
    assert (alice.is_staff, alice.is_superuser) == (True, True)


def test_a_superusers_account_is_only_changed_by_a_superuser(supporting: Client, rosa: Any) -> None:
    """Anybody who could set that password could do everything."""
    assert supporting.post(address(rosa), {"username": "mine", "is_active": "on"}).status_code == 403
    password = reverse("admin:auth_user_password_change", args=[rosa.pk])
    data = {"password1": "a new passphrase", "password2": "a new passphrase", "usable_password": "true"}
    assert supporting.post(password, data).status_code == 403
    rosa.refresh_from_db()
    assert rosa.username == "rosa"
    assert rosa.check_password("rosa's password")


def test_only_a_superuser_sets_the_password_of_another_person(
    supporting: Client, client: Client, alice: Any, rosa: Any
) -> None:
    """Anybody who knows it can read that person's messages, which the role Support does not show."""
    password = reverse("admin:auth_user_password_change", args=[alice.pk])
    data = {"password1": "a new passphrase", "password2": "a new passphrase", "usable_password": "true"}
    assert "Reset password" not in supporting.get(address(alice)).content.decode()
    assert supporting.get(password).status_code == 403
    assert supporting.post(password, data).status_code == 403
    alice.refresh_from_db()
    assert alice.check_password("alice's password")
    client.force_login(rosa)
    assert "Reset password" in confirm(client, "rosa").get(address(alice)).content.decode()
    client.post(password, data)
    alice.refresh_from_db()
    assert alice.check_password("a new passphrase")


def test_deleting_a_superuser_is_not_offered_to_others(supporting: Client, alice: Any, rosa: Any) -> None:
    own = reverse("admin:accounts_user_delete", args=[alice.pk])
    assert f'href="{own}"' in supporting.get(address(alice)).content.decode()
    assert "Request deletion" not in supporting.get(address(rosa)).content.decode()


def test_the_reason_for_a_hold_needs_a_permission(supporting: Client, alice: Any) -> None:
    holder = make_staff("hanna", "view_user", "hold_account")
    holds.place(alice, kind="legal", reason="The case of the blue bicycle", by=holder)
    page = supporting.get(address(alice)).content.decode()
    assert "on hold" in page
    assert "blue bicycle" not in page
    supporting.force_login(holder)
    assert "blue bicycle" in supporting.get(address(alice)).content.decode()


def test_opening_a_user_does_not_mark_their_messages_as_read(supporting: Client, alice: Any, bob: Any) -> None:
    write(alice, bob)
    supporting.get(address(bob))
    assert Message.unread.unread_for_user(bob).count() == 1
