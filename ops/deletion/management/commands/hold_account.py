"""``manage.py hold_account USERNAME``: place or lift a hold, which keeps the account and its messages from deletion."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ops.accounts.commands import account, acting_staff, add_by
from ops.console.numbers import counted
from ops.deletion import holds
from ops.deletion.models import Hold


class Command(BaseCommand):
    help = (
        "Place a hold on an account, or lift the holds on it. While a hold is open, neither the account nor any "
        "message it sent or received can be deleted."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--reason", required=True, help="why; recorded")
        parser.add_argument("--kind", choices=Hold.Kind.values, default=Hold.Kind.LEGAL.value)
        parser.add_argument("--lift", action="store_true", help="lift every open hold on the account instead")
        add_by(parser)

    def handle(self, *, username: str, reason: str, kind: str, lift: bool, **options: Any) -> None:
        user, by = account(username), acting_staff(options, "deletion.hold_account")
        try:
            if lift:
                self.stdout.write(self._lifted(user, reason, by))
            else:
                holds.place(user, kind=kind, reason=reason, by=by)
                self.stdout.write(self._held(user))
        except holds.HoldRefused as refusal:
            raise CommandError(str(refusal)) from refusal

    def _held(self, user: Any) -> str:
        name, stopped = user.get_username(), holds.deletions_stopped_by(user.pk).count()
        kept = f"Hold placed on {name}. Nothing they sent or received can be deleted until it is lifted."
        deletions = counted(stopped, "deletion")
        return f"{kept} It also stops {deletions} of people who exchanged messages with {name}." if stopped else kept

    def _lifted(self, user: Any, reason: str, by: Any) -> str:
        found = list(holds.open_holds(user.pk))
        for hold in found:
            holds.lift(hold, reason=reason, by=by)
        return f"Lifted {counted(len(found), 'hold')}."
