"""The user who is signed in when a text changes is named in its history."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from messaging.editors import EditorMiddleware, current_editor_id, editing_as
from messaging.models import Message
from messaging.tests.conversations import write

pytestmark = pytest.mark.django_db


def request_of(user: Any) -> HttpRequest:
    request = HttpRequest()
    request.user = user
    return request


def change(request: HttpRequest) -> HttpResponse:
    Message.objects.update(content="changed")
    return HttpResponse()


def test_no_editor_is_named_outside_of_a_request() -> None:
    assert current_editor_id() is None


def test_a_change_made_in_a_request_names_the_signed_in_user(alice: Any, bob: Any) -> None:
    message = write(alice, bob)
    EditorMiddleware(change)(request_of(alice))
    assert message.histories.get().edited_by == alice


def test_a_change_made_without_signing_in_names_no_editor(alice: Any, bob: Any) -> None:
    message = write(alice, bob)
    EditorMiddleware(change)(request_of(AnonymousUser()))
    assert message.histories.get().edited_by is None


def test_no_editor_is_named_after_a_failed_request(alice: Any) -> None:
    def fail(request: HttpRequest) -> HttpResponse:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        EditorMiddleware(fail)(request_of(alice))
    assert current_editor_id() is None


def test_a_request_that_changes_nothing_does_not_look_the_user_up(alice: Any) -> None:
    def look_up() -> Any:
        raise AssertionError("looked up for nothing")

    response = EditorMiddleware(lambda request: HttpResponse("read"))(request_of(SimpleLazyObject(look_up)))
    assert response.content == b"read"


def test_the_inner_of_two_blocks_names_the_editor(alice: Any, bob: Any) -> None:
    with editing_as(alice):
        with editing_as(bob):
            assert current_editor_id() == bob.pk
        with editing_as(None):
            assert current_editor_id() is None
        assert current_editor_id() == alice.pk
