"""The part of the decision form with which Leads remove words from messages."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django import forms
from django.db import DEFAULT_DB_ALIAS
from django.utils.translation import gettext_lazy, pgettext_lazy

from messaging.limits import LONGEST_TEXT
from ops.moderation.measures.kinds import Order
from ops.moderation.measures.redacting import removing
from ops.moderation.refusals import DecisionRefused

PERMISSION = "messaging.redact_message"
FIELDS = ("remove", "remove_from")


class RemovingFields(forms.Form):
    """Words to remove, one passage a line, from one message or from all on the page.

    Drafts do not keep these fields, because nobody is to read the words.
    """

    remove = forms.CharField(
        label=gettext_lazy("Words to remove"),
        required=False,
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
        help_text=gettext_lazy(
            "Exactly as they stand in the message, one passage a line. Everybody reads “[part removed]” there."
        ),
    )
    remove_from = forms.TypedChoiceField(
        label=pgettext_lazy("words to remove", "From"), required=False, coerce=int, empty_value=None
    )

    def offer(self, messages: Collection[tuple[int, str]]) -> None:
        """Offer these messages, each with its label in the form."""
        everywhere = ("", gettext_lazy("Every message on this page that has them"))
        self.fields["remove_from"].choices = [everywhere, *messages]  # type: ignore[attr-defined]
        self.offered = [pk for pk, words in messages]

    def forbid(self) -> None:
        """Remove these fields, for users who may not remove words."""
        for name in FIELDS:
            del self.fields[name]

    def clean_remove(self) -> list[str]:
        """Return the passages, each once."""
        lines = (line.strip() for line in self.cleaned_data["remove"].splitlines())
        return list(dict.fromkeys(filter(None, lines)))

    def orders(self, data: dict[str, Any]) -> list[Order]:
        """Return the orders for the removals in cleaned ``data``; add an error to the field if the words are not
        found."""
        words = data.get("remove")
        if not words:
            return []
        chosen = data.get("remove_from")
        try:
            return removing(words, self.offered if chosen is None else [chosen], using=DEFAULT_DB_ALIAS)
        except DecisionRefused as refusal:
            self.add_error("remove", str(refusal))
            return []
