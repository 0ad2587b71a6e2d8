"""Entries record the request they came from; headers that anybody can send are trusted only behind our proxy."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from ops.audit import context, recording
from ops.audit.context import AuditMiddleware, Facts
from ops.audit.events import Event
from ops.audit.models import Entry


def facts(**headers: str) -> Facts:
    return context.facts_of(RequestFactory().get("/", **headers))  # type: ignore[arg-type]


def test_entries_of_a_request_share_its_action_and_facts(rita: Any, settings: Any) -> None:
    settings.BEHIND_PROXY = True
    entries: list[Entry] = []

    def view(request: HttpRequest) -> HttpResponse:
        entries.extend(recording.record(Event.RECORD_CHANGED, actor=rita) for _ in range(2))
        return HttpResponse()

    request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.7", HTTP_USER_AGENT="Browser", HTTP_X_REQUEST_ID="abc-1")
    response = AuditMiddleware(view)(request)
    own_id = response.headers["X-Request-ID"]
    assert re.fullmatch(r"abc-1\.[0-9a-f]{16}", own_id)
    assert {(entry.request_id, entry.ip, entry.user_agent) for entry in entries} == {(own_id, "192.0.2.7", "Browser")}
    assert len({entry.action for entry in entries}) == 1
    assert context.current().request_id == ""


@pytest.mark.parametrize("given", ["", "two words", "x" * 48, "line\r\nbreak", "<b>"])
def test_an_invalid_request_id_is_replaced(given: str, settings: Any) -> None:
    settings.BEHIND_PROXY = True
    assert re.fullmatch(r"[0-9a-f]{32}", facts(HTTP_X_REQUEST_ID=given).request_id)


def test_a_request_id_is_accepted_only_from_a_proxy(settings: Any) -> None:
    settings.BEHIND_PROXY = False
    assert re.fullmatch(r"[0-9a-f]{32}", facts(HTTP_X_REQUEST_ID="abc-1").request_id)


def test_two_requests_with_one_id_are_distinguished(settings: Any) -> None:
    settings.BEHIND_PROXY = True
    longest = "x" * 47
    first, second = (facts(HTTP_X_REQUEST_ID=longest).request_id for _ in range(2))
    assert first != second
    assert {one.rpartition(".")[0] for one in (first, second)} == {longest}
    assert max(len(first), len(second)) <= 64  # Entry.request_id


def test_forwarded_addresses_are_ignored_without_a_proxy(settings: Any) -> None:
    settings.BEHIND_PROXY = False
    assert facts(REMOTE_ADDR="192.0.2.7", HTTP_X_FORWARDED_FOR="198.51.100.1").ip == "192.0.2.7"


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ("198.51.100.1", "198.51.100.1"),
        ("10.0.0.1, 198.51.100.1", "198.51.100.1"),  # the first was sent by the client
        ("2001:DB8:0:0::1", "2001:db8::1"),
        ("nonsense", "192.0.2.7"),
        ("", "192.0.2.7"),
    ],
)
def test_the_proxy_supplies_the_client_address(settings: Any, forwarded: str, address: str) -> None:
    settings.BEHIND_PROXY = True
    assert facts(REMOTE_ADDR="192.0.2.7", HTTP_X_FORWARDED_FOR=forwarded).ip == address


@pytest.mark.parametrize(("given", "address"), [("", ""), ("unix:", ""), ("fe80::1%eth0", "fe80::1")])
def test_an_address_is_valid_or_empty(given: str, address: str) -> None:
    assert facts(REMOTE_ADDR=given).ip == address
