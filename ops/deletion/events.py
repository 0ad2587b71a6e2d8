"""The audit events of deletions, holds and erased names.

A name is never changed or removed, because stored entries keep it for ever.
"""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy


class DeletionEvent(TextChoices):
    # The target is the request; for holds, the account; for a released name, the identifier. The comment after each
    # event lists its details.
    DELETION_REQUESTED = (
        "account.deletion_requested",
        gettext_lazy("Requested the deletion of an account"),
    )  # basis, mode
    DELETION_APPROVED = "account.deletion_approved", gettext_lazy("Approved the deletion of an account")  # basis, mode
    # Pending again: the account became a colleague's since, and no superuser requested or approved it. basis, mode
    DELETION_SENT_BACK = "account.deletion_sent_back", gettext_lazy("Sent the deletion of an account back for approval")
    DELETION_REFUSED = "account.deletion_refused", gettext_lazy("Refused the deletion of an account")  # basis, mode
    DELETION_CANCELLED = (
        "account.deletion_cancelled",
        gettext_lazy("Cancelled the deletion of an account"),
    )  # basis, mode
    ACCOUNT_HELD = "account.held", gettext_lazy("Placed a hold on an account")  # kind
    HOLD_LIFTED = "account.hold_lifted", gettext_lazy("Lifted a hold on an account")  # kind
    ACCOUNT_ANONYMISED = "account.anonymised", gettext_lazy("Anonymised a person")  # rows changed, by name
    IDENTIFIER_LIFTED = "identifier.lifted", gettext_lazy("Released an erased username")  # kind, receipt
