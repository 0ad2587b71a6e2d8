from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.utils.translation import gettext_lazy, pgettext_lazy

from ops.console.rooms import NOTHING_PERSONAL, ON_DELETE, Audit, Item, Keys, Page, PendingWork, Place, Room, Table

SEES = ("Reviewer", "Lead", "Auditor")
REVIEWS = ("Reviewer", "Lead")
MANAGES = ("Lead",)


class ModerationConfig(Room):
    name = "ops.moderation"
    label = "moderation"
    verbose_name = gettext_lazy("Moderation")

    menu = {
        "moderation.Case": Item(Place.REVIEW, 15),
        "moderation.Decision": Item(Place.REVIEW, 16),
        "moderation.DecisionGroup": Item(Place.REVIEW, 17),
        "moderation.Flag": Item(Place.REVIEW, 18),
        "moderation.FlagImport": Item(Place.DATA, 15),
        "moderation.Opening": Item(Place.AUDIT, 15),
        "moderation.Label": Item(Place.SETTINGS, 20),
        "moderation.CannedReason": Item(Place.SETTINGS, 30),
        "moderation.View": Item(Place.SETTINGS, 40),
    }
    finds = {"moderation.Case": pgettext_lazy("moderation", "case")}
    permissions = {
        "moderation.view_case": REVIEWS,  # case pages show message texts
        "moderation.decide_case": REVIEWS,
        "moderation.flag_message": REVIEWS,
        "moderation.import_flags": ("Data operator",),
        "moderation.take_over_case": ("Lead",),
        "moderation.view_decision": REVIEWS,
        "moderation.undo_decision": ("Lead",),
        "moderation.view_note": REVIEWS,
        "moderation.add_note": REVIEWS,
        "moderation.delete_note": ("Lead",),  # colleagues' notes; authors may delete their own
        "moderation.decide_many_cases": ("Lead",),
        "moderation.view_decisiongroup": ("Lead",),
        "moderation.suspend_longer": ("Lead",),
        "moderation.request_deletion": ("Lead",),  # somebody else must approve it
        "moderation.measure_staff": ("Lead",),
        "moderation.view_opening": ("Lead", "Auditor"),
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
        "moderation.view_view": MANAGES,  # the team's views; everybody may have their own
        "moderation.add_view": MANAGES,
        "moderation.change_view": MANAGES,
        "moderation.delete_view": MANAGES,
        "moderation.import_view": MANAGES,
        "moderation.export_view": MANAGES,
    }
    events = "ops.moderation.events.ModerationEvent"
    readings = {"moderation.case": "moderation.case_read"}
    tables = {
        "moderation.label": Table(Audit.ADMIN, NOTHING_PERSONAL),
        "moderation.cannedreason": Table(Audit.ADMIN, NOTHING_PERSONAL),
        "moderation.case": Table(Audit.FUNCTIONS, NOTHING_PERSONAL),
        "moderation.caseperson": Table(Audit.EXEMPT, "moderation", why="Follows from the flags of the case."),
        "moderation.flagimport": Table(Audit.FUNCTIONS, "moderation"),
        "moderation.flag": Table(Audit.FUNCTIONS, "moderation"),
        "moderation.claim": Table(Audit.FUNCTIONS, "moderation"),
        "moderation.skip": Table(Audit.FUNCTIONS, "moderation"),
        "moderation.draft": Table(Audit.EXEMPT, "moderation", why="What a form holds that was not sent yet."),
        "moderation.decision": Table(Audit.FUNCTIONS, "moderation"),
        "moderation.decisiongroup": Table(Audit.FUNCTIONS, "moderation"),
        "moderation.groupedcase": Table(Audit.FUNCTIONS, NOTHING_PERSONAL),
        "moderation.coveredmessage": Table(Audit.FUNCTIONS, ON_DELETE),
        "moderation.measure": Table(Audit.FUNCTIONS, "moderation"),
        "moderation.view": Table(Audit.ADMIN, "moderation"),
        "moderation.note": Table(Audit.FUNCTIONS, "moderation"),
        "moderation.noteperson": Table(Audit.EXEMPT, "moderation", why="Follows from the conversation of the note."),
        "moderation.comfort": Table(Audit.EXEMPT, "moderation", why="What somebody chose for themselves alone."),
        "moderation.opening": Table(Audit.EXEMPT, "moderation", why="An index of the audit trail."),
    }
    rounds = {"settle_cases": 60}
    keys = (
        Keys(
            gettext_lazy("In a thread"), {"f": gettext_lazy("Report the message")}, permission="moderation.flag_message"
        ),
        Keys(
            gettext_lazy("On the page of a case"),
            {
                "j k": gettext_lazy("Next and previous reported message"),
                "f": gettext_lazy("Report the message"),
                "d": gettext_lazy("Claim the case; then go to the decision"),
                "1 2 3 4 5 6 7 8 9": gettext_lazy("Choose a label"),
                "m": gettext_lazy("Choose measures on people"),
                ".": gettext_lazy(
                    "Choose the label, decision and reason of your last decision again, without sending them"
                ),
                "Enter": gettext_lazy("Send the decision, and open the next case"),
                "e": pgettext_lazy("what a key does", "Escalate"),
                "w": pgettext_lazy("what a key does", "Wait"),
                "s": pgettext_lazy("what a key does", "Skip"),
                "n p": gettext_lazy("Next case; back to the page before"),
                "v": gettext_lazy("Open or cover a text that is hard to read"),
                "o": gettext_lazy("Show the rest of the conversation"),
                "h": gettext_lazy("Open the whole conversation"),
                "a": gettext_lazy("Add a note"),
                "u": gettext_lazy("Undo the latest decision, or restore it"),
            },
            permission="moderation.decide_case",
        ),
    )
    slots = {
        "account.menu": "moderation/_covered_texts_link.html",
        "message.actions": "moderation/_message_actions.html",
        "message.correction": "moderation/_instead_of_correcting.html",
        "thread": "moderation/_thread_keys.html",
    }

    def ready(self) -> None:
        from ops.moderation import signals

        signals.connect(self)

    def job_kinds(self) -> Iterable[Any]:
        from ops.moderation.groups.kinds import DecideMany
        from ops.moderation.report_imports import kinds

        return [DecideMany(), *kinds.KINDS]

    def files_in_use(self) -> Iterable[str]:
        from ops.moderation.report_imports import uploading

        return uploading.in_use()

    def waiting(self, user: Any) -> Iterable[PendingWork]:
        from ops.moderation.desk import home
        from ops.moderation.openings import home as openings

        return [*home.waiting(user), *openings.waiting(user)]

    def home_sections(self) -> Iterable[Any]:
        from ops.moderation.desk import home
        from ops.moderation.openings import home as openings

        return [*home.SECTIONS, *openings.SECTIONS]

    def text_opened(self, entry: Any, messages: Collection[int], given: int | None) -> None:
        from ops.moderation.openings import noting

        noting.note(entry, messages, given)

    def warnings_on(self, user: Any, ids: Collection[int]) -> Mapping[int, str]:
        from ops.moderation.wellbeing import covering

        return covering.warnings_on(user, ids)

    def list_filters(self, request: Any, model: str) -> Iterable[type]:
        from ops.moderation.standing import shown

        return shown.list_filters(request, model)

    def search_filters(self, request: Any) -> Iterable[Any]:
        from ops.moderation.standing import search

        return search.search_filters(request)

    def marks_on_rows(self, request: Any, model: str, keys: Collection[Any]) -> Mapping[Any, Any]:
        from ops.moderation.standing import shown

        return shown.marks(request, model, keys)

    def pages(self) -> Iterable[Page]:
        from ops.moderation.notes import pages
        from ops.moderation.wellbeing.views import CoveredTextsView

        return [*pages.PAGES, Page("covered-texts/", CoveredTextsView.as_view(), "covered_texts")]

    def panel_sections(self) -> Iterable[Any]:
        from ops.moderation.notes.shown import SECTIONS
        from ops.moderation.standing import shown

        return (*shown.SECTIONS, *SECTIONS)

    def person_tabs(self) -> Iterable[Any]:
        from ops.moderation.notes import shown

        return (shown.TAB,)

    def notes_on_people(self, request: Any, ids: Collection[Any]) -> Mapping[Any, str]:
        from ops.moderation.measures import staff_pages

        return staff_pages.notes_on_people(request, ids)

    def about_person(self, request: Any, person: Any) -> Any:
        from ops.moderation.measures import staff_pages
        from ops.moderation.notes import shown

        return staff_pages.about_person(request, person, besides=shown.about_person(request, person))

    def sign_in_refusal(self, user: Any) -> str:
        from ops.moderation.participants import standing

        return standing.sign_in_refusal(user)

    def notice_kinds(self) -> Iterable[Any]:
        from ops.moderation.notices import notices

        return notices.KINDS

    def erasure_steps(self) -> Iterable[Any]:
        from ops.moderation import erased

        return erased.STEPS
