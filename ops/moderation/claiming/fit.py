"""Whether a user may decide a case, whatever their permissions."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connections

from messaging.database.statements import Statement, compiled_statement, slot
from ops.moderation.models import Case


def is_fit(user: Any, case_id: int, *, using: str) -> bool:
    """Return whether the case is about strangers to this user, and no colleague undid a decision of theirs on it."""
    return bool(_fit(using).ask(using=using, reviewer=key_of(user, using), case=case_id))


def key_of(user: Any, using: str) -> Any:
    """Return the key of a user as a parameter of a statement."""
    return get_user_model()._meta.pk.get_db_prep_value(user.pk, connections[using])


@cache
def _fit(using: str) -> Statement:
    fit = Case.objects.fit_for(slot("reviewer")).filter(pk=slot("case"))
    return compiled_statement(fit.order_by().values("pk"), using=using)
