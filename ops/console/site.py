"""The admin site of the console."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

# The order in which a working day meets things; what is not named comes after, by name.
FIRST_TO_LAST = (
    "Conversation",
    "Message",
    "User",
    "Import",
    "Export",
    "Job",
    "Entry",
    "MessageHistory",
    "Notification",
    "DeletionRequest",
    "AccountDeletion",
    "Group",
    "Theme",
)


class ConsoleSite(admin.AdminSite):
    """Django's admin with one row of links to everything instead of a side bar."""

    site_header = "Threadward"
    site_title = "Threadward"
    index_title = "Overview"
    site_url = "/messages/"  # "View site" shows what participants see
    enable_nav_sidebar = False

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """As Django's, with ``sections``: (name, address, whether we are there) of each list this person may see."""
        context = super().each_context(request)
        models = [model for app in context["available_apps"] for model in app["models"] if model["admin_url"]]
        rank = {name: number for number, name in enumerate(FIRST_TO_LAST)}
        models.sort(key=lambda model: (rank.get(model["object_name"], len(rank)), str(model["name"])))
        context["sections"] = [
            (self._section(model), model["admin_url"], request.path.startswith(model["admin_url"])) for model in models
        ]
        return context

    def _section(self, model: dict[str, Any]) -> str:
        """What the link to a list is called: as its admin's ``section`` says, or else as the model's rows."""
        return getattr(self.get_model_admin(model["model"]), "section", None) or model["name"]

    def autocomplete_view(self, request: HttpRequest) -> HttpResponse:
        """Refused: no form of ours looks anything up, and nobody searches messages past the lists."""
        raise PermissionDenied
