"""Lists of somebody's messages hold the same rows however they are found."""

from __future__ import annotations

from typing import Any

import pytest

from messaging import managers
from messaging.models import Conversation, Message
from messaging.tests.cast import make_user
from messaging.tests.conversations import answer, write

pytestmark = pytest.mark.django_db


def frequent_from(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FREQUENT", "FREQUENT_IN_CONVERSATIONS"):
        monkeypatch.setattr(managers, name, number)


@pytest.fixture
def stored(alice: Any, bob: Any, charlie: Any) -> None:
    """Conversations with and without Alice, in some of which others write as well."""
    first = write(alice, bob, minute=1)
    answer(answer(first, minute=2), sender=bob, receiver=charlie, minute=3)
    write(bob, charlie, "about alice", minute=4)
    write(charlie, bob, external_id="alice", minute=5)
    write(charlie, alice, minute=6)
    write(charlie, make_user("alice.b"), minute=7)
    write(bob, charlie, "about nobody", minute=8)


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize("model", [Message, Conversation])
def test_the_list_of_a_person_is_the_same_whether_they_wrote_much_or_little(
    model: Any, alice: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = set(model.objects.listed_of(alice))
    assert few == set(model.objects.of(alice))
    frequent_from(0, monkeypatch)
    assert set(model.objects.listed_of(alice.pk)) == few == set(model.objects.listed_of(str(alice.pk)))
