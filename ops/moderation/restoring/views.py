"""The page on which what was undone is restored: what is done again, and what is not, and why."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy

from ops.accounts.actions import Action
from ops.moderation.desk.forms import UndoForm
from ops.moderation.desk.views import back_to
from ops.moderation.models import Decision
from ops.moderation.restoring import restoring


class RestoreView(Action):
    """Says what undoing an undo does, and does it."""

    permission = "moderation.decide_case"
    template_name = "moderation/restore.html"
    form_class = UndoForm
    title = gettext_lazy("Restore decision")
    success_text = gettext_lazy("Restored: the case is decided as before, and closed.")

    @cached_property
    def undo(self) -> Decision:
        found = Decision.objects.select_related("case", "reverses__label", "reverses__reason")
        return get_object_or_404(found, pk=self.kwargs["pk"])

    def get_success_url(self) -> str:
        return back_to(self.undo.case_id, self.request)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found = restoring.restoring(self.undo, by=self.request.user)
        kwargs |= {
            "undo": self.undo,
            "choice": found.choice,
            "does": restoring.in_words(found.choice) if found.choice else (),
            "skipped": found.skipped,
            "why_not": found.refusal,
            "back": self.get_success_url(),
        }
        return super().get_context_data(**kwargs)

    def perform(self, data: dict[str, Any]) -> None:
        restoring.restore(self.undo.pk, by=self.request.user, note=data["note"])
