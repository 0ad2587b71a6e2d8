"""What people keep under a name, for themselves or for the team, such as views of the queue and saved searches.

The models have an ``owner``, who is nobody for what is the team's.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.translation import gettext_lazy

from ops.accounts.actions import Action
from ops.accounts.refusals import Refused


class NameForm(forms.Form):
    """What it is called."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=60,
        widget=forms.TextInput(attrs={"autofocus": True}),
        error_messages={"required": gettext_lazy("Enter a name.")},
    )


class SaveForm(NameForm):
    """What it is called, and whose it is."""

    whose = forms.ChoiceField(
        label=gettext_lazy("For"),
        choices=[("mine", gettext_lazy("Me")), ("team", gettext_lazy("The team"))],
        widget=forms.RadioSelect,
        initial="mine",
    )

    def __init__(self, *args: Any, for_team: bool, **kwargs: Any) -> None:
        """``for_team``: whether it may be saved for the team."""
        super().__init__(*args, **kwargs)
        if not for_team:
            del self.fields["whose"]


class SaveUnderName(Action):
    """A page that saves something under a name: for oneself, or with the permission ``shares`` for the team."""

    form_class = SaveForm
    shares = ""

    def save(self, name: str, *, for_team: bool) -> Any:
        """Save it; returns the row. Raises Refused."""
        raise NotImplementedError

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "for_team": self.request.user.has_perm(self.shares)}

    def perform(self, data: dict[str, Any]) -> None:
        self.saved = self.save(data["name"], for_team=data.get("whose") == "team")


def may_manage(kept: Any, user: Any, shares: str) -> bool:
    """Whether somebody may change and delete it: their own, and with this permission the team's."""
    return bool(kept.owner_id == user.pk if kept.owner_id else user.has_perm(shares))


def to_manage(rows: Any, key: Any, user: Any, shares: str) -> Any:
    """Return the row with this key, for somebody who wants to change or delete it.

    Raises Http404 for one that somebody else owns, and PermissionDenied for the team's without the permission.
    """
    kept = rows.filter(pk=key).first()
    if kept is None or kept.owner_id not in (None, user.pk):
        raise Http404
    if not may_manage(kept, user, shares):
        raise PermissionDenied
    return kept


def refuse_taken(name: str, siblings: Iterable[Any], sentence: str) -> None:
    """Raise Refused with this sentence where one of these has the name already, whatever its capital letters."""
    if any(one.name.casefold() == name.casefold() for one in siblings):
        raise Refused(sentence)
