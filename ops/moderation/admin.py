"""Registers the admin classes of this room."""

from __future__ import annotations

from ops.moderation.desk import admin as desk
from ops.moderation.labels import admin as labels

__all__ = ["desk", "labels"]
