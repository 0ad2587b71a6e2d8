"""Who may not take measures on whom: nobody on themselves, only some on superusers and staff."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import Q
from django.utils.translation import gettext_lazy

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

STAFF = "moderation.measure_staff"


class Refusals(NamedTuple):
    """The refusals of one act on an account: whole sentences, since other languages inflect the verb differently."""

    oneself: StrOrPromise
    superuser: StrOrPromise
    staff: StrOrPromise


ANY_MEASURE = Refusals(
    gettext_lazy("Nobody can warn or suspend themselves."),
    gettext_lazy("%(name)s is a superuser: only another superuser can warn or suspend them."),
    gettext_lazy("%(name)s may use the console: only a Lead can warn or suspend them."),
)
WARNING = Refusals(
    gettext_lazy("Nobody can warn themselves."),
    gettext_lazy("%(name)s is a superuser: only another superuser can warn them."),
    gettext_lazy("%(name)s may use the console: only a Lead can warn them."),
)
RESTRICTING = Refusals(
    gettext_lazy("Nobody can restrict themselves."),
    gettext_lazy("%(name)s is a superuser: only another superuser can restrict them."),
    gettext_lazy("%(name)s may use the console: only a Lead can restrict them."),
)
SUSPENDING = Refusals(
    gettext_lazy("Nobody can suspend themselves."),
    gettext_lazy("%(name)s is a superuser: only another superuser can suspend them."),
    gettext_lazy("%(name)s may use the console: only a Lead can suspend them."),
)
DELETING = Refusals(
    gettext_lazy("Nobody can request the deletion of their own account in a decision."),
    gettext_lazy("%(name)s is a superuser: only another superuser can request the deletion of their account."),
    gettext_lazy("%(name)s may use the console: only a Lead can request the deletion of their account."),
)


def out_of_reach(by: Any, person: str) -> Q:
    """Return the condition on rows with a ``person`` on whom ``by`` may take no measure: the rule of
    ``person_refusal``, except for oneself."""
    never = Q(pk__in=[])
    superusers = never if by.is_superuser else Q(**{f"{person}__is_superuser": True})
    return superusers | (never if by.has_perm(STAFF) else Q(**{f"{person}__is_staff": True}))


def person_refusal(person: Any, refusals: Refusals, by: Any) -> str:
    """Return why ``by`` may not take the measure on this account, as a sentence; "" if they may."""
    if person.pk == by.pk:
        return str(refusals.oneself)
    if person.is_superuser and not by.is_superuser:
        return refusals.superuser % {"name": person.get_username()}
    if person.is_staff and not by.has_perm(STAFF):
        return refusals.staff % {"name": person.get_username()}
    return ""
