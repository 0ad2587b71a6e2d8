"""List filters for what was imported: of conversations, messages and edits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from messaging.models import Message
from ops.console import filters
from ops.console.thread import clock
from ops.imports.models import Import
from ops.imports.storing.ids import ids_after
from ops.imports.storing.messages import MOST_JOINED

MOST_OFFERED = 20
NAMED_BY = ("stored_at", "created_at")  # the fields that an import's label needs


class OfImport(admin.SimpleListFilter):
    """Conversations that an import started or joined, for users who may import. Offers the newest imports; a link may
    name any other.
    """

    title = gettext_lazy("import")
    parameter_name = "import"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        self.import_ = None
        if not request.user.has_perm("imports.import_messages"):
            return []
        newest = Import.objects.filter(state=Import.State.STORED).order_by("-created_at", "-id")
        offered = {str(one.pk): one for one in newest.only(*NAMED_BY)[:MOST_OFFERED]}
        asked_for = self._asked_for()
        if asked_for is not None:
            self.import_ = asked_for
            offered[str(asked_for.pk)] = asked_for
        # The time, not the file's name: descriptions of exports keep the label, and file names may name people.
        return [(key, _time_of(one)) for key, one in offered.items()]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet:
        return queryset.filter(_conversations(self.import_)) if self.import_ is not None else queryset

    def _asked_for(self) -> Import | None:
        try:
            return Import.objects.filter(pk=UUID(self.value() or "")).first()
        except ValueError:
            return None


class BroughtByImport(filters.YesNoFilter):
    """Messages that were imported, or the others."""

    title = gettext_lazy("imported")
    parameter_name = "imported"

    def yes(self, rows: Any) -> QuerySet:
        return rows.filter(_by_an_import("message_base"))

    def no(self, rows: Any) -> QuerySet:
        return rows.exclude(_by_an_import("message_base"))


class KindOfEdit(filters.KindOfEdit):
    """Adds the texts that imports replaced as a kind of their own: they are not corrections, whoever imported them."""

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [*super().lookups(request, model_admin), ("imports", _("By imports"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet:
        if self.value() == "imports":
            return queryset.filter(by_an_import())
        found: QuerySet = super().queryset(request, queryset)
        return found.exclude(by_an_import()) if self.value() == "corrections" else found


def by_an_import() -> Exists:
    """Return the condition that an import made a history: its id is one of those reserved for it."""
    return _by_an_import("history_base")


def _by_an_import(base: str) -> Exists:
    """Return the condition that an id is one of those reserved for an import, after its ``base``."""
    begun = Import.objects.filter(**{f"{base}__lt": OuterRef("pk")})
    return Exists(begun.annotate(last=F(base) + F("last_row")).filter(last__gte=OuterRef("pk")))


def of_list(model: str) -> Iterable[type]:
    """Return the filters that imports add to another app's list."""
    return (BroughtByImport,) if model == Message._meta.label_lower else ()


def _time_of(import_: Import) -> str:
    return clock.day_and_time(clock.local(import_.stored_at or import_.created_at))


def _conversations(import_: Import) -> Q:
    """Return the condition for conversations with messages of an import: those it started, by their ids, and those it
    joined, as listed in its outcome; if that list is cut (MOST_JOINED), the conversations of its messages.
    """
    first, last = ids_after(import_.conversation_base, import_.last_row)
    begun = Q(pk__gt=first, pk__lte=last)
    joined = import_.outcome.get("joined_conversations", [])
    if len(joined) < MOST_JOINED:
        return begun | Q(pk__in=joined)
    first, last = ids_after(import_.message_base, import_.last_row)
    return Q(Exists(Message.objects.filter(conversation=OuterRef("pk"), pk__gt=first, pk__lte=last)))
