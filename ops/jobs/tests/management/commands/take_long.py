"""``manage.py take_long``: a scheduled command that goes on for as long as a test wants, and leaves a group then."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand

PIPE = "long"  # in VAR_DIR; a test makes it, and the command goes on until the test closes it
DONE = "took long"


class Command(BaseCommand):
    def handle(self, **options: Any) -> None:
        pipe = Path(settings.VAR_DIR, PIPE)
        if pipe.exists():
            pipe.read_bytes()
            Group.objects.create(name=DONE)
