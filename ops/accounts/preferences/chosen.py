"""Base views for choosing a setting of one's own account, in the console and in the participants' layout."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.forms import ModelForm
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import UpdateView

from messaging import page_cache
from ops.accounts.models import User


class OwnChoice(UpdateView):
    """Changes a setting of the signed-in user; a subclass sets the form, the template and the ``address`` to redirect
    to."""

    http_method_names = ["get", "head", "post", "options"]
    context_object_name = "person"  # "user" is set by a context processor
    address = ""
    set_with_it: ClassVar[dict[str, Any]] = {}  # other fields of the account to save with the choice

    def get_object(self, queryset: Any = None) -> Any:
        return User.objects.get(pk=self.request.user.pk)

    def chosen(self, person: User) -> str:
        """Return the message shown after the choice was saved."""
        raise NotImplementedError

    def form_valid(self, form: ModelForm) -> HttpResponse:
        person = form.save(commit=False)
        for name, value in self.set_with_it.items():
            setattr(person, name, value)
        person.save(update_fields=[*form.fields, *self.set_with_it])
        page_cache.invalidate([person.pk])
        messages.success(self.request, self.chosen(person))
        return HttpResponseRedirect(reverse(self.address))


class ConsoleChoice(OwnChoice):
    """The page for staff, in the console; a subclass sets a ``title``, too."""

    title: Any = ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = {**admin.site.each_context(self.request), "title": self.title, **kwargs}
        return super().get_context_data(**context)


@method_decorator(never_cache, name="dispatch")
class ParticipantChoice(LoginRequiredMixin, OwnChoice):
    """The page for everybody else."""
