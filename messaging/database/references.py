"""Set-based deletion without Django's collector, which would load the rows."""

from __future__ import annotations

from django.db import models


class RawDeletion(models.QuerySet):
    """A QuerySet whose ``_raw_delete`` empties references that declare SET_NULL, as Django's ``delete`` does.

    That covers references from apps that this one does not import. The caller must handle references with another
    ``on_delete``; the database refuses to leave one behind.
    """

    def _raw_delete(self, using: str | None) -> int:
        rows = self.using(using).order_by().values("pk")
        for relation in self.model._meta.get_fields(include_hidden=True):
            if isinstance(relation, models.ForeignObjectRel) and relation.on_delete is models.SET_NULL:
                name = relation.field.name
                referring = relation.related_model._base_manager.using(using)
                # If no row of the table has a reference, its index shows that fast; a lookup per row is slow.
                if referring.filter(**{f"{name}__isnull": False}).exists():
                    models.QuerySet.update(referring.filter(**{f"{name}__in": rows}), **{name: None})
        return super()._raw_delete(using)
