"""The page for restoring an undone decision: what is done again, what is not, and why."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy

from ops.moderation.desk.views import OfDecision
from ops.moderation.restoring import restoring


class RestoreView(OfDecision):
    """Previews restoring a decision, and restores it. The decision in the URL is the undo."""

    template_name = "moderation/restore.html"
    title = gettext_lazy("Restore decision")
    success_text = gettext_lazy("Restored: the case is decided as before, and closed.")
    read_along = ("case", "reverses__label", "reverses__reason")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found = restoring.restoring(self.decision, by=self.request.user)
        kwargs |= {
            "undo": self.decision,
            "choice": found.choice,
            "does": restoring.in_words(found.choice) if found.choice else (),
            "skipped": found.skipped,
            "why_not": found.refusal,
        }
        return super().get_context_data(**kwargs)

    def perform(self, data: dict[str, Any]) -> None:
        restoring.restore(self.decision.pk, by=self.request.user, note=data["note"])
