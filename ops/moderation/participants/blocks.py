"""What staff see of blocks between people of a conversation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from django.http import HttpRequest

from messaging.models import Block


def notes(request: HttpRequest, ids: Collection[Any]) -> dict[Any, str]:
    """Whom each of these people blocked among them, in words, for those who may see cases."""
    if not request.user.has_perm("moderation.view_case"):
        return {}
    names: defaultdict[Any, list[str]] = defaultdict(list)
    rows = Block.objects.among(ids).order_by("blocked__username").values_list("blocker", "blocked__username")
    for blocker, name in rows:
        names[blocker].append(name)
    return {blocker: f"blocked {', '.join(blocked)}" for blocker, blocked in names.items()}
