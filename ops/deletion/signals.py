"""Receivers: a hold prevents every deletion of an account, even in a shell, and each deletion is recorded."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models.signals import pre_delete
from django.utils.translation import gettext as _

from messaging.erasing.erasure import ErasureCounts, user_erased
from ops.deletion import holds, leftovers
from ops.deletion.models import AccountDeletion
from ops.deletion.refusals import DeletionRefused


def refuse_where_held(sender: Any, instance: Any, using: str, **kwargs: Any) -> None:
    held = holds.people_on_hold(using=using)
    if instance.pk in held:
        raise DeletionRefused(_("This account is on hold. Lift the hold before anything of it is deleted."))
    if holds.count_exchanged(instance.pk, held, using=using):
        raise DeletionRefused(
            _("This account exchanged messages with someone on hold. Lift that hold before anything is deleted.")
        )


def record_deletion(sender: Any, user_id: Any, counts: ErasureCounts, using: str, **kwargs: Any) -> None:
    # Every deleted account comes here, even without a request. Anonymising deletes none, so it makes its own record.
    AccountDeletion.objects.using(using).record(counts.as_dict())
    leftovers.empty_names(user_id, using=using)


def connect() -> None:
    """Connect the receivers. Idempotent."""
    pre_delete.connect(refuse_where_held, sender=settings.AUTH_USER_MODEL, dispatch_uid="deletion.refuse_where_held")
    user_erased.connect(record_deletion, dispatch_uid="deletion.record_deletion")
