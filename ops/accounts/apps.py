from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy

from ops.console.rooms import ON_DELETE, Audit, Found, Item, Page, Place, Room, Table


class AccountsConfig(Room):
    name = "ops.accounts"
    label = "accounts"
    verbose_name = gettext_lazy("Accounts")

    menu = {"accounts.User": Item(Place.PEOPLE, 10)}
    finds = {"accounts.User": gettext_lazy("user")}
    permissions = {
        "accounts.view_user": ("Support",),
        "accounts.change_user": ("Support",),
        "accounts.delete_user": ("Support",),
        "accounts.add_user": (),
    }
    events = "ops.accounts.events.AccountEvent"
    readings = {"accounts.user": "person.read"}
    tables = {
        "accounts.user": Table(Audit.ADMIN, erasure="account"),
        "accounts.user_groups": Table(Audit.SIGNALS, ON_DELETE),
        "accounts.user_user_permissions": Table(Audit.SIGNALS, ON_DELETE),
        "accounts.session": Table(Audit.EXEMPT, "sessions", why="Signing in and out is recorded."),
        "accounts.keptform": Table(
            Audit.EXEMPT, "kept_forms", why="Forms sent too late, kept for an hour, with no effect."
        ),
        "accounts.failedsignin": Table(Audit.EXEMPT, "sign_ins", why="Digests; the refusal itself is recorded."),
    }
    rounds = {"forget_kept_forms": 600}

    slots = {
        "account.menu": "accounts/_time_zone_link.html",
        "frame.above": "accounts/_above.html",
        "keyboard": "accounts/_own_keys.html",
        "conversation.two_people": "accounts/person/_between_link.html",
    }

    def ready(self) -> None:
        from ops.accounts import checks, signals  # noqa: F401 - importing registers the checks

        signals.connect()

    def find(self, request: Any, text: str) -> Iterable[Found]:
        from ops.accounts import finding

        return finding.people(request, text)

    def pages(self) -> Iterable[Page]:
        from ops.accounts.preferences.email import EmailView
        from ops.accounts.preferences.keys import OwnKeysView
        from ops.accounts.preferences.language import LanguageView
        from ops.accounts.time_zone import TimeZoneView

        return [
            Page("time-zone/", TimeZoneView.as_view(), "time_zone"),
            Page("language/", LanguageView.as_view(), "language"),
            Page("e-mail/", EmailView.as_view(), "email"),
            Page("keyboard/own/", OwnKeysView.as_view(), "own_keys"),
        ]

    def keep_typed(self, request: Any) -> bool:
        from ops.accounts.kept import keeping

        return keeping.keep(request, request.user.pk, request.get_full_path())

    def person_tabs(self) -> Iterable[Any]:
        from ops.accounts.person import tabs

        return tabs.TABS

    def about_person(self, request: Any, person: Any) -> Any:
        from ops.accounts.person import about

        return about.about_account(request, person)

    def shows_people(self, user: Any) -> Iterable[Any]:
        # Django's admin lists accounts with either.
        return [user.has_perm("accounts.view_user") or user.has_perm("accounts.change_user")]

    def home_sections(self) -> Iterable[Any]:
        from ops.accounts import finding

        return finding.SECTIONS

    def notice_kinds(self) -> Iterable[Any]:
        from ops.accounts.preferences import notices

        return notices.KINDS

    def erasure_steps(self) -> Iterable[Any]:
        from ops.accounts import erased

        return erased.STEPS
