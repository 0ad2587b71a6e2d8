"""``manage.py verify_audit``: reports the first entry of the audit trail that was altered, removed or reordered."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from ops.audit.sealing import chain, verification


class Command(BaseCommand):
    help = "Verify the audit trail. Exits with 1 and reports the first place where it was tampered with."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--anchor", action="store_true", help="print only the head as POSITION:HASH, to be stored elsewhere"
        )
        parser.add_argument(
            "--expect", metavar="POSITION:HASH", help="an earlier anchor, to prove that nothing was cut off since"
        )
        parser.add_argument("--seal", action="store_true", help="seal waiting entries before verifying")

    def handle(self, *args: Any, anchor: bool, expect: str | None, seal: bool, **options: Any) -> None:
        try:
            expected = verification.parse_anchor(expect) if expect else None
        except ValueError as error:
            raise CommandError(str(error)) from error
        if seal:
            self._seal()
        report = self._verify(expected)
        if anchor:
            self.stdout.write(f"{report.sealed}:{report.head}")
            return
        self.stdout.write(self.style.SUCCESS(f"The audit trail is intact: {report.sealed:,} sealed entries."))
        self.stdout.write(f"Anchor {report.sealed}:{report.head}")
        if report.oldest_unsealed:
            since = f"{report.oldest_unsealed:%Y-%m-%d %H:%M:%S} UTC"
            self.stdout.write(f"Not sealed yet: {report.unsealed:,}, the oldest since {since}.")

    def _verify(self, expected: verification.Anchor | None) -> verification.Report:
        # The last position serves as the total: counting a million rows is slow on PostgreSQL.
        last = chain.head()
        with tqdm(
            total=last.position if last else 0, unit=" entries", unit_scale=True, disable=not sys.stderr.isatty()
        ) as bar:
            try:
                return verification.verify(expected=expected, progress=bar.update)
            except verification.VerificationFailed as error:
                raise CommandError(str(error)) from error

    def _seal(self) -> None:
        chain.queue_missing()
        sealed = 0
        while batch := chain.seal():
            sealed += batch
        self.stdout.write(f"Sealed {sealed:,} entries.")
