"""A table that was emptied in a database shell is counted again."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from messaging.models import Message
from messaging.tests.cast import make_user
from messaging.tests.conversations import write
from ops.dashboard.figures import messages
from ops.dashboard.models import Keeping, Noted
from ops.dashboard.periods import Period

pytestmark = pytest.mark.django_db


def counted() -> int:
    call_command("keep_figures", verbosity=0)
    assert not Noted.objects.exists()
    return messages.sent(Period.of_days(2)).total


def empty() -> None:
    """Empty the table of messages, on PostgreSQL as in a database shell."""
    connection.check_constraints()  # a test defers these checks to its end, and TRUNCATE refuses while they are pending
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("TRUNCATE messaging_message CASCADE")
        else:
            Message.objects.all().delete()


def test_an_emptied_table_is_recounted() -> None:
    alice, bob = make_user("alice"), make_user("bob")
    for _ in range(3):
        write(alice, bob, timestamp=timezone.now())
    assert counted() == 3
    empty()
    assert Noted.objects.exists()
    assert counted() == 0
    write(alice, bob, timestamp=timezone.now())
    assert counted() == 1


def test_a_table_that_was_never_counted_is_not_noted_as_emptied() -> None:
    Keeping.objects.all().delete()
    empty()
    assert not Noted.objects.filter(family="all").exists()
