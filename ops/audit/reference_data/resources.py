"""The Resource of reference data: what a file changes, as rows of plain values."""

from __future__ import annotations

from typing import Any

import tablib
from django.core.exceptions import ObjectDoesNotExist
from django.utils.encoding import force_str
from import_export.resources import Diff, ModelResource

from ops.files.problems import Unreadable, label


class Changes(Diff):
    """What a row changes, as (before, after) for each column; the page marks it up.

    The library's own marks every difference with a style attribute, and takes minutes for two long texts.
    """

    def as_html(self) -> list[tuple[str, str]]:
        before = [""] * len(self.right) if self.new else map(force_str, self.left)
        return list(zip(before, map(force_str, self.right), strict=True))


class ReferenceResource(ModelResource):
    """Rows of reference data: validated as forms are, unchanged ones left alone, all or none stored.

    A subclass sets ``Meta.model`` and, for rows that are known by something else than their id, ``import_id_fields``.
    """

    class Meta:
        skip_unchanged = True
        report_skipped = True
        clean_model_instances = True
        use_transactions = True

    def get_diff_class(self) -> type[Diff]:
        return Changes

    def import_field(self, field: Any, instance: Any, row: Any, is_m2m: bool = False, **kwargs: Any) -> None:
        """Raises ValueError, which is reported with the name of the field, also where the library raises others."""
        try:
            super().import_field(field, instance, row, is_m2m, **kwargs)
        except (ArithmeticError, TypeError, ObjectDoesNotExist):
            value = label(force_str(row[field.column_name]), quoted=True)
            raise ValueError(f"{value} is no value of this column.") from None

    def before_import(self, dataset: tablib.Dataset, **kwargs: Any) -> None:
        """Raises Unreadable for columns that are not known, which the library ignores, and for repeated rows."""
        known = [field.column_name for field in self.get_import_fields()]
        unknown = [name for name in dataset.headers if name not in known]
        if unknown:
            raise Unreadable(f"unknown columns: {', '.join(unknown)}. Known are {', '.join(known)}.")
        keys = [self.fields[name].column_name for name in self.get_import_id_fields()]
        if not set(keys) <= set(dataset.headers):
            return
        seen: set[tuple[Any, ...]] = set()
        for number, row in enumerate(dataset.dict, start=1):
            key = tuple(force_str(row[name]) for name in keys)
            if any(key) and key in seen:
                raise Unreadable(f"data row {number} repeats {', '.join(keys)} {', '.join(key)} of an earlier row.")
            seen.add(key)
