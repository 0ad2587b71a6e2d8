"""The forms of an import: a file, how to read it, which columns it has, how special rows are treated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import available_timezones

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from messaging.languages.wording import numbered
from ops.files.encodings import ENCODINGS
from ops.files.headers.columns import address
from ops.files.headers.samples import shortened
from ops.files.sources import Reading
from ops.files.uploads import PrivateUploadHandler
from ops.imports.columns import ALWAYS_IGNORED, COLUMNS, MAY_BE_LEFT_OUT
from ops.imports.models import Import
from ops.imports.options import DEFAULTS, OPTIONS, Choices, problems_of, with_values
from ops.imports.pages.option_fields import field_of, shown, typed

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

NOT_IN_THE_FILE = "-"
LONGEST_SAMPLE = 60  # characters of a value of the file, as the page shows it
MEANINGS = {
    "external_id": gettext_lazy("ID of the message"),
    "parent_external_id": gettext_lazy("ID of the message that it answers"),
    "sender": gettext_lazy("who wrote it"),
    "receiver": gettext_lazy("who received it"),
    "timestamp": gettext_lazy("when it was sent"),
    "edited": gettext_lazy("whether it was edited"),
    "read": gettext_lazy("whether it was read"),
    "content": gettext_lazy("the text"),
    "edited_at": gettext_lazy("when the text was written, if it was edited"),
    "hidden": gettext_lazy("whether moderators removed it"),
    "redacted": gettext_lazy("whether moderators removed a part of it"),
}
SUFFIXES = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".xlsx", ".xls", ".xlsb", ".ods")
OF_JSON = ("list_under", "join_pieces")
NOT_CHOSEN = ("", False, None)
WORKBOOKS = ("XLSX", "XLS", "XLSB", "ODS")


class ColumnField(NamedTuple):
    """The field of one of our columns, with its meaning and the first values of the column that is chosen for it."""

    field: forms.BoundField
    meaning: StrOrPromise
    samples: list[str]


def _as_sent(number: int | None) -> str:
    return "" if number is None else str(number)


class UploadForm(forms.Form):
    """The file to upload; if the upload was stopped, ``handler`` has the reason."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        max_length=None,
        widget=forms.FileInput(attrs={"aria-describedby": "file-help", "accept": ",".join(SUFFIXES)}),
        error_messages={
            "required": gettext_lazy("Choose a file first."),
            "empty": gettext_lazy("The file is empty: choose one that holds messages."),
        },
    )

    def __init__(self, *args: Any, handler: PrivateUploadHandler | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if handler is not None and handler.problem:
            self.fields["file"].error_messages["required"] = handler.problem


class ChecksForm(forms.Form):
    """The options for checking the file again, to read it and treat special rows, that no other part asks for."""

    def __init__(self, import_: Import, data: Any = None) -> None:
        chosen = {**import_.get_reading().as_json(), **import_.get_choices().as_json()}
        initial = {option.name: shown(option, chosen[option.name]) for option in OPTIONS}
        super().__init__(data, auto_id="again-%s", initial=initial)
        self.options = [option for option in OPTIONS if not option.own_part]
        self.fields |= {option.name: field_of(option) for option in self.options}
        self.fields["time_zone"].required = True
        self.fields["time_zone"].error_messages["required"] = _("Name the time zone, such as Europe/Berlin or UTC.")
        self.fields["time_zone"].widget.attrs |= {"list": "time-zones", "autocomplete": "off", "spellcheck": "false"}
        suggested = import_.understood.get("suggested_encoding")
        if suggested in ENCODINGS:
            self.initial["encoding"] = suggested
            probably = _("The file is probably in %(encoding)s.") % {"encoding": ENCODINGS[suggested]}
            self.fields["encoding"].help_text = probably
        self.import_ = import_
        self._keep_what_fits()

    def _keep_what_fits(self) -> None:
        """Leave out options that do not apply to a file of this format, unless they were chosen."""
        understood, reading = self.import_.understood, self.import_.get_reading()
        format, sheets = understood.get("format", ""), understood.get("sheets", [])
        named = list(dict.fromkeys([*sheets, *filter(None, [reading.sheet])]))
        choices = [("", _("the first one")), *((one, one) for one in named)]
        self.fields["sheet"] = forms.ChoiceField(label=_("Sheet"), choices=choices, required=False)
        fits = {
            **dict.fromkeys(OF_JSON, format.startswith("JSON")),
            "fill_merged": format in WORKBOOKS,
            "sheet": bool(sheets),
            "header_row": not format.startswith("JSON"),
        }
        unfit = {name for name, fit in fits.items() if format and not fit and getattr(reading, name) in NOT_CHOSEN}
        self.options = [option for option in self.options if option.name not in unfit]
        for name in unfit:
            del self.fields[name]

    def clean(self) -> dict[str, Any]:
        for name, value in self.cleaned_data.items():
            self.cleaned_data[name] = value.strip() if isinstance(value, str) else value
        for name, problem in problems_of(self.cleaned_data):
            self.add_error(name, problem)
        return self.cleaned_data

    @property
    def time_zones(self) -> list[str]:
        """The names that the field suggests."""
        return sorted(available_timezones())

    def options_chosen(self) -> tuple[Reading, Choices]:
        """Return the chosen options; those that other parts of the page ask for stay unchanged."""
        chosen = {name: DEFAULTS[name] if value is None else value for name, value in self.cleaned_data.items()}
        return with_values(chosen, self.import_.get_reading(), self.import_.get_choices())

    def same(self) -> list[tuple[str, Any]]:
        """Return the fields and values that check the file again as it was checked last."""
        last = {**self.import_.get_reading().as_json(), **self.import_.get_choices().as_json()}
        sent = ((option.name, typed(option, self.fields[option.name], last[option.name])) for option in self.options)
        return [(name, value) for name, value in sent if value is not None]


class ColumnsForm(forms.Form):
    """Matches each of our columns with one of the file's.

    Values are positions in the header, not names: those may contain anything.
    """

    ignore_unknown = forms.BooleanField(label=gettext_lazy("Ignore unmatched columns"), required=False, initial=True)

    header_row = forms.IntegerField(widget=forms.HiddenInput, min_value=0, required=False)

    def __init__(
        self,
        headers: Sequence[str],
        suggested: Mapping[str, str],
        data: Any = None,
        *,
        samples: Sequence[Sequence[str]] = (),
        header_row: int | None = None,
    ) -> None:
        """``samples`` are the first values under each header; ``header_row`` is sent along with the chosen columns."""
        super().__init__(data, auto_id="column-%s", initial={"header_row": _as_sent(header_row)})
        self.headers = headers
        self.samples = [
            [shortened(value, LONGEST_SAMPLE) for value in samples[place]] if place < len(samples) else []
            for place in range(len(headers))
        ]
        places = {header: str(place) for place, header in reversed([*enumerate(headers)])}
        choices = [(str(place), header) for place, header in enumerate(headers) if header not in ALWAYS_IGNORED]
        for column in COLUMNS:
            none = [(NOT_IN_THE_FILE, _("not in the file"))] if column in MAY_BE_LEFT_OUT else []
            initial = places.get(suggested.get(column, ""), NOT_IN_THE_FILE if none else "")
            self.fields[column] = forms.ChoiceField(
                label=column,
                choices=[("", _("choose…")), *none, *choices],
                initial=initial,
                widget=forms.Select(attrs={"aria-describedby": f"column-{column}-means column-{column}-samples"}),
                error_messages={"required": _("Choose the column that holds %(column)s.") % {"column": column}},
            )
        self.order_fields([*COLUMNS, "ignore_unknown", "header_row"])

    def clean(self) -> dict[str, Any]:
        chosen: dict[str, str] = {}
        for column in COLUMNS:
            place = self.cleaned_data.get(column, NOT_IN_THE_FILE)
            if place != NOT_IN_THE_FILE and place in chosen:
                said = _("This column is chosen for %(column)s already: choose another one.")
                self.add_error(column, said % {"column": chosen[place]})
            chosen.setdefault(place, column)
        return self.cleaned_data

    @property
    def column_fields(self) -> list[ColumnField]:
        """The field of each of our columns, with the first values of the column chosen for it."""
        found = []
        for column in COLUMNS:
            place = str(self[column].value())
            chosen = place.isdecimal() and place.isascii() and int(place) < len(self.samples)
            found.append(ColumnField(self[column], MEANINGS[column], self.samples[int(place)] if chosen else []))
        return found

    @property
    def of_the_file(self) -> list[tuple[str, list[str]]]:
        """The headers of the file, each with the first values under it."""
        return list(zip(self.headers, self.samples, strict=True))

    @property
    def samples_by_place(self) -> dict[str, list[str]]:
        """The first values of the file's columns by position, which the page shows when another one is chosen."""
        return {str(place): values for place, values in enumerate(self.samples)}

    def columns(self) -> dict[str, str]:
        """Return the header that holds each of our columns, "" if the file has none."""
        places = ((column, self.cleaned_data[column]) for column in COLUMNS)
        return {column: "" if place == NOT_IN_THE_FILE else self._called(int(place)) for column, place in places}

    def _called(self, place: int) -> str:
        """Return a header by its name, or by its position if another one has the same name."""
        header = self.headers[place]
        return header if self.headers.count(header) == 1 else address(place, self.headers)


class StoreForm(forms.Form):
    """The last questions: whether stored texts are replaced, and whether messages were read if no column shows it."""

    unread = forms.ChoiceField(
        label=gettext_lazy("The file does not say which messages were read (it has no column “read”)"),
        choices=[
            ("read", gettext_lazy("All count as read, as messages of the past")),
            ("unread", gettext_lazy("All are unread")),
        ],
        widget=forms.RadioSelect,
        required=False,
    )
    existing = forms.ChoiceField(
        widget=forms.RadioSelect,
        error_messages={
            "required": gettext_lazy("Say what happens to the stored texts: record the edits, or leave them.")
        },
    )

    def __init__(self, import_: Import, data: Any = None) -> None:
        super().__init__(data, auto_id="store-%s")
        self.import_ = import_
        if not (import_.understood.get("no_read") and import_.counts.get("new")):
            del self.fields["unread"]
        else:
            self.initial["unread"] = "unread" if import_.get_choices().unread else "read"
        changed = import_.counts.get("changed", 0)
        if not changed:
            del self.fields["existing"]
            return
        if import_.counts.get("undated"):
            self.initial["existing"] = "skip"  # the stored texts may be newer
        label = ngettext(
            "The file has other words for %(number)s stored text",
            "The file has other words for %(number)s stored texts",
            changed,
        )
        self.fields["existing"].label = numbered(label, changed)
        self.fields["existing"].choices = [  # type: ignore[attr-defined]
            ("edit", _("Record the new words as edits; the old ones stay in the history")),
            ("skip", _("Leave the stored texts as they are")),
        ]

    def agreed(self) -> dict[str, Any]:
        """Return the choices. Texts corrected since the check are never replaced without asking."""
        answered = self.cleaned_data.get("unread")
        read: dict[str, Any] = {"unread": answered == "unread"} if answered else {}
        if "existing" in self.fields:
            return {"existing": self.cleaned_data["existing"], **read}
        asked_for = self.import_.get_choices().existing
        return {"existing": "refuse" if asked_for == "edit" else asked_for, **read}
