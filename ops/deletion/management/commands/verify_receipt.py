"""``manage.py verify_receipt FILE.json``: whether a receipt is genuine; needs no database."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ops.deletion import receipts


class Command(BaseCommand):
    help = "Check the digest and the signature of a downloaded receipt. Exits with 1 where something is wrong with it."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the receipt, downloaded as JSON")

    def handle(self, *, file: Path, **options: Any) -> None:
        try:
            document = json.loads(file.read_text(encoding="utf-8"))
        except OSError as error:
            raise CommandError(f"{file} cannot be read ({error.strerror}).") from error
        except (ValueError, RecursionError) as error:
            raise CommandError(f"{file} is no JSON: download the receipt again.") from error
        wrong = receipts.problems(document)
        if wrong:
            raise CommandError("This receipt is not to be trusted. " + " ".join(wrong))
        self.stdout.write(
            f"Receipt {document['id']} is genuine: an account was deleted on {document['finished_at'][:10]} "
            f"({document['mode']}, {document['basis']}{', ' + document['ticket'] if document['ticket'] else ''})."
        )
