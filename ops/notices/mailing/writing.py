"""The text of an e-mail with notices: a sentence and a link for each, without names or texts of messages."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from messaging.languages.wording import grouped, numbered
from ops.notices.mailing.server import link
from ops.notices.models import Notice

MOST_LISTED = 20
ENDING = gettext_lazy("You chose these messages under Account › E-mail, where you can end them.")


def subject(notices: Sequence[Notice]) -> str:
    """Return the sentence of a single notice, or else the number of notices."""
    if len(notices) == 1:
        return notices[0].sentence.rstrip(".")
    return numbered(ngettext("%(number)s notice", "%(number)s notices", len(notices)), len(notices))


def body(notices: Sequence[Notice]) -> str:
    """Return the body: the first MOST_LISTED notices, newest first, and the number of the others."""
    lines: list[str] = []
    for notice in notices[:MOST_LISTED]:
        lines += [notice.sentence, *filter(None, [link(reverse("admin:notices_notice_change", args=[notice.pk]))]), ""]
    left = len(notices) - MOST_LISTED
    if left > 0:
        lines += [
            _("And %(number)s more.") % {"number": grouped(left)},
            *filter(None, [link(reverse("admin:notices_notice_changelist"))]),
            "",
        ]
    return "\n".join([*lines, str(ENDING)])
