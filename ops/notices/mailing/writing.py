"""The text of an e-mail with notices: a sentence and a link for each; no name, and no text of a message."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse

from ops.notices.mailing.server import link
from ops.notices.models import Notice

MOST_LISTED = 20
ENDING = "You chose these messages under Account › E-mail, where you can end them."


def subject(notices: Sequence[Notice]) -> str:
    """What is told, where it is one thing; else how many things are."""
    return notices[0].sentence.rstrip(".") if len(notices) == 1 else f"{len(notices):,} notices"


def body(notices: Sequence[Notice]) -> str:
    """The newest first; where there are very many, the rest is a number."""
    lines: list[str] = []
    for notice in notices[:MOST_LISTED]:
        lines += [notice.sentence, *filter(None, [link(reverse("admin:notices_notice_change", args=[notice.pk]))]), ""]
    left = len(notices) - MOST_LISTED
    if left > 0:
        lines += [f"And {left:,} more.", *filter(None, [link(reverse("admin:notices_notice_changelist"))]), ""]
    return "\n".join([*lines, ENDING])
