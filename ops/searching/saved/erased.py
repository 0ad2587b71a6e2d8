"""What an erasure removes from this room: a person's searches, searches that name the person, and their looks."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy

from messaging.people.naming import name_pattern
from ops.console.erasure import ErasedPerson, Outcome, Step, mentions, outcome
from ops.searching.models import Look, SavedSearch


def remove(person: ErasedPerson, _: Any) -> Outcome:
    """Delete these rows, including other people's searches that name the person, which would find nothing any more."""
    pattern = name_pattern(person.names)
    rows = SavedSearch.objects.values_list("pk", "name", "words")
    naming = [pk for pk, *texts in rows if any(mentions(pattern, text) for text in texts)]
    removed = SavedSearch.objects.filter(pk__in=naming).delete()[0]
    removed += SavedSearch.objects.filter(owner=person.user_id).delete()[0]
    removed += Look.objects.filter(person=person.user_id).delete()[0]
    return outcome(removed)


STEPS = [Step("searching", gettext_lazy("Saved searches, and those that name them"), remove)]
