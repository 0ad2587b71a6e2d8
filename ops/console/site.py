"""The admin site of the console."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

# The order in which a working day meets things; what is not named comes after, by name.
FIRST_TO_LAST = (
    "Conversation",
    "Message",
    "User",
    "MessageHistory",
    "Notification",
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
            (model["name"], model["admin_url"], request.path.startswith(model["admin_url"])) for model in models
        ]
        return context
