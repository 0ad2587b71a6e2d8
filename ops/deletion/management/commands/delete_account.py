"""``manage.py delete_account USERNAME``: request the deletion of an account, and run it if it need not wait."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from ops.accounts.commands import account, acting_staff, add_by
from ops.deletion import approval, requests
from ops.deletion.management.finishing import finish
from ops.deletion.models import Basis, Mode, Texts


class Command(BaseCommand):
    help = (
        "Request the deletion of an account, and close it at once. A second person approves it (approve_deletion, or "
        "in the console); if one person is enough (DELETION_ONE_PERSON), it is approved and deleted right away."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--reason", required=True, help="why; recorded, and erased with the account")
        parser.add_argument("--basis", required=True, choices=Basis.values)
        parser.add_argument("--ticket", default="", help="a reference such as SUP-123; it stays on the receipt")
        parser.add_argument("--mode", choices=Mode.values, help=f"by default: {settings.DELETION_MODE}")
        parser.add_argument(
            "--texts",
            choices=Texts.values,
            help=f"the texts of an anonymised account; by default: {settings.DELETION_TEXTS}",
        )
        parser.add_argument("--yes", action="store_true", help="do not ask for the username to be typed again")
        add_by(parser)

    def handle(self, *, username: str, **options: Any) -> None:
        user, by = account(username), acting_staff(options, "accounts.delete_user")
        plan = requests.plan([user], by=by)[0]
        if plan.obstacle:
            raise CommandError(f"Nothing was requested: the account of {username} stays. {plan.obstacle}")
        self._print_plan(plan)
        if not options["yes"] and _typed(username) != username:
            raise CommandError("Nothing was done: the username does not match.")
        choices = {name: options[name] for name in ("reason", "basis", "ticket", "mode", "texts")}
        try:
            request = requests.request_deletion([user], by=by, **choices).requests.get()
            if settings.DELETION_ONE_PERSON:
                approval.approve(request, by=by)
        except requests.DeletionRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(finish(request))

    def _print_plan(self, plan: requests.Plan) -> None:
        counts = plan.counts
        said = f"Messages sent: {counts.messages_sent:,}; received: {counts.messages_received:,}"
        if plan.complete:
            said += (
                f"; older texts: {counts.histories:,}; notifications: {counts.notifications:,}. Other people affected: "
                f"{plan.people:,}; other conversations that lose messages: {plan.conversations:,}; replies attached "
                f"elsewhere: {counts.replies_reattached:,}"
            )
        else:
            said += ". There are too many to count the rest here; the receipt will have the numbers"
        self.stdout.write(f"{said}.")
        for hold in plan.holds:
            self.stdout.write(f"{hold}: the deletion will not run until it is lifted.")
        for one in plan.exchanged:
            self.stdout.write(
                f"Messages exchanged with {one.person.get_username()}, whose account is on hold: {one.messages:,}. "
                "The deletion will not run until that hold is lifted."
            )


def _typed(username: str) -> str:
    """Return what the user types in the terminal. Raises CommandError if there is none."""
    try:
        return input(f"This cannot be undone. Type the username “{username}” to continue: ")
    except EOFError:
        raise CommandError("Nothing was done. Type the username, or pass --yes if nobody can.") from None
