"""``manage.py setup``: turns an empty database into a console that one can sign in to; safe to repeat."""

from __future__ import annotations

import errno
import socket
from argparse import ArgumentParser
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.checks import Tags
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DEFAULT_DB_ALIAS, transaction
from django.db.models import F, Max
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import get_random_string

from messaging.models import Conversation, Message, MessageHistory, Notification
from ops.moderation import demo

STAFF = "staff"
LEGIBLE = "abcdefghjkmnpqrstuvwxyz23456789"  # no letters and digits that look alike
DEMO_AGE = timedelta(minutes=4)  # how long ago the demo's newest message was sent

WELCOME = """
  Threadward is ready.

    Sign in at  {address}
    Username    {username}
    Password    {password}

  The password is shown only now and stored nowhere; make password sets a new one.
"""


class Command(BaseCommand):
    help = (
        "Update the database and the roles, load labels if there are none, load the demo into an empty database (in "
        "development only), and create a staff account if there is none. Harmless to repeat."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="the address that the web server will listen on")
        parser.add_argument("--port", default=8000, type=int, help="its port; refused if another program uses it")

    def handle(self, *, host: str, port: int, **options: Any) -> None:
        refuse_taken_port(host, port)
        self.check(tags=[Tags.database], databases=[DEFAULT_DB_ALIAS])
        call_command("migrate", interactive=False, verbosity=0, stdout=self.stdout)
        call_command("setup_roles", stdout=self.stdout)
        call_command("load_labels", if_none=True, stdout=self.stdout)
        if settings.DEBUG:
            loaded = load_demo(now=timezone.now())
            if loaded:
                reports = demo.load(now=timezone.now())
                self.stdout.write(f"Loaded the demo: {loaded} messages between people who do not exist.")
                if reports:
                    self.stdout.write(f"Created {reports} reports of them for the queue.")
        else:
            call_command("collectstatic", interactive=False, verbosity=0, stdout=self.stdout)
        self._print_sign_in(f"http://{host}:{port}{reverse('admin:index')}", make_staff_account())

    def _print_sign_in(self, address: str, password: str | None) -> None:
        if password:
            self.stdout.write(WELCOME.format(address=address, username=STAFF, password=password))
            return
        staff = active_staff().order_by("username").values_list("username", flat=True)
        names, more = list(staff[:5]), max(staff.count() - 5, 0)
        people = ", ".join(names) + (f" and {more} more" if more else "")
        self.stdout.write(f"Sign in at {address} as {people}; make password NAME={names[0]} sets a new password.")


def refuse_taken_port(host: str, port: int) -> None:
    """Raise CommandError, with the remedy, if it is impossible to listen on ``host`` and ``port``."""
    if not 1 <= port <= 65535:
        raise CommandError(f"{port} is not a port: give one from 1 to 65535.")
    another = f"choose another: make run PORT={port + 1}"
    try:
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, port))
            listener.listen()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CommandError(f"Port {port} of {host} is taken by another program: stop it, or {another}.") from error
        raise CommandError(f"Cannot listen on port {port} of {host} ({error.strerror}): {another}.") from error


def load_demo(*, now: datetime) -> int:
    """Load fixtures/demo.json if there is neither a user nor a message; return how many messages were loaded.

    All times are shifted together, so that the newest message was sent shortly before ``now``.
    """
    if get_user_model().objects.exists() or Message.objects.exists():
        return 0
    with transaction.atomic():
        call_command("loaddata", "demo", verbosity=0)
        newest = Message.objects.aggregate(newest=Max("timestamp"))["newest"]
        move_in_time(now.replace(microsecond=0) - DEMO_AGE - newest)
    return Message.objects.count()


def move_in_time(distance: timedelta) -> None:
    """Shift every stored time of the demo by ``distance``, with one UPDATE per table; recounts conversations too."""
    get_user_model().objects.update(date_joined=F("date_joined") + distance)
    Conversation.objects.update(started_at=F("started_at") + distance)
    MessageHistory.objects.update(edited_at=F("edited_at") + distance)
    Notification.objects.update(created_at=F("created_at") + distance)
    Message.objects.update(timestamp=F("timestamp") + distance)


def active_staff() -> Any:
    """Return the users who may sign in to the console."""
    return get_user_model().objects.filter(is_staff=True, is_active=True)


def make_staff_account() -> str | None:
    """Create the superuser ``staff`` if nobody may sign in; return its new password, or None if somebody may.

    Raises CommandError if an account that may not sign in (a participant's, or an inactive one) has that name.
    """
    if active_staff().exists():
        return None
    if get_user_model().objects.filter(username=STAFF).exists():
        raise CommandError(
            f'Nobody may sign in to the console, and the account "{STAFF}" may not either: '
            "create another one with manage.py createsuperuser."
        )
    password = "-".join(get_random_string(4, LEGIBLE) for _ in range(4))
    get_user_model().objects.create_superuser(STAFF, password=password)
    return password
