"""The Resource of reference data: how rows of a file become rows of the model."""

from __future__ import annotations

from typing import Any

import tablib
from django.core.exceptions import ObjectDoesNotExist
from django.utils.encoding import force_str
from django.utils.translation import gettext as _
from import_export.resources import Diff, ModelResource

from ops.files.problems import Unreadable, label


class Changes(Diff):
    """The changes of a row as (before, after) for each column; the template marks them up.

    The library's Diff needs style attributes, which the content security policy blocks, and minutes for long texts.
    """

    def as_html(self) -> list[tuple[str, str]]:
        before = [""] * len(self.right) if self.new else map(force_str, self.left)
        return list(zip(before, map(force_str, self.right), strict=True))


class ReferenceResource(ModelResource):
    """Validates rows with full_clean(), skips unchanged ones, and imports all rows or none.

    A subclass sets ``Meta.model``, and ``Meta.import_id_fields`` if rows are identified by something other than the id.
    """

    class Meta:
        skip_unchanged = True
        report_skipped = True
        clean_model_instances = True
        use_transactions = True

    def get_diff_class(self) -> type[Diff]:
        return Changes

    def import_field(self, field: Any, instance: Any, row: Any, is_m2m: bool = False, **kwargs: Any) -> None:
        """Import as the library does, but raise only ValueError, the one error reported with the field's name."""
        try:
            super().import_field(field, instance, row, is_m2m, **kwargs)
        except (ArithmeticError, TypeError, ObjectDoesNotExist):
            value = label(force_str(row[field.column_name]), quoted=True)
            raise ValueError(_("%(value)s is not a valid value of this column.") % {"value": value}) from None

    def before_import(self, dataset: tablib.Dataset, **kwargs: Any) -> None:
        """Raise Unreadable for unknown columns, which the library ignores, and for repeated rows."""
        known = [field.column_name for field in self.get_import_fields()]
        unknown = [name for name in dataset.headers if name not in known]
        if unknown:
            words = _("unknown columns: %(unknown)s. Known are %(known)s.")
            raise Unreadable(words % {"unknown": ", ".join(unknown), "known": ", ".join(known)})
        keys = [self.fields[name].column_name for name in self.get_import_id_fields()]
        if not set(keys) <= set(dataset.headers):
            return
        seen: set[tuple[Any, ...]] = set()
        for number, row in enumerate(dataset.dict, start=1):
            key = tuple(force_str(row[name]) for name in keys)
            if any(key) and key in seen:
                words = _("data row %(number)s repeats %(columns)s %(values)s of an earlier row.")
                raise Unreadable(words % {"number": number, "columns": ", ".join(keys), "values": ", ".join(key)})
            seen.add(key)
