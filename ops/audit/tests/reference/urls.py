"""The console's addresses, preceded by those of colours."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.urls import include, path

from ops.audit.reference_data.admin import ReferenceDataAdmin
from ops.audit.reference_data.resources import ReferenceResource
from ops.audit.tests.reference.models import Colour
from ops.console.filters import YesNoFilter
from ops.console.site import ConsoleSite


class ColourResource(ReferenceResource):
    class Meta:
        model = Colour
        fields = ("name", "note", "weight")
        import_id_fields = ("name",)

    def for_delete(self, row: dict[str, str], instance: Colour) -> bool:
        return row.get("note") == "delete"


class Heavy(YesNoFilter):
    title = "heavy"
    parameter_name = "heavy"

    def yes(self, rows: QuerySet) -> QuerySet:
        return rows.filter(weight__gt=1)

    def no(self, rows: QuerySet) -> QuerySet:
        return rows.filter(weight__lte=1)


class ColourAdmin(ReferenceDataAdmin):
    resource_classes = [ColourResource]
    search_fields = ("name",)
    list_filter = (Heavy,)


site = ConsoleSite()
site._registry.update(admin.site._registry)
site.register(Colour, ColourAdmin)

urlpatterns = [path("console/", site.urls), path("", include("ops.urls"))]
