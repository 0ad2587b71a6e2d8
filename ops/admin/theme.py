"""The admin of themes, with only the settings that have an effect in the console."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from admin_interface.admin import ThemeAdmin
from admin_interface.models import Theme
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import QuerySet
from django.forms import model_to_dict
from django.http import HttpRequest
from django.urls import URLPattern

from ops.audit.recorded_admin import RecordedChanges
from ops.console.declared_lists import DeclaredListAdmin
from ops.console.limits.uploads import takes_files
from ops.console.theme import images
from ops.console.theme.form import SECTIONS, ThemeForm
from ops.events import ConsoleEvent

IMAGES = ("logo", "favicon")


class ConsoleThemeAdmin(RecordedChanges, DeclaredListAdmin, ThemeAdmin):
    """Themes. A theme is activated on its page, because the checkboxes in the list have no accessible names."""

    form = ThemeForm
    fieldsets = [(title, {"fields": tuple(fields)}) for title, fields in SECTIONS]
    save_on_top = False
    list_editable = ()
    show_full_result_count = False
    change_event: str = ConsoleEvent.THEME_CHANGED

    def get_urls(self) -> list[URLPattern]:
        """Have the pages that add and change a theme accept uploads of images."""
        prefix = f"{self.opts.app_label}_{self.opts.model_name}"
        taking = {
            f"{prefix}_add": takes_files(
                self.add_view, site=self.admin_site, may=self.has_add_permission, receive=images.receive
            ),
            f"{prefix}_change": takes_files(
                self.change_view, site=self.admin_site, may=self.has_change_permission, receive=images.receive
            ),
        }
        urls = super().get_urls()
        for url in urls:
            url.callback = taking.get(url.name or "", url.callback)
        return urls

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Start a new theme with the colours in use: text in django-admin-interface's default colours is unreadable."""
        active = model_to_dict(Theme.objects.get_active(), exclude=("id", "name", "active", *IMAGES))
        return {**active, **super().get_changeform_initial_data(request)}

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save the theme; delete an image that it no longer has unless another theme has it."""
        replaced = [form.initial[name].name for name in IMAGES if name in form.changed_data and form.initial.get(name)]
        super().save_model(request, obj, form, change)
        delete_later(replaced)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete the theme with its images."""
        images_of = images_in([obj])
        super().delete_model(request, obj)
        delete_later(images_of)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Delete themes with their images."""
        images_of = images_in(queryset)
        super().delete_queryset(request, queryset)
        delete_later(images_of)


def images_in(themes: Iterable[Theme]) -> list[str]:
    """Return the names of the stored images of these themes."""
    return [file.name for theme in themes for name in IMAGES if (file := getattr(theme, name))]


def delete_later(names: Iterable[str]) -> None:
    """Delete the stored images with these names after the commit, unless a theme still has them."""
    for name in names:
        transaction.on_commit(partial(delete_unused, name))


def delete_unused(name: str) -> None:
    """Delete the stored image with this name, unless a theme has it."""
    if not any(Theme.objects.filter(**{field: name}).exists() for field in IMAGES):
        default_storage.delete(name)
