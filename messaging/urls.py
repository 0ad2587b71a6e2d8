"""The URLs of the participants' views."""

from django.urls import path, register_converter
from django.urls.converters import IntConverter

from messaging import views
from messaging.participants import block_views, draft_views, report_views, standing_views


class RowNumber(IntConverter):
    """A primary key of at most 18 digits: a longer number would overflow in the database, so it is a 404."""

    regex = "[0-9]{1,18}"


register_converter(RowNumber, "row")

app_name = "messaging"
urlpatterns = [
    path("", views.inbox, name="inbox"),
    path("new/", views.compose, name="compose"),
    path("<row:pk>/", views.conversation, name="conversation"),
    path("<row:pk>/mark-read/", views.mark_read, name="mark_read"),
    path("message/<row:pk>/reply/", views.reply, name="reply"),
    path("message/<row:pk>/edit/", views.edit, name="edit"),
    path("message/<row:pk>/history/", views.history, name="history"),
    path("message/<row:pk>/report/", report_views.report, name="report"),
    path("reports/", report_views.reports, name="reports"),
    path("reports/<row:pk>/withdraw/", report_views.withdraw, name="withdraw_report"),
    path("warnings/<row:pk>/confirm/", standing_views.confirm, name="confirm_warning"),
    path("draft/", draft_views.draft, name="draft"),
    path("blocked/", block_views.blocked, name="blocked"),
    path("blocked/remove/", block_views.unblock, name="unblock"),
    path("delete-account/", views.delete_user, name="delete_user"),
    path("goodbye/", views.goodbye, name="goodbye"),
]
