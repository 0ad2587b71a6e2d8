"""Shorthand for tests: exports, given by what matters in them, and the contents of their files."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from messaging.models import Message
from messaging.tests.cast import make_user
from messaging.tests.conversations import answer, write
from ops.exports import requests
from ops.exports.models import Export
from ops.files import private_files

NOW = datetime(2026, 11, 22, 21, 30, tzinfo=UTC)
WHY = "Asked for by the court, 4711"
MESSAGES, CONVERSATIONS = "/console/messaging/message/", "/console/messaging/conversation/"
EXPORTS = "/console/exports/export/"
READS = ("view_message", "view_conversation")


def make_exporter(name: str = "dora", *permissions: str) -> Any:
    """Return a staff user who may export and see older texts, with ``permissions`` (by default READS)."""
    user = make_user(name, is_staff=True)
    codenames = ("export_messages", "view_messagehistory", *(permissions or READS))
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return user


def confirmed(client: Client, user: Any) -> Client:
    """Return the browser of a user who has just confirmed their password."""
    client.force_login(user)
    client.post(reverse("confirm"), {"password": f"{user.username}'s password"})
    return client


def some_messages() -> list[Message]:
    """Return messages of Alice and Bob: two conversations, one with an answer that was edited twice and is read."""
    alice, bob = make_user("alice"), make_user("bob")
    first = write(alice, bob, "=1+1", external_id="a1")
    reply = answer(first, "hello, “back”\nand more", read=True, timestamp=first.timestamp + timedelta(microseconds=5))
    other = write(bob, alice, "'quoted'", minute=9)
    for text in ("hello, back", "+hello back"):
        reply.content = text
        reply.save()
    return [first, reply, other]


def exported(by: Any, *, scope: str = Export.Scope.MESSAGES, now: datetime = NOW, **asked: Any) -> bytes:
    """Return the bytes of an export, whether it is streamed or made by a job."""
    export = requests.submit(requests.draft(by=by, scope=scope, now=now, **{"reason": WHY, **asked}))
    return content_of(export)


def content_of(export: Export) -> bytes:
    """Return the bytes of a submitted export."""
    if requests.can_stream(export):
        return b"".join(requests.stream(export))
    made = requests.start(export)
    assert made.job is not None
    assert (made.job.state, made.job.error) == ("finished", "")
    return private_files.path(made.file).read_bytes()


def unzipped(content: bytes) -> dict[str, bytes]:
    """Return the files of a ZIP by name."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}
