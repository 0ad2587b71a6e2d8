"""The filters on the page of a list: the row of filters, the form “More filters”, and names that nobody has."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString

from ops.console.declared_lists import DeclaredChangeList


class Field(NamedTuple):
    """A form field of “More filters”, for one filter. ``kind`` is "person", "date", or "" for choices."""

    title: str
    name: str
    kind: str
    value: str
    choices: tuple[tuple[str, str], ...]
    typed_name: str  # of a "person" field
    is_unknown: bool  # whether nobody has the typed name


class ShownFilters(DeclaredChangeList):
    """A change list some of whose filters are shown under “More filters”."""

    model_admin: Any  # a KeysetAdmin
    specs_under_more: tuple[Any, ...]  # the filters under “More filters”

    @property
    def filter_choices(self) -> list[tuple[str, list[Any]]]:
        """The title and choices of each filter in the row of filters."""
        return [
            (str(spec.title), list(spec.choices(self)))
            for spec in self.filter_specs
            if type(spec) not in self.specs_under_more
        ]

    @property
    def more_filters(self) -> list[Any]:
        """The filters under “More filters”, which is a form."""
        return [spec for spec in self.filter_specs if type(spec) in self.specs_under_more]

    @property
    def more_fields(self) -> tuple[Field, ...]:
        """The fields of that form."""
        return tuple(
            Field(
                title=str(spec.title),
                name=spec.parameter_name,
                kind=getattr(spec, "input_type", ""),
                value=getattr(spec, "field_value", spec.value()) or "",
                choices=tuple((str(one), str(label)) for one, label in spec.lookup_choices),
                typed_name=getattr(spec, "typed_name", ""),
                is_unknown=bool(getattr(spec, "typed", "")),
            )
            for spec in self.more_filters
        )

    @property
    def more_active(self) -> int:
        """How many filters under “More filters” narrow the list."""
        return sum(bool(spec.value()) for spec in self.more_filters)

    @property
    def kept_params(self) -> dict[str, str]:
        """The other parameters that the form “More filters” sends again, including the key beside an unchanged name."""
        asked = {spec.parameter_name for spec in self.more_filters if not getattr(spec, "typed_name", "")}
        return {name: value for name, value in self.params.items() if name not in asked}

    @property
    def asks_for_people(self) -> bool:
        """Whether a filter takes a name."""
        return any(getattr(spec, "typed_name", "") for spec in self.filter_specs)

    @property
    def unknown_people(self) -> list[str]:
        """The names typed into filters that nobody has."""
        return [spec.typed for spec in self.filter_specs if getattr(spec, "typed", "")]

    @property
    def unknown_sentences(self) -> list[SafeString]:
        """A sentence about each of them."""
        sentence = SafeString(escape(self.model_admin.unknown_person))
        return [
            format_html(sentence.replace("%(name)s", "{}"), format_html("<bdi>{}</bdi>", name))
            for name in self.unknown_people
        ]
