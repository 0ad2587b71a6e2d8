"""``manage.py approve_deletion REQUEST --by USERNAME``: approve a deletion that somebody else requested."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from ops.accounts.commands import acting_staff, add_by
from ops.deletion import approval
from ops.deletion.management.finishing import finish
from ops.deletion.models import DeletionRequest
from ops.deletion.refusals import DeletionRefused


class Command(BaseCommand):
    help = (
        "Approve the deletion of an account that somebody else requested, and run it now if it does not have to wait."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("request", type=UUID, help="the id that delete_account printed")
        add_by(parser)

    def handle(self, *, request: UUID, **options: Any) -> None:
        found = DeletionRequest.objects.filter(pk=request).first()
        if found is None:
            raise CommandError(
                f"There is no deletion request {request}. Copy its id from delete_account or the console."
            )
        try:
            approval.approve(found, by=acting_staff(options, "deletion.approve_deletionrequest"))
        except DeletionRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(finish(found))
