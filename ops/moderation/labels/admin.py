"""The lists and forms of labels and canned reasons, in Settings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy, pgettext_lazy

from ops.audit.recorded_admin import RecordedLists
from ops.audit.reference_data.admin import ReferenceDataAdmin
from ops.console.filters import ValueFilter, YesNoFilter
from ops.console.keyset import KeysetAdmin
from ops.console.limits.choices import RowField
from ops.moderation.labels import placeholders, targets
from ops.moderation.labels.resources import CannedReasonResource, LabelResource
from ops.moderation.models import CannedReason, Label, Severity
from ops.moderation.models.labels import KNOWN_LANGUAGES
from ops.moderation.templatetags.labels import label as label_context


def shown(label: Label) -> SafeString:
    """Render a label as the template tag ``label`` does."""
    return render_to_string("moderation/_label.html", label_context(label))


class InUse(YesNoFilter):
    title = gettext_lazy("state")
    parameter_name = "active"
    words = (pgettext_lazy("label", "On"), pgettext_lazy("label", "Off"))

    def yes(self, rows: QuerySet) -> QuerySet:
        return rows.filter(active=True)

    def no(self, rows: QuerySet) -> QuerySet:
        return rows.filter(active=False)


class OfSeverity(ValueFilter):
    title = gettext_lazy("severity")
    parameter_name = field = "severity"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [(value, str(name)) for value, name in Severity.choices]


class OfLabel(ValueFilter):
    title = pgettext_lazy("moderation", "label")
    parameter_name = "label"
    field = "label__slug"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return list(Label.objects.values_list("slug", "name"))


class PolicyAdmin(ReferenceDataAdmin, RecordedLists, KeysetAdmin):
    """Base for the parts of a team's policy. A row is switched off, never deleted, because older decisions refer to it;
    its slug is fixed, because files refer to it."""

    actions = None

    class Media:
        css = {"all": ("moderation/labels.css",)}

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return () if obj is None else ("slug",)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Use the row's name as the title of its page."""
        if context["original"] is not None:
            context["title"] = str(context["original"])
        return super().render_change_form(request, context, *args, **kwargs)


@admin.register(Label)
class LabelAdmin(PolicyAdmin):
    resource_classes = [LabelResource]
    keyset = ("sort_order", "name")
    list_filter = (InUse, OfSeverity)
    search_fields = ("name", "slug", "wording", "meaning")
    search_help_text = gettext_lazy("Searches names, slugs, meanings and words for participants.")
    rows_template = "moderation/label_rows.html"
    how_many = ngettext_lazy("%(number)s label", "%(number)s labels", "n")
    more_than = gettext_lazy("More than %(number)s labels")
    empty_text = gettext_lazy(
        "No labels yet. Import a file of labels, or load the starting set with “manage.py load_labels”."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).annotate(reasons=Count("canned_reasons"))

    def prepare_rows(self, rows: list[Any]) -> None:
        for row in rows:
            row.within = targets.in_words(targets.target_of(row.severity))

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict[str, Sequence[str]]:
        return {"slug": ("name",)} if obj is None else {}

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return () if obj is None else ("shown_as", *super().get_readonly_fields(request, obj))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        shown = () if obj is None else ("shown_as",)
        return [
            (None, {"fields": (*shown, "name", "slug", "colour", "severity", "active", "sort_order")}),
            (_("For reviewers"), {"fields": ("meaning", "hard_to_read")}),
            (_("For participants"), {"fields": ("wording",)}),
        ]

    @admin.display(description=gettext_lazy("shown as"))
    def shown_as(self, label: Label) -> str:
        """Render the label as pages show it: the stored one, without changes in an unsaved form."""
        return shown(label)

    def formfield_for_choice_field(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """Add its target time to each severity."""
        if db_field.name == "severity":
            words = _("%(severity)s: within %(time)s")
            kwargs["choices"] = [
                (value, words % {"severity": name, "time": targets.in_words(targets.target_of(value))})
                for value, name in Severity.choices
            ]
        return super().formfield_for_choice_field(db_field, request, **kwargs)


@admin.register(CannedReason)
class CannedReasonAdmin(PolicyAdmin):
    resource_classes = [CannedReasonResource]
    keyset = ("title", "id")
    list_filter = (InUse, OfLabel)
    search_fields = ("title", "slug", "text")
    search_help_text = gettext_lazy("Searches titles, slugs and texts.")
    rows_template = "moderation/cannedreason_rows.html"
    how_many = ngettext_lazy("%(number)s canned reason", "%(number)s canned reasons", "n")
    more_than = gettext_lazy("More than %(number)s canned reasons")
    empty_text = gettext_lazy(
        "No canned reasons yet. Import a file of them, or load the starting set with “manage.py load_labels”."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("label")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Return the fields of the form. A page without a form renders the label itself, because Django would link it
        even for users who may not open it."""
        label = "label" if self.has_add_or_change_permission(request, obj) else "shown_label"
        return ("title", "slug", label, "language", "text", "active")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return (*super().get_readonly_fields(request, obj), "shown_label")

    def has_add_or_change_permission(self, request: HttpRequest, obj: Any) -> bool:
        """Return whether the page about ``obj``, or about a new row if it is None, is a form."""
        return self.has_add_permission(request) if obj is None else self.has_change_permission(request, obj)

    @admin.display(description=pgettext_lazy("moderation", "label"))
    def shown_label(self, reason: CannedReason) -> str:
        """Render the label as pages show it."""
        return shown(reason.label)

    def prepare_rows(self, rows: list[Any]) -> None:
        for row in rows:
            row.to_fill = placeholders.unfilled(row.text)
            row.language_name = _(KNOWN_LANGUAGES[row.language]) if row.language in KNOWN_LANGUAGES else row.language

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict[str, Sequence[str]]:
        return {"slug": ("title",)} if obj is None else {}

    def formfield_for_foreignkey(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        return super().formfield_for_foreignkey(db_field, request, **{"form_class": RowField, **kwargs})

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """Offer a list of languages, and labels without buttons to change them: their own list has those."""
        if db_field.name == "language":
            languages = sorted(((code, _(name)) for code, name in KNOWN_LANGUAGES.items()), key=lambda item: item[1])
            return forms.ChoiceField(label=capfirst(db_field.verbose_name), choices=languages, initial=db_field.default)
        field: Any = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "label":
            field.widget = field.widget.widget
        return field
