"""The admin site of the console."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from ops.console.rooms import rooms

LAST = 1_000  # the place in the menu of what no room names


class DeclaredAutocomplete(AutocompleteJsonView):
    """Django's look-up for fields that an admin names in ``autocomplete_fields``, and for no others.

    Whoever may see the rows may look them up; an admin with ``looks_up = False`` (texts of messages) is not searched
    here. ``record_lookup(request, terms, results)`` of the admin is called before the answer is sent.
    """

    def process_request(self, request: HttpRequest) -> Any:
        term, model_admin, field, to_field_name = super().process_request(request)
        if field.name not in self._declared(field.model, request) or not getattr(model_admin, "looks_up", True):
            raise PermissionDenied
        return term, model_admin, field, to_field_name

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().get(request, *args, **kwargs)
        if self.term and hasattr(self.model_admin, "record_lookup"):
            found: Any = self.object_list
            self.model_admin.record_lookup(request, terms=self.term, results=found.count())
        return response

    def _declared(self, model: Any, request: HttpRequest) -> set[str]:
        """The fields of a model for which its admin, or an inline of another one, declares the look-up."""
        site: Any = self.admin_site
        admins = list(site._registry.values())
        inlines = [inline for one in admins for inline in one.get_inline_instances(request)]
        return {name for one in (*admins, *inlines) if one.model is model for name in one.autocomplete_fields}


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

    def autocomplete_view(self, request: HttpRequest) -> Any:
        return DeclaredAutocomplete.as_view(admin_site=self)(request)
