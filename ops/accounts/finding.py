"""Finding people outside their list: by the jump box, and from the home page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ops.accounts.models import User
from ops.console.frame.home import Section
from ops.console.person import tabs
from ops.console.rooms import Found, Group

MOST_ALIKE = 10


def people(request: Any, text: str) -> Iterable[Found]:
    """Yield users with this username or e-mail address; if there are none, a few who have ``text`` in either."""
    if not request.user.has_perm("accounts.view_user"):
        return
    exact = list(User.objects.filter(Q(username=text) | Q(email__iexact=text)).order_by("username")[:MOST_ALIKE])
    for user in exact or User.objects.matching(text).order_by("username")[:MOST_ALIKE]:
        yield Found(user.get_username(), _("user"), tabs.address_of(user.pk, user=request.user), Group.PEOPLE)


def list_of_people(request: HttpRequest) -> str | None:
    """Return the address of the list that a search on the home page opens; None without the permission."""
    return reverse("admin:accounts_user_changelist") if request.user.has_perm("accounts.view_user") else None


SECTIONS = (
    Section("people", gettext_lazy("Find a person"), 40, template="accounts/home/search.html", content=list_of_people),
)
