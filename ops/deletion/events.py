"""What the audit trail records of deletions, holds and erased names.

A name never changes or disappears: stored entries keep it for ever.
"""

from __future__ import annotations

from django.db.models import TextChoices


class DeletionEvent(TextChoices):
    # The target is the account. The details: request, basis, mode; a hold's kind; rows changed; kind and receipt.
    DELETION_REQUESTED = "account.deletion_requested", "Asked for an account to be deleted"  # request, basis, mode
    DELETION_APPROVED = "account.deletion_approved", "Approved the deletion of an account"  # request, basis, mode
    DELETION_REFUSED = "account.deletion_refused", "Refused the deletion of an account"  # request, basis, mode
    DELETION_CANCELLED = "account.deletion_cancelled", "Cancelled the deletion of an account"  # request, basis, mode
    ACCOUNT_HELD = "account.held", "Put a hold on an account"  # kind
    HOLD_LIFTED = "account.hold_lifted", "Lifted a hold on an account"  # kind
    ACCOUNT_ANONYMISED = "account.anonymised", "Took a person out of their conversations"  # rows changed, by name
    IDENTIFIER_LIFTED = "identifier.lifted", "Let the name of an erased account be used again"  # kind, receipt
