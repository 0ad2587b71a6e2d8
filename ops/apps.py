from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.contrib.admin import apps as admin_apps
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy

from ops.console.rooms import NOTHING_PERSONAL, ON_DELETE, WITH_MESSAGES, Audit, Found, Item, Place, Room, Table

READS = ("Reviewer", "Lead")


class OpsConfig(Room):
    """The project. Makes the declarations for apps that do not depend on the console: messaging and third parties'."""

    name = "ops"
    verbose_name = gettext_lazy("Console")

    menu = {
        "messaging.Conversation": Item(Place.REVIEW, 10),
        "messaging.Message": Item(Place.REVIEW, 20),
        "messaging.MessageHistory": Item(Place.REVIEW, 30),
        # Every message has a notification of its receiver, so the list does not help reviewers.
        "messaging.Notification": Item(Place.REVIEW, 40, offered=False),
        "auth.Group": Item(Place.SETTINGS, 10),
        "admin_interface.Theme": Item(Place.SETTINGS, 90, name=gettext_lazy("Theme")),
    }
    finds = {"messaging.Message": gettext_lazy("message"), "messaging.Conversation": gettext_lazy("conversation")}
    permissions = {
        # Exports are selected in the lists, so roles that may export see them.
        "messaging.view_conversation": (*READS, "Data operator"),
        "messaging.view_message": (*READS, "Data operator"),
        "messaging.view_messagehistory": READS,
        "messaging.view_notification": READS,
        "messaging.read_redacted": ("Lead",),
        "messaging.change_message": ("Lead",),
        "messaging.redact_message": ("Lead",),
        "messaging.*": (),
        # Anybody able to change a group could give themselves every permission.
        "auth.*": (),
        "admin.*": (),
        "admin_interface.*": (),
        "contenttypes.*": (),
        "django_rq.*": (),
        "django_tasks_database.*": (),
        "sessions.*": (),
    }
    rounds = {"index_texts": 10, "forget_words_when_due": 600}
    events = "ops.events.ConsoleEvent"
    readings = {"messaging.conversation": "conversation.read", "messaging.message": "message.read"}
    tables = {
        "messaging.conversation": Table(Audit.EXEMPT, WITH_MESSAGES, why="Counts, kept from the messages."),
        "messaging.message": Table(Audit.ADMIN, WITH_MESSAGES),
        "messaging.messagehistory": Table(Audit.EXEMPT, WITH_MESSAGES, why="It is the record of edits itself."),
        "messaging.notification": Table(Audit.EXEMPT, WITH_MESSAGES, why="Made with each message."),
        "messaging.draft": Table(Audit.EXEMPT, WITH_MESSAGES, why="What participants did not send; no staff see it."),
        "messaging.block": Table(Audit.EXEMPT, WITH_MESSAGES, why="What participants choose, not staff."),
        "auth.group": Table(Audit.ADMIN, NOTHING_PERSONAL),
        "auth.group_permissions": Table(Audit.SIGNALS, NOTHING_PERSONAL),
        "auth.permission": Table(Audit.EXEMPT, NOTHING_PERSONAL, why="Made by migrations."),
        "contenttypes.contenttype": Table(Audit.EXEMPT, NOTHING_PERSONAL, why="Made by migrations."),
        "admin.logentry": Table(Audit.EXEMPT, "admin_log", why="Django's own log, which is not written any more."),
        "admin_interface.theme": Table(Audit.ADMIN, NOTHING_PERSONAL),
        "sessions.session": Table(Audit.EXEMPT, ON_DELETE, why="Not used: sessions are those of ops.accounts."),
        "django_tasks_database.dbtaskresult": Table(
            Audit.EXEMPT, NOTHING_PERSONAL, why="The queue that wakes workers: numbers of jobs."
        ),
    }

    def find(self, request: Any, text: str) -> Iterable[Found]:
        from ops import finding

        return finding.messages(request, text)

    def home_sections(self) -> Iterable[Any]:
        from ops import home

        return home.SECTIONS

    def shows_people(self, user: Any) -> Iterable[Any]:
        from ops import finding

        return finding.who_wrote_or_received(user)

    def ready(self) -> None:
        from ops import checks  # noqa: F401 - registers the checks
        from ops.console.theme import stored

        post_migrate.connect(stored.apply_after_migrating, sender=apps.get_app_config("admin_interface"))


class ConsoleConfig(admin_apps.AdminConfig):
    """Django's admin with the console as its site."""

    default = False
    default_site = "ops.console.site.ConsoleSite"
