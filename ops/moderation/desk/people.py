"""The people of a case at a glance, and the measures on offer against them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Case as Either
from django.db.models import Count, When

from ops.console.person import tabs
from ops.moderation.measures.deleting import REQUESTS
from ops.moderation.measures.in_force import InForce, in_force
from ops.moderation.measures.limits import ANY_MEASURE, person_refusal
from ops.moderation.models import Act, Case, CasePerson, Flag, Measure

MOST = 6  # people shown, unless more of them wrote reported messages; an imported conversation may have many
OFFERED = (Act.WARN, Act.RESTRICT, Act.SUSPEND, Act.DELETE)


@dataclass(frozen=True)
class AtAGlance:
    """Somebody who sent or received a reported message.

    ``wrote`` counts their messages that were reported in this case, ``measures`` all measures on them that were not
    undone. ``refusal`` is why the reader may take none.
    """

    pk: Any
    name: str
    wrote: int
    in_force: Sequence[InForce]
    measures: int
    is_active: bool
    refusal: str
    address: str
    acts: Sequence[tuple[str, str]]  # those on offer: keys for the form, and labels


def people_of(case: Case, user: Any) -> list[AtAGlance]:
    """Return all authors of reported messages in a case, those of most messages first, then its other people, up to
    MOST in all. Four queries."""
    flags = Flag.objects.filter(case=case, message__sender__isnull=False).order_by()
    wrote = dict(flags.values_list("message__sender").annotate(number=Count("message", distinct=True)))
    keys = CasePerson.objects.filter(case=case).values("user")
    authors_first = Either(When(pk__in=list(wrote), then=0), default=1)
    people = get_user_model()._default_manager.filter(pk__in=keys).order_by(authors_first, "pk")
    accounts = list(people[: max(MOST, len(wrote))])
    if not accounts:
        return []
    ids = [one.pk for one in accounts]
    taken = Measure.objects.not_undone().filter(user__in=ids).order_by()
    measures = dict(taken.values_list("user").annotate(number=Count("pk")))
    holding = in_force(ids)
    acts = [act for act in OFFERED if act != Act.DELETE or user.has_perm(REQUESTS)]
    found = [
        AtAGlance(
            pk=one.pk,
            name=one.get_username(),
            wrote=wrote.get(one.pk, 0),
            in_force=holding.get(one.pk, ()),
            measures=measures.get(one.pk, 0),
            is_active=one.is_active,
            refusal=person_refusal(one, ANY_MEASURE, user),
            address=tabs.address_of(one.pk, user=user),
            acts=[(f"{act}-{one.pk}", str(act.label)) for act in acts],
        )
        for one in accounts
    ]
    return sorted(found, key=lambda one: (-one.wrote, one.name))
