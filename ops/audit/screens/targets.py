"""Names and pages of entries' targets. A stored target type may be of a model that no longer exists."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import models
from django.utils.text import capfirst

from ops.console.addresses import whole_number


def kind(target_type: str) -> str:
    """Return the verbose name of a type such as ``messaging.conversation``, or the type if its model is gone."""
    model = _model(target_type)
    return capfirst(str(model._meta.verbose_name)) if model else target_type


def label(entry: Any) -> str:
    """Return the stored label of an entry's target, its kind and id if the label was scrubbed, or "" without target."""
    return entry.target_label or f"{kind(entry.target_type)} {entry.target_id}".strip()


def key(target: models.Model) -> str:
    """Return a target as written in query strings: ``messaging.conversation:12``."""
    return f"{target._meta.label_lower}:{target.pk}"


def is_key(target_type: str, target_id: str) -> bool:
    """Return whether a row of an installed model could have this key: a number or a UUID, never typed text."""
    model = _model(target_type)
    if model is None or model._meta.label_lower != target_type:
        return False
    if isinstance(model._meta.pk, models.UUIDField):
        try:
            return str(UUID(target_id)) == target_id
        except ValueError:
            return False
    return whole_number(target_id) is not None


def is_person(entry: Any) -> bool:
    """Return whether an entry is about an existing account, which has a page."""
    user = get_user_model()
    key = whole_number(entry.target_id) if entry.target_type == user._meta.label_lower else None
    return key is not None and user._default_manager.filter(pk=key).exists()


def admin_for(entry: Any, site: Any) -> Any:
    """Return the ModelAdmin of an entry's target in ``site``, or None if the target has no page."""
    model = _model(entry.target_type)
    return site.get_model_admin(model) if model and entry.target_id and site.is_registered(model) else None


def _model(target_type: str) -> type[models.Model] | None:
    try:
        return apps.get_model(target_type)
    except (LookupError, ValueError):
        return None
