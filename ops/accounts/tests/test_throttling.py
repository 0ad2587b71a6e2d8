"""Password guessing is slow: a few tries per 15 minutes, and nobody is locked out by failures from elsewhere."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.core.management import call_command
from django.db import connection
from django.db.models import F
from django.test import Client, RequestFactory
from django.urls import reverse

from messaging.tests.cast import make_user
from messaging.tests.concurrency import run_concurrently
from ops.accounts.models import FailedSignIn
from ops.accounts.signing_in import throttling
from ops.accounts.signing_in.throttling import client_network
from ops.tests.asking import empty_pages

PARTICIPANTS, STAFF = reverse("login"), reverse("admin:login")
REFUSED = re.compile(r"Too many tries failed\. Try again in 15 minutes, at \d\d:\d\d \(UTC\)\.")
HERE, ELSEWHERE = "192.0.2.1", "192.0.2.2"


@pytest.fixture
def dora(db: Any) -> Any:
    """Dora is staff."""
    return make_user("dora", is_staff=True)


def send(username: str, password: str, *, page: str = PARTICIPANTS, address: str = HERE) -> tuple[bool, str]:
    """Return whether these credentials sign in, from a fresh browser, and the page."""
    client = Client(REMOTE_ADDR=address)
    response = client.post(page, {"username": username, "password": password})
    return "_auth_user_id" in client.session, response.content.decode()


def signs_in(username: str, **where: str) -> bool:
    return send(username, f"{username}'s password", **where)[0]


def fail(times: int, username: str, **where: str) -> str:
    """Send a wrong password so many times; return the last page, the only one rendered."""
    with empty_pages():
        for number in range(1, times):
            send(username, f"guess {number}", **where)
    return send(username, "the last guess", **where)[1]


@pytest.fixture
def seven_of_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse an address after seven failures; one test covers the real limit of fifty."""
    monkeypatch.setattr(throttling, "MOST_PER_ADDRESS", 7)


def let_pass(minutes: float) -> None:
    FailedSignIn.objects.update(at=F("at") - timedelta(minutes=minutes))


@pytest.mark.parametrize("page", [PARTICIPANTS, STAFF])
def test_after_five_failures_the_right_password_is_refused_too(dora: Any, page: str) -> None:
    assert not REFUSED.search(fail(4, "dora", page=page))
    assert REFUSED.search(fail(1, "dora", page=page))
    signed_in, words = send("dora", "dora's password", page=page)
    assert not signed_in
    assert REFUSED.search(words)


def test_both_sign_in_pages_count_together(dora: Any) -> None:
    fail(3, "dora", page=STAFF)
    fail(2, "dora", page=PARTICIPANTS)
    assert not signs_in("dora", page=STAFF)


def test_guessing_a_participants_password_at_the_console_counts(alice: Any) -> None:
    """The console admits no participants, but its sign-in page could reveal whether a password is right."""
    fail(5, "alice", page=STAFF)
    assert not signs_in("alice")


def test_a_right_password_of_a_participant_at_the_console_is_a_failure(alice: Any) -> None:
    for _ in range(5):
        send("alice", "alice's password", page=STAFF)
    assert not signs_in("alice")


def test_sign_in_is_possible_again_after_15_minutes(dora: Any) -> None:
    fail(5, "dora")
    let_pass(14.9)
    assert not signs_in("dora")
    let_pass(0.1)
    assert signs_in("dora")


def test_the_remaining_wait_is_stated(dora: Any) -> None:
    fail(5, "dora")
    let_pass(14)
    assert "Try again in 1 minute, at" in fail(1, "dora")


def test_further_tries_do_not_prolong_the_wait(dora: Any) -> None:
    fail(5, "dora")
    let_pass(10)
    fail(20, "dora")
    let_pass(5)
    assert signs_in("dora")


def test_failures_from_another_address_do_not_block_a_user(dora: Any, seven_of_an_address: None) -> None:
    fail(7, "dora", address=ELSEWHERE)
    fail(3, "somebody else", address=ELSEWHERE)
    assert signs_in("dora", address=HERE)


def test_an_unknown_account_gets_the_same_answers(dora: Any) -> None:
    for number in range(7):
        existing, other = (send(name, f"guess {number}")[1] for name in ("dora", "nora"))
        assert comparable(existing) == comparable(other.replace("nora", "dora"))


def comparable(page: str) -> str:
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"|at \d\d:\d\d', "", page)


def test_a_disabled_account_gets_the_same_refusal(dora: Any) -> None:
    dora.is_active = False
    dora.save()
    assert REFUSED.search(fail(5, "dora"))


def test_similar_names_are_counted_separately(db: Any) -> None:
    for name in ("jamie", "Jamie", "ﬁne", "fine"):
        make_user(name)
    fail(5, "jamie")
    fail(5, "ﬁne")
    assert signs_in("Jamie") and signs_in("fine")
    assert not signs_in("jamie") and not signs_in("ﬁne")


def test_an_address_with_fifty_failures_is_refused_for_all_accounts(dora: Any) -> None:
    with empty_pages():
        for number in range(49):
            fail(1, f"person {number}")
    assert signs_in("dora")
    fail(1, "person 49")
    signed_in, words = send("dora", "dora's password")
    assert not signed_in
    assert REFUSED.search(words)
    assert signs_in("dora", address=ELSEWHERE)


def test_the_longer_of_two_waits_is_stated(dora: Any, seven_of_an_address: None) -> None:
    for number in range(2):
        fail(1, f"person {number}")
    let_pass(10)
    assert "Try again in 15 minutes" in fail(5, "dora")


def test_signing_in_to_an_own_account_does_not_reset_the_address(
    alice: Any, dora: Any, seven_of_an_address: None
) -> None:
    """Signing in clears the failures of that account only."""
    for number in range(7):
        fail(1, f"person {number}")
        if number < 6:
            assert signs_in("alice")
    assert not signs_in("alice")


def test_signing_in_clears_the_failures_of_the_account(dora: Any) -> None:
    fail(4, "dora")
    assert signs_in("dora")
    assert not FailedSignIn.objects.exists()
    assert not REFUSED.search(fail(4, "dora"))


def test_stored_failures_name_no_one_and_expire(dora: Any) -> None:
    """People type passwords into the wrong field."""
    send("a secret of dora", "another secret", address="192.0.2.77")
    stored = str(FailedSignIn.objects.values_list().get())
    assert "secret" not in stored and "192.0.2" not in stored
    let_pass(15)
    fail(1, "somebody else")
    assert FailedSignIn.objects.count() == 1
    let_pass(15)
    call_command("forget_kept_forms")
    assert not FailedSignIn.objects.exists()


@pytest.mark.parametrize("page", [PARTICIPANTS, STAFF])
def test_a_name_of_any_length_is_refused_with_a_sentence(db: Any, page: str) -> None:
    words = fail(1, "x" * 100_000, page=page)
    assert "Please enter" in words
    assert REFUSED.search(fail(4, "x" * 100_000, page=page))


def test_addresses_of_one_ipv6_network_count_together(dora: Any) -> None:
    for number in range(5):
        fail(1, "dora", address=f"2001:db8:0:7::{number}")
    assert not signs_in("dora", address="2001:db8:0:7:ffff::1")
    assert signs_in("dora", address="2001:db8:0:8::1")


@pytest.mark.parametrize(
    ("address", "network"),
    [("::ffff:192.0.2.1", "192.0.2.1"), ("::1", "::/64"), ("", ""), ("/run/socket", "")],
)
def test_every_kind_of_address_is_counted(address: str, network: str) -> None:
    assert client_network(RequestFactory(REMOTE_ADDR=address).get("/")) == network


def test_forwarded_addresses_are_ignored_without_a_proxy(dora: Any, settings: Any) -> None:
    for number in range(5):
        headers = {"X-Forwarded-For": f"198.51.100.{number}"}
        Client(headers=headers, REMOTE_ADDR=HERE).post(PARTICIPANTS, {"username": "dora", "password": "guess"})
    assert not signs_in("dora")


def test_clients_behind_a_proxy_are_distinguished(dora: Any, settings: Any) -> None:
    settings.BEHIND_PROXY = True
    for number in range(5):
        headers = {"X-Forwarded-For": f"198.51.100.{number}, 203.0.113.9"}
        Client(headers=headers).post(PARTICIPANTS, {"username": "dora", "password": "guess"})
    words = {"username": "dora", "password": "dora's password"}
    same, other = (Client(headers={"X-Forwarded-For": seen}) for seen in ("203.0.113.9", "203.0.113.10"))
    same.post(PARTICIPANTS, words)
    other.post(PARTICIPANTS, words)
    assert ("_auth_user_id" in same.session, "_auth_user_id" in other.session) == (False, True)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer at a time")
def test_concurrent_tries_are_limited() -> None:
    """Twenty browsers that guess simultaneously get no more than the five tries of one."""
    looked_at = []
    make_user("alice")

    def guess() -> None:
        request = RequestFactory(REMOTE_ADDR=HERE).post(PARTICIPANTS)
        if authenticate(request, username="alice", password="alice's password"):
            looked_at.append(request)

    failures = [failure for failure in run_concurrently(*[guess] * 20) if failure]
    assert not failures
    assert len(looked_at) <= 5


def test_throttling_adds_three_queries_to_a_sign_in(dora: Any, django_assert_num_queries: Any) -> None:
    request = RequestFactory(REMOTE_ADDR=HERE).post(PARTICIPANTS)
    with django_assert_num_queries(4):  # delete old failures, count this one, check the others; and fetch the user
        authenticate(request, username="dora", password="dora's password")


@pytest.mark.postgresql
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="asks PostgreSQL's planner")
def test_counting_failures_of_an_address_uses_an_index(db: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = FailedSignIn.objects.filter(address="a").order_by("-at")[:50].explain()
    assert "failed_sign_in_address" in plan
