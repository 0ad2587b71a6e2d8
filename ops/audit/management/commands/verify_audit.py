"""``manage.py verify_audit``: names the first entry of the audit trail that was altered, removed or reordered."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from ops.audit.sealing import chain, verification


class Command(BaseCommand):
    help = "Checks the audit trail: exits with 1 and names the first place where it was tampered with."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--anchor", action="store_true", help="print only the head as POSITION:HASH, to be kept elsewhere"
        )
        parser.add_argument(
            "--expect", metavar="POSITION:HASH", help="an anchor from before: shows that nothing was cut off since"
        )
        parser.add_argument("--seal", action="store_true", help="seal what waits, before the check")

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
        self.stdout.write(self.style.SUCCESS(f"The audit trail is whole: {report.sealed:,} sealed entries."))
        self.stdout.write(f"Anchor {report.sealed}:{report.head}")
        if report.oldest_unsealed:
            since = f"{report.oldest_unsealed:%Y-%m-%d %H:%M:%S} UTC"
            self.stdout.write(f"{report.unsealed:,} more wait for their seal, the oldest since {since}.")

    def _verify(self, expected: verification.Anchor | None) -> verification.Report:
        # Only the last position tells how long it takes; counting a million rows takes its time on PostgreSQL.
        last = chain.head()
        with tqdm(
            total=last.position if last else 0, unit=" entries", unit_scale=True, disable=not sys.stderr.isatty()
        ) as bar:
            try:
                return verification.verify(expected=expected, progress=bar.update)
            except verification.Fault as fault:
                raise CommandError(str(fault)) from fault

    def _seal(self) -> None:
        chain.queue_forgotten()
        sealed = 0
        while batch := chain.seal():
            sealed += batch
        self.stdout.write(f"Sealed {sealed:,} entries.")
