"""The form that asks who is meant by names without an account."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from django import forms
from django.contrib.auth import get_user_model
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ops.accounts.usernames import MAX_LENGTH

NEW, OTHER = "new", "other"
NO_SUCH_ACCOUNT = gettext_lazy("There is no account of this name: check how it is written.")


class Asked(NamedTuple):
    """A name with its two fields; ``about`` is its entry in the preview (AskedPeople.as_json)."""

    about: dict[str, Any]
    who: forms.BoundField
    account: forms.BoundField


class PeopleForm(forms.Form):
    """Asks who each undecided name is. Fields are named by position, because names may contain anything."""

    def __init__(self, asked: Sequence[dict[str, Any]], data: Any = None) -> None:
        super().__init__(data, auto_id="person-%s")
        self.asked = asked
        for place, about in enumerate(asked):
            like = enumerate(about["like"])
            same = [(f"like-{number}", _("the same person as %(name)s") % {"name": name}) for number, name in like]
            others = [(NEW, _("somebody new, who gets an account")), (OTHER, _("this account:"))]
            choices = [("", _("not decided")), *same, *others]
            named = {"aria-label": _("Who %(name)s is") % {"name": about["name"]}}
            self.fields[f"who-{place}"] = forms.ChoiceField(
                choices=choices, required=False, widget=forms.Select(attrs=named), initial=_last_time(about)
            )
            label = _("The account of %(name)s") % {"name": about["name"]}
            typed = {"aria-label": label, "autocomplete": "off", "spellcheck": "false"}
            self.fields[f"account-{place}"] = forms.CharField(
                max_length=MAX_LENGTH,
                required=False,
                strip=False,
                widget=forms.TextInput(attrs={**typed, "placeholder": _("username")}),
                initial=about["last"] if _last_time(about) == OTHER else "",
            )

    def clean(self) -> dict[str, Any]:
        others = {place: self._typed(place) for place in range(len(self.asked)) if self._is_other(place)}
        users = get_user_model()._default_manager
        known = set(users.filter(username__in=set(others.values())).values_list("username", flat=True))
        for place, username in others.items():
            if username not in known:
                self.add_error(f"account-{place}", str(NO_SUCH_ACCOUNT))
        return self.cleaned_data

    def rows(self) -> Iterator[Asked]:
        """Yield the names with their fields, in the order of the preview."""
        for place, about in enumerate(self.asked):
            yield Asked(about, self[f"who-{place}"], self[f"account-{place}"])

    def people(self) -> dict[str, str]:
        """Return the decisions as Choices.people."""
        decided = {}
        for place, about in enumerate(self.asked):
            who = self.cleaned_data.get(f"who-{place}", "")
            if self._is_other(place):
                decided[about["name"]] = self._typed(place)
            elif who == NEW:
                decided[about["name"]] = ""
            elif who:
                decided[about["name"]] = about["like"][int(who.removeprefix("like-"))]
        return decided

    def _typed(self, place: int) -> str:
        typed: str = self.cleaned_data.get(f"account-{place}", "")
        return typed

    def _is_other(self, place: int) -> bool:
        """Return whether another account is meant; typing a username is enough."""
        who = self.cleaned_data.get(f"who-{place}", "")
        return who == OTHER or (not who and bool(self._typed(place)))


def _last_time(about: dict[str, Any]) -> str:
    """Return the choice for what this name stood for in an earlier file."""
    if about["last"] in about["like"]:
        return f"like-{about['like'].index(about['last'])}"
    return OTHER if about["last"] else ""
