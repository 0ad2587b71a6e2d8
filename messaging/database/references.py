"""Deleting rows in sets without Django's collector, which would load them."""

from __future__ import annotations

from django.db import models


class RawDeletion(models.QuerySet):
    """A QuerySet whose ``_raw_delete`` empties the references that declare SET_NULL, as Django's ``delete`` does.

    Other apps refer to these rows without anybody here knowing of them. References with another ``on_delete`` are for
    the caller; the database refuses to leave one behind.
    """

    def _raw_delete(self, using: str | None) -> int:
        rows = self.using(using).order_by().values("pk")
        for relation in self.model._meta.get_fields(include_hidden=True):
            if isinstance(relation, models.ForeignObjectRel) and relation.on_delete is models.SET_NULL:
                name = relation.field.name
                referring = relation.related_model._base_manager.using(using)
                # Its index knows at once of a table that refers to nothing; asking for each row takes long.
                if referring.filter(**{f"{name}__isnull": False}).exists():
                    models.QuerySet.update(referring.filter(**{f"{name}__in": rows}), **{name: None})
        return super()._raw_delete(using)
