"""What an erasure removes from this app: reports and decisions stay and count, without the person's name and texts.

Until then the account's id stays in them: deleting the account alone removes nothing (ops/deletion/models/people.py).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.utils.translation import gettext_lazy

from messaging.people.naming import name_pattern
from messaging.writing import ids_subquery
from ops.console.erasure import Outcome, Step, mentions, outcome
from ops.deletion.models import DeletionRequest
from ops.files import private_files
from ops.moderation import settling
from ops.moderation.models import (
    Act,
    CasePerson,
    Claim,
    Comfort,
    Decision,
    DecisionGroup,
    Draft,
    Flag,
    FlagImport,
    Measure,
    Note,
    Opening,
    Skip,
    View,
)
from ops.moderation.saved import parameters

OWN = (
    (Claim, "reviewer"),
    (Skip, "reviewer"),
    (Draft, "reviewer"),
    (Comfort, "person"),
    (CasePerson, "user"),
    (View, "owner"),
)


def forget(user_id: Any, names: Collection[str] = ()) -> int:
    """Remove what this app stores about a person; return the number of changed and deleted rows.

    Their reports lose the reporter and the note. Cases about messages they wrote or received lose the notes of reports
    and decisions, and the texts sent; so do groups with such a case. A sent text stays only if somebody else still has
    to read it and it contains none of the person's ``names``; without ``names`` none stays. Notes about them, and on
    conversations they took part in, are deleted; so are their views of the queue, and other people's views that filter
    by them as the reporter. Their name is removed from what they decided or noted as staff.
    """
    about = CasePerson.objects.filter(user=user_id).values("case")
    changed = sum(
        flags.exclude(note="").update(note="")
        for flags in (Flag.objects.filter(case__in=about), Flag.objects.filter(reporter=user_id))
    )
    decisions = Decision.objects.filter(case__in=about)
    kept = ids_subquery(_sent_to_others(decisions, user_id, names), using=DEFAULT_DB_ALIAS)
    changed += decisions.filter(pk__in=kept).exclude(note="").update(note="")
    changed += decisions.exclude(pk__in=kept).exclude(note="", sent="").update(note="", sent="")
    changed += Measure.objects.filter(user=user_id).update(user=None, facts=None)
    groups = DecisionGroup.objects.filter(members__case__in=about).exclude(note="", sent="")
    changed += DecisionGroup.objects.filter(pk__in=groups.values("pk")).update(note="", sent="", is_emptied=True)
    changed += DecisionGroup.objects.filter(made_by=user_id).update(made_by=None, made_by_name="")
    changed += Decision.objects.filter(decided_by=user_id).update(decided_by=None, decided_by_name="")
    changed += _forget_files(user_id, names)
    changed += Flag.objects.filter(reporter=user_id).update(reporter=None)
    about_them = Note.objects.filter(person=user_id) | Note.objects.filter(people__user=user_id)
    changed += Note.objects.filter(pk__in=about_them.order_by().values("pk")).delete()[0]
    changed += Note.objects.filter(author=user_id).update(author=None, author_name="")
    by_them = parameters.written({"reporter": str(user_id)})
    changed += sum(
        one.delete()[0] for one in View.objects.filter(filters__contains=by_them) if by_them in one.filters.split("&")
    )
    changed += Opening.objects.filter(reader=user_id).update(reader=None)
    changed += Draft.objects.filter(case__in=about).delete()[0]
    return changed + sum(model._default_manager.filter(**{name: user_id}).delete()[0] for model, name in OWN)


def _forget_files(user_id: int, names: Collection[str]) -> int:
    """Delete the report files that this person uploaded and did not import, and clear every file name that contains one
    of the ``names``."""
    changed, pattern = 0, name_pattern(names)
    for import_ in FlagImport.objects.filter(by=user_id).exclude(upload=""):
        private_files.delete_all(import_.upload)
    changed += FlagImport.objects.filter(by=user_id).update(by=None, upload="")
    for pk, file_name in FlagImport.objects.exclude(file_name="").values_list("pk", "file_name"):
        if mentions(pattern, file_name):
            changed += FlagImport.objects.filter(pk=pk).update(file_name="")
    return changed


def _sent_to_others(decisions: Any, user_id: Any, names: Collection[str]) -> list[int]:
    """Return the keys of those decisions whose text somebody else still has to read, as the subject of a measure or as
    the sender of a hidden or redacted message, and that contain none of the ``names``, even within a word. Erased
    people do not count as readers."""
    if not names:
        return []
    theirs = Measure.objects.standing().exclude(user=user_id)
    shown = Measure.objects.not_undone().filter(act__in=(Act.HIDE, Act.REDACT), after=True)
    shown = shown.filter(message__sender__anonymised_at=None, message__sender__isnull=False)
    shown = shown.exclude(message__sender=user_id)
    pattern, folded = name_pattern(names), [name.casefold() for name in names]
    found: set[int] = set()
    for measures in (theirs, shown):
        read = decisions.filter(pk__in=measures.filter(decision__in=decisions).values("decision")).exclude(sent="")
        found.update(
            pk
            for pk, sent in read.order_by().values_list("pk", "sent")
            if not mentions(pattern, sent) and not any(name in sent.casefold() for name in folded)
        )
    return sorted(found)


def forget_deleted(user_id: Any) -> None:
    """Do the same for an account deleted without a request, such as in a shell. With a request, the erasure step does
    it."""
    if not DeletionRequest.objects.open().filter(user=user_id).exists():
        forget(user_id)
        settling.settle_erased()


def _step(request: Any, _: Any) -> Outcome:
    removed = forget(request.user_id, request.names)
    settling.settle_erased()
    return outcome(removed)


STEPS = (Step("moderation", gettext_lazy("Reports, cases and decisions"), _step, order=55),)
