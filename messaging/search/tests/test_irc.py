"""Twenty searches in real chats, with answers counted in their file by other means (grep)."""

from __future__ import annotations

import csv
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import Max
from django.test import TestCase
from django.utils import timezone

from messaging.models import Conversation, Message
from messaging.search.filters import FILTERS, Reader, Vocabulary
from messaging.search.query import read

FILE = Path(settings.BASE_DIR).parent / "shared/data/irc-ubuntu/messages.csv"
ROWS = 6_000  # the first rows of the file, up to March 2006
ANSWERS = {
    "initrd": 1,
    "kernel": 49,
    "KERNEL": 49,
    "nvidia": 20,
    '"sound card"': 4,
    '"sudo apt-get"': 26,
    "sudo apt get": 26,
    '"root password"': 9,
    '"xorg.conf"': 14,
    "grub": 14,
    "hoary OR warty": 77,
    "hoary -warty": 58,
    "kern*": 53,
    "from:Seveas": 201,
    "from:Seveas ubuntu": 12,
    "to:bob2 is:reply": 164,
    "on:2006-01-12": 339,
    "before:2005 ubuntu": 18,
    "has:link from:Seveas,ubotu": 40,
    "length:>200 (kernel OR nvidia)": 1,
}


class InTheChats(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        if not FILE.exists():
            pytest.skip(f"The chats are not there ({FILE}).")
        with FILE.open(encoding="utf-8", newline="") as lines:
            rows = list(islice(csv.DictReader(lines), ROWS))
        names = sorted({row[side] for row in rows for side in ("sender", "receiver")})
        people: Any = get_user_model()._default_manager
        people.bulk_create(get_user_model()(username=name) for name in names)
        ids = dict(people.values_list("username", "pk"))
        conversation = Conversation.objects.create()
        first = (Message.objects.aggregate(last=Max("pk"))["last"] or 0) + 1
        keys = {row["external_id"]: first + place for place, row in enumerate(rows)}
        Message.objects.bulk_create(
            [
                Message(
                    pk=keys[row["external_id"]],
                    conversation=conversation,
                    sender_id=ids[row["sender"]],
                    receiver_id=ids[row["receiver"]],
                    content=row["content"],
                    timestamp=datetime.fromisoformat(row["timestamp"].replace("Z", "+00:00")),
                    parent_message_id=keys.get(row["parent_external_id"]),
                )
                for row in rows
            ],
            batch_size=2_000,
        )

    @timezone.override("UTC")
    def test_twenty_searches_find_what_is_there(self) -> None:
        people: Any = get_user_model()._default_manager
        reader = Reader(lambda name: people.filter(username=name).first())
        found = {}
        for text in ANSWERS:
            query = read(text, Vocabulary(FILTERS), reader)
            assert query is not None
            found[text] = query.newest_messages(Message.objects.all()).count()
        assert found == ANSWERS
