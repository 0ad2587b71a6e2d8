"""Named things that people save for themselves or for the team, such as views of the queue and saved searches.

Their models have an ``owner``, which is None for the team's.
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
    """The name of a saved thing."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=60,
        widget=forms.TextInput(attrs={"autofocus": True}),
        error_messages={"required": gettext_lazy("Enter a name.")},
    )


class SaveForm(NameForm):
    """The name of a saved thing, and whether it is the user's own or the team's."""

    whose = forms.ChoiceField(
        label=gettext_lazy("For"),
        choices=[("mine", gettext_lazy("Me")), ("team", gettext_lazy("The team"))],
        widget=forms.RadioSelect,
        initial="mine",
    )

    def __init__(self, *args: Any, for_team: bool, **kwargs: Any) -> None:
        """``for_team``: whether the user may save for the team."""
        super().__init__(*args, **kwargs)
        if not for_team:
            del self.fields["whose"]


class SaveUnderName(Action):
    """A page that saves something under a name: for the user, or with the permission ``shares`` for the team."""

    form_class = SaveForm
    shares = ""

    def save(self, name: str, *, for_team: bool) -> Any:
        """Save under this name; return the row. Raises Refused."""
        raise NotImplementedError

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "for_team": self.request.user.has_perm(self.shares)}

    def perform(self, data: dict[str, Any]) -> None:
        self.saved = self.save(data["name"], for_team=data.get("whose") == "team")


def may_manage(kept: Any, user: Any, shares: str) -> bool:
    """Return whether ``user`` may change and delete a row: their own, and with the permission ``shares`` the team's."""
    return bool(kept.owner_id == user.pk if kept.owner_id else user.has_perm(shares))


def to_manage(rows: Any, key: Any, user: Any, shares: str) -> Any:
    """Return the row with this key, to be changed or deleted by ``user``.

    Raises Http404 for somebody else's row, and PermissionDenied for the team's without the permission.
    """
    kept = rows.filter(pk=key).first()
    if kept is None or kept.owner_id not in (None, user.pk):
        raise Http404
    if not may_manage(kept, user, shares):
        raise PermissionDenied
    return kept


def refuse_taken(name: str, siblings: Iterable[Any], sentence: str) -> None:
    """Raise Refused with this sentence if one of ``siblings`` already has the name, ignoring case."""
    if any(one.name.casefold() == name.casefold() for one in siblings):
        raise Refused(sentence)
