"""``manage.py find_erased NAME``: show whether and when an account with this username or address was erased."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from ops.accounts.commands import acting_staff, add_by
from ops.deletion import erased_names
from ops.deletion.models import ErasedIdentifier


class Command(BaseCommand):
    help = "Look up whether and when an account with this username or e-mail address was erased, and release the name."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="a case-sensitive username, or an e-mail address")
        parser.add_argument("--lift", metavar="REASON", default="", help="release the name for new use; recorded")
        add_by(parser)

    def handle(self, *, name: str, lift: str, **options: Any) -> None:
        found = erased_names.find(name)
        if not found:
            self.stdout.write(f"No account called “{name}” was erased.")
        for known in found:
            if lift and known.lifted_at is None:
                self._lift(known, lift, options)
            self.stdout.write(said(known))

    def _lift(self, known: ErasedIdentifier, reason: str, options: dict[str, Any]) -> None:
        try:
            erased_names.release(known, by=acting_staff(options), reason=reason)
        except erased_names.NotReleased as refusal:
            raise CommandError(str(refusal)) from refusal


def said(known: ErasedIdentifier) -> str:
    """Return one line about an erased name."""
    day = f"{timezone.localtime(known.erased_at):%Y-%m-%d}"
    free = f"; released on {timezone.localtime(known.lifted_at):%Y-%m-%d}" if known.lifted_at else ""
    return f"{known.get_kind_display()} of an account erased on {day}: receipt {known.receipt_id}{free}."
