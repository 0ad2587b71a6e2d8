"""The admin site of the console."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import quote
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.contrib.auth.views import LogoutView
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.decorators import method_decorator
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from ops.console.addresses import clean_search_term, whole_number, with_plain_numbers
from ops.console.frame import home, jump
from ops.console.frame.menu import Frame
from ops.console.rooms import rooms


class DeclaredAutocomplete(AutocompleteJsonView):
    """Django's autocomplete view, restricted to fields declared in the ``autocomplete_fields`` of an admin.

    A ModelAdmin can forbid it by ``autocomplete_search = False``, so that no message texts are searched here. Its
    ``record_lookup(request, terms, results)``, if it has one, is called before the response is sent.
    """

    def process_request(self, request: HttpRequest) -> Any:
        term, model_admin, field, to_field_name = super().process_request(request)
        if field.name not in self._declared(field.model, request) or not getattr(
            model_admin, "autocomplete_search", True
        ):
            raise PermissionDenied
        return term, model_admin, field, to_field_name

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().get(request, *args, **kwargs)
        if self.term and hasattr(self.model_admin, "record_lookup"):
            rows: Any = self.object_list
            self.model_admin.record_lookup(request, terms=self.term, results=rows.count())
        return response

    def _declared(self, model: Any, request: HttpRequest) -> set[str]:
        """Return the autocomplete fields of a model, as declared by its admin or by inlines of other admins."""
        site: Any = self.admin_site
        admins = list(site._registry.values())
        inlines = [inline for one in admins for inline in one.get_inline_instances(request)]
        return {name for one in (*admins, *inlines) if one.model is model for name in one.autocomplete_fields}


class ConsoleSite(admin.AdminSite):
    """Django's admin site in our own frame: a menu of five places instead of a sidebar, a jump box, one breadcrumb."""

    site_header = "Threadward"
    site_title = "Threadward"
    index_title = gettext_lazy("Home")
    site_url = "/messages/"  # the participant inbox of the user
    enable_nav_sidebar = False
    # Set in ops.admin, as login_form is, because this app imports no other room:
    password_change_view: Any = None  # a PasswordChangeView
    record_jump: Any = None  # (user, terms=…, results=…): records a search in the audit trail
    find_texts: Any = None  # (request, words): returns the texts found, for jump.html

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Add ``frame`` to Django's context: the menu, the user's pending work, and the place of this page."""
        context = super().each_context(request)
        context["frame"] = Frame(self, request)
        return context

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> Any:
        """Return Django's list, computed only when used: its sidebar and index show it, our menu and home do not."""
        django_list = partial(super().get_app_list, request, app_label)
        return django_list() if app_label else SimpleLazyObject(django_list)

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        return super().admin_view(with_plain_numbers(view), cacheable)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Return Django's URLs, with our own view_on_site: Django's reveals the address of a row to anybody."""
        view = self.admin_view(self.page_of_row)
        route = path("r/<str:content_type_id>/<path:object_id>/", view, name="view_on_site")
        return [
            path("jump/", self.admin_view(self.jump), name="jump"),
            path("keyboard/", self.admin_view(self.keyboard), name="keyboard"),
            *(path(one.route, self.admin_view(one.view), name=one.name) for room in rooms() for one in room.pages()),
            *(route if getattr(url, "name", "") == route.name else url for url in super().get_urls()),
        ]

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Show home, a list of work: pending work, and the sections that rooms declare for this user."""
        response: Any = super().index(request, extra_context)
        response.context_data["home"] = home.shown_sections(request, response.context_data["frame"])
        return response

    @method_decorator(require_safe)
    def jump(self, request: HttpRequest) -> HttpResponse:
        """Redirect to the only result for the words ``q``, or show all results, and texts with these words. The search
        is recorded first.

        With ``typing``, while the user still types, return the results as JSON, whatever their number.
        """
        text = clean_search_term(request.GET.get("q", ""))[: jump.LONGEST]
        context = self.each_context(request)
        found = jump.find(self, request, text, context["frame"]) if text else []
        if text:
            self.record_jump(request.user, terms=text, results=len(found))
        is_typing = "typing" in request.GET
        if len(found) == 1 and not is_typing:
            return HttpResponseRedirect(found[0].address)
        texts = self.find_texts(request, jump.going_on(text) if is_typing else text) if text else None
        going_on = jump.going_on(text)
        if texts and not texts.hits and not is_typing and going_on != text:
            # Results that were suggested during typing are still shown after Enter.
            further = self.find_texts(request, going_on)
            texts = further if further and further.hits else texts
        if is_typing:
            suggested = [*found, *(texts.suggestions if texts else ())]
            return JsonResponse({"found": [jump.suggestion(one) for one in suggested]})
        context |= {"title": _("Jump to"), "jump_words": text, "found": found, "texts": texts}
        context["groups"] = jump.grouped(found)
        return TemplateResponse(request, "console/jump.html", context)

    @method_decorator(require_safe)
    def keyboard(self, request: HttpRequest) -> HttpResponse:
        """Show the shortcut keys of all pages, and those of rooms that this user may see."""
        shown: dict[str, list[Any]] = {}
        for keys in (one for room in rooms() for one in room.keys):
            if not keys.permission or request.user.has_perm(keys.permission):
                shown.setdefault(str(keys.where), []).extend(keys.rows)
        context = {**self.each_context(request), "title": _("Keyboard shortcuts"), "keys": shown}
        return TemplateResponse(request, "console/keyboard.html", context)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return super().login(request, {"title": _("Sign in"), **(extra_context or {})})

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Sign out, and redirect to the sign-in page for staff."""
        return LogoutView.as_view(next_page=f"{self.name}:login")(request)

    def page_of_row(self, request: HttpRequest, content_type_id: str, object_id: str) -> HttpResponse:
        """Redirect to the console's page of a row. 404 for a row that does not exist or that this user may not open."""
        kind = ContentType.objects.filter(pk=whole_number(content_type_id) or 0).first()
        model: Any = kind.model_class() if kind is not None else None
        row = jump.row(self, request, model, object_id) if model is not None else None
        if row is None:
            raise Http404
        return HttpResponseRedirect(jump.page_of(model, quote(row.pk)))

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Use our own view: Django's checks the old password without counting and recording attempts."""
        view = self.password_change_view.as_view(
            success_url=reverse(f"{self.name}:password_change_done"),
            extra_context={**self.each_context(request), **(extra_context or {})},
        )
        return view(request)

    def autocomplete_view(self, request: HttpRequest) -> Any:
        return DeclaredAutocomplete.as_view(admin_site=self)(request)
