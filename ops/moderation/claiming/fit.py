"""Whether somebody may decide a case, whatever they may do otherwise."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connections

from messaging.database.statements import Statement, slot, written
from ops.moderation.models import Case


def is_fit(user: Any, case_id: int, *, using: str) -> bool:
    """Whether the case is about strangers to this person, and no colleague undid a decision of theirs on it."""
    key = get_user_model()._meta.pk.get_db_prep_value(user.pk, connections[using])
    return bool(_fit(using).ask(using=using, reviewer=key, case=case_id))


@cache
def _fit(using: str) -> Statement:
    fit = Case.objects.fit_for(slot("reviewer")).filter(pk=slot("case"))
    return written(fit.order_by().values("pk"), using=using)
