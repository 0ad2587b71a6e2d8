"""Notices in the console: the list of one's own, opening the target of one, and marking them as read."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, ngettext_lazy
from django.views.decorators.http import require_POST, require_safe

from messaging.languages.wording import numbered
from ops.audit.recorded_admin import TrailHistory
from ops.console.keyset import KeysetAdmin
from ops.console.readonly import ReadOnlyPermissions
from ops.notices import reading
from ops.notices.models import Notice

LIST = "admin:notices_notice_changelist"
NO_PAGE = gettext_lazy("There is no more to this than what it says.")
NOT_FOUND = gettext_lazy("What this notice is about is gone, or you may not open it.")


class ReadFilter(admin.SimpleListFilter):
    """Filters notices by whether they have been read."""

    title = gettext_lazy("read status")
    parameter_name = "read"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("no", _("Unread")), ("yes", _("Read"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset if self.value() is None else queryset.filter(read_at__isnull=self.value() == "no")


@admin.register(Notice)
class NoticeAdmin(ReadOnlyPermissions, TrailHistory, KeysetAdmin):
    """The user's own notices, newest first; nobody sees another person's."""

    section = gettext_lazy("Notices")
    keyset = ("-at", "id")
    list_filter = (ReadFilter,)
    change_list_template = "notices/notices.html"
    rows_template = "notices/notice_rows.html"
    counts_whole = False
    how_many = ngettext_lazy("%(number)s notice", "%(number)s notices", "n")
    more_than = gettext_lazy("More than %(number)s notices")
    empty_text = gettext_lazy("No notices yet. What happens to your exports, imports, requests and cases is told here.")
    actions = None

    class Media:
        css = {"all": ("notices/notices.css",)}

    def get_urls(self) -> list[URLPattern]:
        """Add the URLs of the two buttons to Django's."""
        return [
            path("read-all/", self.admin_site.admin_view(self.read_all_view), name="notices_notice_read_all"),
            path("<int:pk>/read/", self.admin_site.admin_view(self.read_view), name="notices_notice_read"),
            *super().get_urls(),
        ]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Notice | None = None) -> bool:
        """Allow every member of staff to see their own notices."""
        user: Any = request.user
        return user.is_active and user.is_staff and (obj is None or obj.recipient_id == user.pk)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).filter(recipient=request.user.pk)

    def prepare_rows(self, rows: list[Any]) -> None:
        names = reading.name_targets(rows)
        for row in rows:
            row.called = names.get(row.pk, "")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"title": _("Notices"), **(extra_context or {})})

    @method_decorator(require_safe)
    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Mark the notice as read and redirect to its target, or back to the list with a message if it has none.

        Another person's notice gives the same response as a missing one.
        """
        notice = self.get_object(request, unquote(object_id))
        if notice is None:
            return super().change_view(request, object_id, form_url, extra_context)
        reading.mark_read(Notice.objects.filter(pk=notice.pk))
        address = reading.address_of(request, notice)
        if address:
            return HttpResponseRedirect(address)
        kind = notice.declared
        messages.info(request, NOT_FOUND if kind and (kind.target or kind.page) else NO_PAGE)
        return HttpResponseRedirect(reverse(LIST))

    def read_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Mark one notice as read without opening its target; POST only."""
        notice = self.get_object(request, str(pk))
        if notice is None:
            raise Http404
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        reading.mark_read(Notice.objects.filter(pk=notice.pk))
        return HttpResponseRedirect(reverse(LIST))

    @method_decorator(require_POST)
    def read_all_view(self, request: HttpRequest) -> HttpResponse:
        """Mark all of the user's notices as read."""
        read = reading.mark_read(Notice.objects.of(request.user.pk))
        words = ngettext("Marked %(number)s notice as read.", "Marked %(number)s notices as read.", read)
        messages.success(request, numbered(words, read))
        return HttpResponseRedirect(reverse(LIST))
