from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ops.console.rooms import NOTHING_PERSONAL, ON_DELETE, Audit, Item, Place, Room, Table, Waiting

SEES = ("Reviewer", "Lead", "Auditor")
REVIEWS = ("Reviewer", "Lead")
MANAGES = ("Lead",)


class ModerationConfig(Room):
    name = "ops.moderation"
    label = "moderation"
    verbose_name = "Moderation"

    menu = {
        "moderation.Case": Item(Place.REVIEW, 15),
        "moderation.Label": Item(Place.SETTINGS, 20),
        "moderation.CannedReason": Item(Place.SETTINGS, 30),
    }
    finds = {"moderation.Case": "case"}
    permissions = {
        "moderation.view_case": REVIEWS,  # the pages of cases show texts
        "moderation.decide_case": REVIEWS,
        "moderation.flag_message": REVIEWS,
        "moderation.take_over_case": ("Lead",),
        "moderation.undo_decision": ("Lead",),
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
    events = "ops.moderation.events.ModerationEvent"
    readings = {"moderation.case": "moderation.case_read"}
    tables = {
        "moderation.label": Table(Audit.ADMIN, NOTHING_PERSONAL),
        "moderation.cannedreason": Table(Audit.ADMIN, NOTHING_PERSONAL),
        "moderation.case": Table(Audit.FUNCTIONS, NOTHING_PERSONAL),
        "moderation.caseperson": Table(Audit.EXEMPT, "moderation", why="Follows from the flags of the case."),
        "moderation.flag": Table(Audit.FUNCTIONS, "moderation"),
        "moderation.claim": Table(Audit.FUNCTIONS, "moderation"),
        "moderation.skip": Table(Audit.FUNCTIONS, "moderation"),
        "moderation.draft": Table(Audit.EXEMPT, "moderation", why="What a form holds that was not sent yet."),
        "moderation.decision": Table(Audit.FUNCTIONS, "moderation"),
        "moderation.coveredmessage": Table(Audit.FUNCTIONS, ON_DELETE),
        "moderation.measure": Table(Audit.FUNCTIONS, ON_DELETE),
    }
    rounds = {"settle_cases": 60}
    slots = {"message.actions": "moderation/_message_actions.html"}

    def ready(self) -> None:
        from ops.moderation import signals

        signals.connect(self)

    def waiting(self, user: Any) -> Iterable[Waiting]:
        from ops.moderation.desk import home

        return home.waiting(user)

    def home_sections(self) -> Iterable[Any]:
        from ops.moderation.desk import home

        return home.SECTIONS

    def facts_of_conversation(self, request: Any, conversation: Any) -> Iterable[Any]:
        from ops.moderation.desk import home

        return home.facts(request, conversation)

    def notes_on_people(self, request: Any, ids: Collection[Any]) -> Mapping[Any, str]:
        from ops.moderation.participants import blocks

        return blocks.notes(request, ids)

    def erasure_steps(self) -> Iterable[Any]:
        from ops.moderation import erased

        return erased.STEPS
