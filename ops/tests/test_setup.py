"""``manage.py setup`` leaves an account for the console, shows its password once, and can be repeated."""

from __future__ import annotations

import re
import socket
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import authenticate, get_user_model
from django.core.management import CommandError, call_command
from django.core.management.base import SystemCheckError
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import QuerySet

from messaging.models import Conversation, Message, MessageHistory, Notification
from messaging.tests.cast import make_user
from messaging.tests.conversations import write
from ops.moderation.models import CannedReason, Label

User = get_user_model()


@pytest.fixture(autouse=True)
def development(settings: Any, db: Any) -> None:
    settings.DEBUG = True


@pytest.fixture
def port() -> int:
    """A free port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@pytest.fixture
def inhabited(alice: Any) -> None:
    """Create a person, so that the demo, which takes most of the time, is not loaded."""


def set_up(port: int) -> str:
    """Run the command and return its output."""
    output = StringIO()
    call_command("setup", port=port, stdout=output)
    return output.getvalue()


def password_in(output: str) -> str:
    found = re.search(r"^ *Password +(\S+)$", output, re.MULTILINE)
    assert found
    return found[1]


def everything() -> dict[str, Any]:
    models = (User, Conversation, Message, MessageHistory, Notification, Label, CannedReason)
    return {model.__name__: list(model._base_manager.order_by("pk").values()) for model in models}


def test_the_new_account_can_sign_in_after_setup(port: int, inhabited: None) -> None:
    output = set_up(port)
    assert f"Sign in at  http://127.0.0.1:{port}/console/" in output
    assert "Username    staff" in output
    staff = authenticate(username="staff", password=password_in(output))
    assert staff is not None
    assert (staff.is_staff, staff.is_superuser) == (True, True)


def test_the_password_is_long_and_another_one_every_time(port: int, inhabited: None) -> None:
    password = password_in(set_up(port))
    assert re.fullmatch(r"([a-z2-9]{4}-){3}[a-z2-9]{4}", password)
    QuerySet.delete(User.objects.filter(username="staff"))  # bypasses the rule that a superuser stays
    assert password_in(set_up(port)) != password


def test_a_database_that_an_older_version_left_half_migrated_is_refused(port: int, inhabited: None) -> None:
    MigrationRecorder(connection).record_unapplied("moderation", "0010_groups")
    before = everything()
    with pytest.raises(SystemCheckError, match=r"an older version.*\(moderation 22 of 23\)"):
        set_up(port)
    assert everything() == before


def test_the_password_is_kept_nowhere_in_clear(port: int, inhabited: None) -> None:
    password = password_in(set_up(port))
    assert password not in str(everything())


def test_an_empty_database_gets_the_demo(port: int) -> None:
    output = set_up(port)
    assert f"Loaded the demo: {Message.objects.count()} messages between people who do not exist." in output
    assert Message.objects.count() > 100
    assert authenticate(username="staff", password=password_in(output)) is not None


def test_labels_are_loaded_where_there_are_none(port: int, inhabited: None) -> None:
    output = set_up(port)
    assert "Added 11 labels and 13 canned reasons of the starting set." in output
    Label.objects.exclude(slug="spam").update(active=False)
    assert "Added" not in set_up(port)


def test_existing_labels_prevent_loading_the_default_labels(port: int) -> None:
    Label.objects.create(name="Rude", slug="rude")
    assert "labels" not in set_up(port)
    assert list(Label.objects.values_list("slug", flat=True)) == ["rude"]


def test_a_second_run_changes_nothing_and_shows_no_password(port: int) -> None:
    set_up(port)
    before = everything()
    assert set_up(port) == (
        f"Sign in at http://127.0.0.1:{port}/console/ as staff; make password NAME=staff sets a new password.\n"
    )
    assert everything() == before


def test_existing_messages_prevent_loading_the_demo(port: int, alice: Any, bob: Any) -> None:
    write(alice, bob)
    assert "Loaded the demo" not in set_up(port)
    assert Message.objects.count() == 1
    assert set(User.objects.values_list("username", flat=True)) == {"alice", "bob", "staff"}


def test_existing_staff_are_named_and_no_account_is_added(port: int) -> None:
    for number in range(7):
        make_user(f"reviewer {number}", is_staff=True)
    make_user("former reviewer", is_staff=True, is_active=False)
    output = set_up(port)
    assert "as reviewer 0, reviewer 1, reviewer 2, reviewer 3, reviewer 4 and 2 more;" in output
    assert "former" not in output
    assert not User.objects.filter(username="staff").exists()


def test_an_existing_participant_named_staff_is_not_taken_over(port: int) -> None:
    participant = make_user("staff")
    with pytest.raises(CommandError) as caught:
        set_up(port)
    assert str(caught.value) == (
        'Nobody may sign in to the console, and the account "staff" may not either: create another one with '
        "manage.py createsuperuser."
    )
    participant.refresh_from_db()
    assert not participant.is_staff


def test_production_setup_loads_no_demo_and_collects_static_files(port: int, settings: Any, tmp_path: Path) -> None:
    settings.DEBUG, settings.STATIC_ROOT = False, tmp_path
    output = set_up(port)
    assert "Loaded the demo" not in output
    assert list(User.objects.values_list("username", flat=True)) == ["staff"]
    assert (tmp_path / "admin" / "css" / "base.css").exists()


def test_a_taken_port_is_refused_before_anything_changes() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        taken = listener.getsockname()[1]
        with pytest.raises(CommandError) as caught:
            set_up(taken)
    assert str(caught.value) == (
        f"Port {taken} of 127.0.0.1 is taken by another program: stop it, or choose another: make run PORT={taken + 1}."
    )
    assert not User.objects.exists()


@pytest.mark.parametrize("number", [0, -1, 65_536])
def test_an_invalid_port_is_refused(number: int) -> None:
    with pytest.raises(CommandError) as caught:
        set_up(number)
    assert str(caught.value) == f"{number} is not a port: give one from 1 to 65535."
