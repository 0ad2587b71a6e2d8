"""The weekly digest as one of the e-mails that a user may choose."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from ops.dashboard.digest.sending import PERMISSION
from ops.dashboard.events import DashboardEvent
from ops.dashboard.models import DigestReader
from ops.notices.choosing import EmailChoice, record_choice


def weekly_digest(user: Any) -> Iterable[EmailChoice]:
    """Yield the choice for a user who may open the team dashboard."""
    if user.has_perm(PERMISSION):
        yield EmailChoice(
            "digest",
            _("Weekly digest"),
            _(
                "On Monday mornings, the numbers of the review and team dashboards for the week before. Numbers only: "
                "no text and no name."
            ),
            is_chosen=DigestReader.objects.filter(person=user.pk).exists(),
            choose=lambda user, wanted: record_choice(
                DigestReader, user, wanted, chosen=DashboardEvent.DIGEST_CHOSEN, ended=DashboardEvent.DIGEST_ENDED
            ),
        )
