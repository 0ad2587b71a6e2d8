"""Form choices from rows, read within the time limit of a request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.forms.models import ModelChoiceIterator


class PlainChoices(ModelChoiceIterator):
    """The choices by a plain query. Django's iterator uses a cursor WITH HOLD on PostgreSQL, whose rows are read at
    commit, when the time limit of the statement no longer applies."""

    def __iter__(self) -> Iterator[Any]:
        field: Any = self.field
        if field.empty_label is not None:
            yield "", field.empty_label
        yield from map(self.choice, self.queryset.all())


class RowField(forms.ModelChoiceField):
    """A choice among rows, read by a plain query."""

    iterator = PlainChoices
