"""Pages on which people choose something of their own account, in the console and in the layout of participants."""

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
    """What whoever is signed in chose; a subclass has form, template, and the ``address`` to which saving leads."""

    http_method_names = ["get", "head", "post", "options"]
    context_object_name = "person"  # "user" is whoever is signed in
    address = ""
    set_with_it: ClassVar[dict[str, Any]] = {}  # other fields of the account, as they are once somebody chose

    def get_object(self, queryset: Any = None) -> Any:
        return User.objects.get(pk=self.request.user.pk)

    def chosen(self, person: User) -> str:
        """What is said of a choice that was saved."""
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
    """The page for whoever may sign in to the console; a subclass has a ``title``, too."""

    title: Any = ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = {**admin.site.each_context(self.request), "title": self.title, **kwargs}
        return super().get_context_data(**context)


@method_decorator(never_cache, name="dispatch")
class ParticipantChoice(LoginRequiredMixin, OwnChoice):
    """The page for everybody else."""
