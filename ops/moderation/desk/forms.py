"""Forms of the review desk."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ops.moderation.decisions import Choice
from ops.moderation.desk.fields import (
    action_field,
    label_field,
    note_field,
    reason_field,
    sent_field,
    text_to_send,
    why_field,
)
from ops.moderation.desk.people import AtAGlance
from ops.moderation.desk.removing import RemovingFields
from ops.moderation.measures.kinds import Order
from ops.moderation.models import TIMED, Act
from ops.moderation.models.cases import LONGEST_NOTE

DISMISS, HIDE, UPHOLD = "dismiss", "hide", "uphold"
ACTIONS = [
    (DISMISS, gettext_lazy("Dismiss: nothing is wrong")),
    (HIDE, gettext_lazy("Hide the chosen messages")),
    (UPHOLD, gettext_lazy("Uphold the report, hide nothing")),
]
DAYS = [(1, gettext_lazy("1 day")), (3, gettext_lazy("3 days")), (7, gettext_lazy("7 days"))]
LONGER_DAYS = [  # with the permission suspend_longer
    (30, gettext_lazy("30 days")),
    (90, gettext_lazy("90 days")),
    (365, gettext_lazy("1 year")),
]
WAITS = [
    ("4", gettext_lazy("4 hours")),
    ("24", gettext_lazy("1 day")),
    ("72", gettext_lazy("3 days")),
    ("168", gettext_lazy("1 week")),
    ("", gettext_lazy("Until a reply only")),
]


class VersionForm(forms.Form):
    """Fields that every step of a case sends: the claim's token and the version that the user saw."""

    token = forms.UUIDField(widget=forms.HiddenInput, required=False)
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)


class DecideForm(RemovingFields, VersionForm):
    """A decision: its label, the measures on messages and people, and the text to send."""

    label = label_field(gettext_lazy("Choose what the decision is about."))
    action = action_field(ACTIONS)
    hides = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Messages to hide"), required=False, coerce=int, widget=forms.CheckboxSelectMultiple
    )
    reason = reason_field()
    acts = forms.MultipleChoiceField(
        label=gettext_lazy("On people"), required=False, widget=forms.CheckboxSelectMultiple
    )
    days = forms.TypedChoiceField(
        label=gettext_lazy("Restrict or suspend for"), choices=DAYS, required=False, coerce=int, empty_value="1"
    )
    sent = sent_field(
        gettext_lazy("Text for the author"),
        gettext_lazy("Whom you warn, restrict or suspend reads it too. Replace each {placeholder}."),
    )
    note = note_field()

    def __init__(
        self,
        *args: Any,
        messages: Collection[tuple[int, str]] = (),
        people: Sequence[AtAGlance] = (),
        may_suspend_longer: bool = False,
        may_remove: bool = False,
        **kwargs: Any,
    ) -> None:
        """``messages`` are those that can be hidden, each with its label in the form; ``people`` are those of the case.
        ``may_remove`` is whether the user may remove words from messages."""
        super().__init__(*args, **kwargs)
        if may_remove:
            self.offer(messages)
        else:
            self.forbid()
        self.people = people
        self.fields["hides"].choices = list(messages)  # type: ignore[attr-defined]
        # Labelled by the act only: the person's name is shown above the boxes.
        offered = [choice for one in people if not one.refusal for choice in one.acts]
        self.fields["acts"].choices = offered  # type: ignore[attr-defined]
        if may_suspend_longer:
            self.fields["days"].choices = [*DAYS, *LONGER_DAYS]  # type: ignore[attr-defined]
        if not self.is_bound:
            self.initial.setdefault("hides", [pk for pk, words in messages])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("action") == HIDE and not data.get("hides"):
            self.add_error("hides", _("Choose at least one message to hide, or decide otherwise."))
        if data.get("action") == DISMISS and data.get("remove"):
            self.add_error("action", _("You remove words, so something is wrong: uphold the report, or hide messages."))
        data["orders"] = self.orders(data)
        chosen = [act.split("-") for act in data.get("acts", ())]
        authors = {str(one.pk) for one in self.people if one.wrote}
        if data.get("action") == DISMISS and any(pk in authors for act, pk in chosen):
            self.add_error("acts", _("You dismiss the report, but act on its author: uphold it, or do neither."))
        if any(act != Act.DELETE for act, pk in chosen) and not (data.get("sent") or data.get("reason")):
            self.add_error("sent", _("Write why: whom you warn, restrict or suspend reads it."))
        return data

    @property
    def boxes(self) -> list[tuple[AtAGlance, list[Any]]]:
        """The people of the case, each with the checkboxes of possible measures."""
        boxes = list(self["acts"])
        return [(one, [box for box in boxes if box.data["value"] in dict(one.acts)]) for one in self.people]

    def _orders(self) -> list[Order]:
        """Return the measures on people that valid data choose."""
        until = timezone.now() + timedelta(days=int(self.cleaned_data["days"]))
        chosen = [(Act(act), int(pk)) for act, pk in (one.split("-") for one in self.cleaned_data["acts"])]
        return [Order(act, user=pk, until=until if act in TIMED else None) for act, pk in chosen]

    @property
    def choice(self) -> Choice:
        """The decision that valid data describe."""
        data = self.cleaned_data
        hides = data["hides"] if data["action"] == HIDE else ()
        return Choice(
            label=data["label"],
            reason=data["reason"],
            sent=text_to_send(data),
            note=data["note"],
            hides=hides,
            upholds=data["action"] == UPHOLD,
            measures=[*data["orders"], *self._orders()],
        )


class WaitForm(VersionForm):
    """What a case waits for."""

    hours = forms.ChoiceField(label=gettext_lazy("Wait for"), choices=WAITS, required=False, initial="24")
    reply = forms.BooleanField(label=gettext_lazy("or until somebody replies"), required=False, initial=True)

    @property
    def until(self) -> Any:
        """The time that valid data choose, or None."""
        hours = self.cleaned_data["hours"]
        return timezone.now() + timedelta(hours=int(hours)) if hours else None


class UndoForm(forms.Form):
    """Why a decision is undone."""

    note = why_field(gettext_lazy("Say why it is undone: colleagues read it beside the decision."))


class FlagForm(forms.Form):
    """A report by staff."""

    label = label_field(gettext_lazy("Choose what the report is about."))
    note = forms.CharField(
        label=gettext_lazy("Note"), required=False, max_length=LONGEST_NOTE, widget=forms.Textarea(attrs={"rows": 3})
    )
