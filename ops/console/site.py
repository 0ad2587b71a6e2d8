"""The admin site of the console."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from ops.console.rooms import rooms

LAST = 1_000  # the place in the menu of what no room names


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
        places = {label: place for room in rooms() for label, place in room.menu.items()}
        models.sort(key=lambda model: (places.get(model["model"]._meta.label, LAST), str(model["name"])))
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
