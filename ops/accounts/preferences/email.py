"""The page on which staff choose what they get by e-mail, if anything."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import FormView

from ops.accounts.actions import ConsolePage
from ops.notices.choosing import EmailChoice, choices_of
from ops.notices.mailing import server


class EmailForm(forms.Form):
    """A checkbox for each kind of e-mail that this person may choose."""

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.choices = choices_of(user)
        for choice in self.choices:
            self.fields[choice.name] = forms.BooleanField(
                label=choice.label, help_text=choice.help, required=False, initial=choice.is_chosen
            )

    @property
    def groups(self) -> list[tuple[EmailChoice, list[forms.BoundField]]]:
        """The fields of each group of choices, with the group's first choice, which names the group."""
        grouped = (list(some) for _, some in groupby(self.choices, key=lambda choice: choice.group))
        return [(some[0], [self[choice.name] for choice in some]) for some in grouped]


class EmailView(ConsolePage, FormView):
    """Lets any staff user choose their own e-mail."""

    http_method_names = ["get", "head", "post", "options"]
    title = gettext_lazy("E-mail")
    form_class = EmailForm
    template_name = "accounts/email.html"

    def may_open(self, user: Any) -> bool:
        return bool(user.is_staff)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "user": self.request.user}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user: Any = self.request.user
        return super().get_context_data(email=user.email, is_on=server.is_on(), **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        for choice in form.choices:
            wanted = form.cleaned_data[choice.name]
            if wanted != choice.is_chosen:
                choice.choose(self.request.user, wanted)
        messages.success(self.request, _("Saved what you get by e-mail."))
        return HttpResponseRedirect(reverse("admin:email"))
