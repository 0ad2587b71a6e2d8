"""What the audit trail records of deletions, holds and erased names.

A name never changes or disappears: stored entries keep it for ever.
"""

from __future__ import annotations

from django.db.models import TextChoices


class DeletionEvent(TextChoices):
    # The target is the request, for holds the account. The details: basis, mode; a hold's kind; rows changed; kind and
    # receipt.
    DELETION_REQUESTED = "account.deletion_requested", "Requested the deletion of an account"  # basis, mode
    DELETION_APPROVED = "account.deletion_approved", "Approved the deletion of an account"  # basis, mode
    # It awaits approval again: the account was given power since, and no superuser took part. basis, mode
    DELETION_SENT_BACK = "account.deletion_sent_back", "Sent the deletion of an account back for approval"
    DELETION_REFUSED = "account.deletion_refused", "Refused the deletion of an account"  # basis, mode
    DELETION_CANCELLED = "account.deletion_cancelled", "Cancelled the deletion of an account"  # basis, mode
    ACCOUNT_HELD = "account.held", "Placed a hold on an account"  # kind
    HOLD_LIFTED = "account.hold_lifted", "Lifted a hold on an account"  # kind
    ACCOUNT_ANONYMISED = "account.anonymised", "Anonymised a person"  # rows changed, by name
    IDENTIFIER_LIFTED = "identifier.lifted", "Released an erased username"  # kind, receipt
