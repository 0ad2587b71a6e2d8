from __future__ import annotations

from ops.console.rooms import NOTHING_PERSONAL, Audit, Item, Place, Room, Table

SEES = ("Reviewer", "Lead", "Auditor")
MANAGES = ("Lead",)


class ModerationConfig(Room):
    name = "ops.moderation"
    label = "moderation"
    verbose_name = "Moderation"

    menu = {
        "moderation.Label": Item(Place.SETTINGS, 20),
        "moderation.CannedReason": Item(Place.SETTINGS, 30),
    }
    permissions = {
        "moderation.view_label": SEES,
        "moderation.add_label": MANAGES,
        "moderation.change_label": MANAGES,
        "moderation.import_label": MANAGES,
        "moderation.export_label": MANAGES,
        "moderation.view_cannedreason": SEES,
        "moderation.add_cannedreason": MANAGES,
        "moderation.change_cannedreason": MANAGES,
        "moderation.import_cannedreason": MANAGES,
        "moderation.export_cannedreason": MANAGES,
    }
    tables = {
        "moderation.label": Table(Audit.ADMIN, NOTHING_PERSONAL),
        "moderation.cannedreason": Table(Audit.ADMIN, NOTHING_PERSONAL),
    }
