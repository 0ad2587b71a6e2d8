"""Imports the admin classes of this app, which registers them."""

from __future__ import annotations

from ops.moderation.decided import admin as decided
from ops.moderation.desk import admin as desk
from ops.moderation.groups import admin as groups
from ops.moderation.labels import admin as labels
from ops.moderation.openings import admin as openings
from ops.moderation.report_imports import admin as report_imports
from ops.moderation.reported import admin as reported
from ops.moderation.saved import admin as saved

__all__ = ["decided", "desk", "groups", "labels", "openings", "report_imports", "reported", "saved"]
