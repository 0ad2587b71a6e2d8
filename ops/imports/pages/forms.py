"""The forms of an import: a file, how to read it, which columns it has, how special rows are treated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import available_timezones

from django import forms

from ops.files.encodings import ENCODINGS
from ops.files.sources import Reading
from ops.files.uploads import PrivateUploadHandler
from ops.imports.columns import ALWAYS_IGNORED, COLUMNS, MAY_BE_LEFT_OUT
from ops.imports.models import Import
from ops.imports.options import Choices

NOT_IN_THE_FILE = "-"
SUFFIXES = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".xlsx", ".xls", ".xlsb", ".ods")
READING_FIELDS = ("encoding", "time_zone", "ignore_unknown")
CHOICE_FIELDS = ("create_users", "start_conversations", "existing", "only_valid", "notify")


class UploadForm(forms.Form):
    """The file; where its upload was stopped, ``handler`` says why."""

    file = forms.FileField(
        label="File",
        max_length=None,
        widget=forms.FileInput(attrs={"aria-describedby": "file-help", "accept": ",".join(SUFFIXES)}),
        error_messages={
            "required": "Choose a file first.",
            "empty": "The file is empty: choose one that holds messages.",
        },
    )

    def __init__(self, *args: Any, handler: PrivateUploadHandler | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if handler is not None and handler.problem:
            self.fields["file"].error_messages["required"] = handler.problem


class ChecksForm(forms.Form):
    """How the file is read and special rows are treated, to check it again."""

    encoding = forms.ChoiceField(label="Encoding of the file", required=False)
    time_zone = forms.CharField(
        label="Time zone of times that name none",
        max_length=64,
        widget=forms.TextInput(attrs={"list": "time-zones", "autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": "Name the time zone, such as Europe/Berlin or UTC."},
    )
    create_users = forms.BooleanField(
        label="Create missing users",
        help_text="Not active and without a password: nobody can sign in with them.",
        required=False,
    )
    start_conversations = forms.BooleanField(
        label="Let a message whose parent is missing begin a conversation", required=False
    )
    ignore_unknown = forms.BooleanField(label="Ignore unknown columns", required=False)
    existing = forms.ChoiceField(
        label="Where a message is stored already, with another text",
        choices=[
            ("edit", "record the new text as an edit; the old one stays in the history"),
            ("skip", "leave the stored text as it is"),
            ("refuse", "treat it as an error"),
        ],
        widget=forms.RadioSelect,
    )
    only_valid = forms.BooleanField(
        label="Import only the valid rows",
        help_text="The others come back as a file that you can correct and import.",
        required=False,
    )
    notify = forms.BooleanField(label="Notify the receivers of new messages", required=False)

    def __init__(self, import_: Import, data: Any = None) -> None:
        reading, choices = import_.get_reading(), import_.get_choices()
        super().__init__(data, auto_id="again-%s", initial={**reading.as_json(), **choices.as_json()})
        self.fields["encoding"].choices = [("", "find out"), *ENCODINGS.items()]  # type: ignore[attr-defined]
        suggested = import_.understood.get("suggested_encoding")
        if suggested in ENCODINGS:
            self.initial["encoding"] = suggested
            self.fields["encoding"].help_text = f"The file is probably in {ENCODINGS[suggested]}."
        self.import_ = import_

    def clean_time_zone(self) -> str:
        name: str = self.cleaned_data["time_zone"].strip()
        if name not in available_timezones():
            raise forms.ValidationError(f"“{name}” is no time zone: choose one of the list, such as Europe/Berlin.")
        return name

    @property
    def time_zones(self) -> list[str]:
        """The names that the field suggests."""
        return sorted(available_timezones())

    def reading(self) -> Reading:
        """How the file is read now; columns stay as they were."""
        columns = self.import_.get_reading().columns
        return Reading(columns=columns, **{name: self.cleaned_data[name] for name in READING_FIELDS})

    def choices(self) -> Choices:
        return Choices(**{name: self.cleaned_data[name] for name in CHOICE_FIELDS})


class ColumnsForm(forms.Form):
    """For each of our columns, which of the file's columns holds it.

    Values are positions in the header, not names: those may contain anything.
    """

    ignore_unknown = forms.BooleanField(
        label="Leave out the columns of the file that are not chosen", required=False, initial=True
    )

    def __init__(self, headers: Sequence[str], suggested: Mapping[str, str], data: Any = None) -> None:
        super().__init__(data, auto_id="column-%s")
        self.headers = headers
        places = {header: str(place) for place, header in enumerate(headers)}
        choices = [
            (str(place), header or f"(column {place + 1}, without a name)")
            for place, header in enumerate(headers)
            if header != ALWAYS_IGNORED
        ]
        for column in COLUMNS:
            none = [(NOT_IN_THE_FILE, "not in the file")] if column in MAY_BE_LEFT_OUT else []
            initial = places.get(suggested.get(column, ""), NOT_IN_THE_FILE if none else "")
            self.fields[column] = forms.ChoiceField(
                label=column,
                choices=[("", "choose…"), *none, *choices],
                initial=initial,
                error_messages={"required": f"Choose the column that holds {column}."},
            )
        self.order_fields([*COLUMNS, "ignore_unknown"])

    def clean(self) -> dict[str, Any]:
        chosen: dict[str, str] = {}
        for column in COLUMNS:
            place = self.cleaned_data.get(column, NOT_IN_THE_FILE)
            if place != NOT_IN_THE_FILE and place in chosen:
                other = chosen[place]
                self.add_error(column, f"This column is chosen for {other} already: choose another one.")
            chosen.setdefault(place, column)
        return self.cleaned_data

    @property
    def column_fields(self) -> list[forms.BoundField]:
        return [self[column] for column in COLUMNS]

    def columns(self) -> dict[str, str]:
        """The header that holds each of our columns, "" where the file has none."""
        places = ((column, self.cleaned_data[column]) for column in COLUMNS)
        return {column: "" if place == NOT_IN_THE_FILE else self.headers[int(place)] for column, place in places}


class StoreForm(forms.Form):
    """The last question: whether stored texts are replaced."""

    existing = forms.ChoiceField(
        widget=forms.RadioSelect,
        error_messages={"required": "Say what becomes of the stored texts: record the edits, or leave them."},
    )

    def __init__(self, import_: Import, data: Any = None) -> None:
        super().__init__(data, auto_id="store-%s")
        self.import_ = import_
        changed = import_.counts.get("changed", 0)
        if not changed:
            del self.fields["existing"]
            return
        texts = "1 stored text" if changed == 1 else f"{changed:,} stored texts"
        self.fields["existing"].label = f"The file has other words for {texts}"
        self.fields["existing"].choices = [  # type: ignore[attr-defined]
            ("edit", "Record the new words as edits; the old ones stay in the history"),
            ("skip", "Leave the stored texts as they are"),
        ]

    def agreed(self) -> dict[str, str]:
        """What was chosen about stored texts. Texts corrected since the check are never replaced unasked."""
        if "existing" in self.fields:
            return {"existing": self.cleaned_data["existing"]}
        asked_for = self.import_.get_choices().existing
        return {"existing": "refuse" if asked_for == "edit" else asked_for}
