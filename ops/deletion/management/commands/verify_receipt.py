"""``manage.py verify_receipt FILE.json``: verify that a receipt is genuine. Needs no database."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ops.deletion import receipts


class RepeatedKey(Exception):
    """A key occurs twice in one object; the message is the key."""


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the object of these pairs. Raises RepeatedKey, because JSON parsers differ in which value they use."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise RepeatedKey(f"“{key}”")
        found[key] = value
    return found


class Command(BaseCommand):
    help = "Check the digest and the signature of a downloaded receipt. Exits with 1 if something is wrong."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the receipt, downloaded as JSON")

    def handle(self, *, file: Path, **options: Any) -> None:
        try:
            document = json.loads(file.read_text(encoding="utf-8"), object_pairs_hook=_without_repeats)
        except OSError as error:
            raise CommandError(f"{file} cannot be read ({error.strerror}).") from error
        except RepeatedKey as error:
            sentence = f"It contains {error} twice, and programs differ in which value they read."
            raise CommandError(f"This receipt cannot be trusted. {sentence}") from error
        except (ValueError, RecursionError) as error:
            raise CommandError(f"{file} is not JSON. Download the receipt again.") from error
        wrong = receipts.problems(document)
        if wrong:
            raise CommandError("This receipt cannot be trusted. " + " ".join(wrong))
        self.stdout.write(
            f"Receipt {document['id']} is genuine: an account was deleted on {document['finished_at'][:10]} "
            f"({document['mode']}, {document['basis']}{', ' + document['ticket'] if document['ticket'] else ''})."
        )
