"""Filters of the lists of conversations and messages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from messaging.models import Message

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class ChoiceFilter(admin.SimpleListFilter):
    """A filter whose first choice is “Any”."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        every, *others = super().choices(changelist)
        yield {**every, "display": _("Any")}
        yield from others


class ValueFilter(ChoiceFilter):
    """Rows with the chosen value of one ``field``."""

    field = ""

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet:
        return queryset.filter(**{self.field: self.value()}) if self.value() else queryset


class YesNoFilter(ChoiceFilter):
    """A filter with the choices yes and no, labelled by ``words``, and any; subclasses filter in ``yes`` and ``no``."""

    words: tuple[StrOrPromise, StrOrPromise] = (gettext_lazy("Yes"), gettext_lazy("No"))

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return list(zip(("yes", "no"), map(str, self.words), strict=True))

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet:
        return {"yes": self.yes, "no": self.no}.get(self.value() or "", lambda rows: rows)(queryset)

    def yes(self, rows: Any) -> QuerySet:
        raise NotImplementedError

    def no(self, rows: Any) -> QuerySet:
        raise NotImplementedError


class UnreadConversations(YesNoFilter):
    title = gettext_lazy("read status")
    words = (gettext_lazy("Unread"), gettext_lazy("All read"))
    parameter_name = "unread"

    def yes(self, rows: Any) -> QuerySet:
        return rows & Message.unread.conversations()

    def no(self, rows: Any) -> QuerySet:
        return rows.filter(unread_count=0)


class EditedConversations(YesNoFilter):
    title = gettext_lazy("edits")
    words = (gettext_lazy("Edited"), gettext_lazy("Never edited"))
    parameter_name = "edited"

    def yes(self, rows: Any) -> QuerySet:
        return rows.edited()

    def no(self, rows: Any) -> QuerySet:
        return rows.never_edited()


class UnreadMessages(YesNoFilter):
    title = gettext_lazy("read status")
    words = (gettext_lazy("Unread"), gettext_lazy("Read"))
    parameter_name = "unread"

    def yes(self, rows: Any) -> QuerySet:
        return rows & Message.unread.all()

    def no(self, rows: Any) -> QuerySet:
        return rows.filter(read=True)


class EditedMessages(YesNoFilter):
    title = gettext_lazy("edits")
    words = (gettext_lazy("Edited"), gettext_lazy("Never edited"))
    parameter_name = "edited"

    def yes(self, rows: Any) -> QuerySet:
        return rows.filter(edited=True)

    def no(self, rows: Any) -> QuerySet:
        return rows.filter(edited=False)


class HiddenMessages(YesNoFilter):
    title = gettext_lazy("visibility")
    words = (gettext_lazy("Hidden"), gettext_lazy("Not hidden"))
    parameter_name = "hidden"

    def yes(self, rows: Any) -> QuerySet:
        return rows.filter(hidden=True)

    def no(self, rows: Any) -> QuerySet:
        return rows.filter(hidden=False)


class RedactedMessages(YesNoFilter):
    title = gettext_lazy("removed parts")
    words = (gettext_lazy("Part removed"), gettext_lazy("Nothing removed"))
    parameter_name = "redacted"

    def yes(self, rows: Any) -> QuerySet:
        return rows.filter(redaction__isnull=False)

    def no(self, rows: Any) -> QuerySet:
        return rows.filter(redaction=None)


class AnsweredMessages(YesNoFilter):
    title = gettext_lazy("replies")
    parameter_name = "replies"
    words = (gettext_lazy("Has replies"), gettext_lazy("No replies"))

    def yes(self, rows: Any) -> QuerySet:
        return rows.with_replies()

    def no(self, rows: Any) -> QuerySet:
        return rows.without_replies()


class Length(admin.SimpleListFilter):
    """The number of messages of a conversation; ``LENGTHS`` maps each choice to its label, minimum and maximum."""

    title = gettext_lazy("length")
    parameter_name = "length"
    LENGTHS: Mapping[str, tuple[StrOrPromise, int, int | None]] = {
        "1": (gettext_lazy("1 message"), 1, 1),
        "2-9": (gettext_lazy("2 to 9"), 2, 9),
        "10-49": (gettext_lazy("10 to 49"), 10, 49),
        "50-": (gettext_lazy("50 or more"), 50, None),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [(key, str(label)) for key, (label, *_rest) in self.LENGTHS.items()]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet:
        chosen = self.LENGTHS.get(self.value() or "")
        if chosen is None:
            return queryset
        _label, minimum, maximum = chosen
        # Computed, so that no database uses the index of this column: most conversations are short, and sorting all of
        # them takes longer than scanning the list in its order.
        rows = queryset.alias(length=F("message_count") + 0).filter(length__gte=minimum)
        return rows if maximum is None else rows.filter(length__lte=maximum)


class PresetDates(ChoiceFilter):
    """Rows whose time ``field`` is today or in the past days; ``DAYS`` maps each choice to its label and days."""

    parameter_name = "since"
    field = ""
    DAYS: Mapping[str, tuple[StrOrPromise, int]] = {
        "today": (gettext_lazy("Today"), 0),
        "7d": (gettext_lazy("Past 7 days"), 7),
        "30d": (gettext_lazy("Past 30 days"), 30),
        "365d": (gettext_lazy("Past year"), 365),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [(key, str(label)) for key, (label, _days) in self.DAYS.items()]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet:
        chosen = self.DAYS.get(self.value() or "")
        if chosen is None:
            return queryset
        # An export sets ``as_of`` to the time of its request.
        return queryset.filter(**{f"{self.field}__gte": days_ago(chosen[1], getattr(request, "as_of", None))})


def days_ago(days: int, now: datetime | None = None) -> datetime:
    """Return midnight, in the current time zone, this many days ago; 0 is today."""
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - timedelta(days=days)


class LastActivity(PresetDates):
    title = gettext_lazy("last activity")
    field = "last_message_at"


class SentAt(PresetDates):
    title = gettext_lazy("sent")
    field = "timestamp"


class KindOfEdit(ChoiceFilter):
    """The kinds of edits that a reviewer looks at first."""

    title = gettext_lazy("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [("after-reply", _("After a reply")), ("corrections", _("Corrections by others"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet:
        if self.value() == "after-reply":
            return queryset.after_a_reply()
        return queryset.corrections() if self.value() else queryset


class EditedAt(PresetDates):
    title = gettext_lazy("edited")
    field = "edited_at"
