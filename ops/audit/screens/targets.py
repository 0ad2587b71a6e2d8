"""What entries are about, in words; stored types may be of models that are gone."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db import models
from django.utils.text import capfirst


def kind(target_type: str) -> str:
    """What a stored type such as ``messaging.conversation`` is called; the type itself where nothing has it now."""
    model = _model(target_type)
    return capfirst(str(model._meta.verbose_name)) if model else target_type


def called(entry: Any) -> str:
    """What the target of an entry was called then; its kind and id where that was emptied; "" where it has none."""
    return entry.target_label or f"{kind(entry.target_type)} {entry.target_id}".strip()


def key(target: models.Model) -> str:
    """A target as addresses name it: ``messaging.conversation:12``."""
    return f"{target._meta.label_lower}:{target.pk}"


def registered(entry: Any, site: Any) -> Any:
    """The admin of an entry's target in ``site``, or None: it has no page."""
    model = _model(entry.target_type)
    return site.get_model_admin(model) if model and entry.target_id and site.is_registered(model) else None


def _model(target_type: str) -> type[models.Model] | None:
    try:
        return apps.get_model(target_type)
    except (LookupError, ValueError):
        return None
