"""Saving searches and deleting them. Both are recorded; searches of the team need a permission."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from ops.accounts.preferences import named
from ops.accounts.refusals import Refused
from ops.audit.recording import record
from ops.searching.events import SearchEvent
from ops.searching.models import SavedSearch
from ops.searching.saved.looks import look

SHARES = "searching.share_savedsearch"  # the permission to manage the team's searches
MOST = 20  # of one person, and of the team


def save(name: str, scope: str, words: str, *, by: Any, for_team: bool = False) -> SavedSearch:
    """Save the words from the search box of a list; return the saved search, with a look by ``by``.

    Raises Refused if the name is taken, if there are too many searches, or if ``by`` may not save them for the team.
    """
    if for_team and not by.has_perm(SHARES):
        raise Refused(_("Only Leads save searches for the team."))
    saved = SavedSearch(name=name, scope=scope, words=words, owner=None if for_team else by)
    try:
        with transaction.atomic():
            siblings = list(SavedSearch.objects.select_for_update().filter(owner=saved.owner_id))
            if len(siblings) >= MOST:
                raise Refused(_("There are %(number)s saved searches already. Delete one first.") % {"number": MOST})
            taken = _("There is a saved search “%(name)s” already. Choose another name.") % {"name": name}
            named.refuse_taken(name, siblings, taken)
            saved.save()
            _record(SearchEvent.SEARCH_SAVED, saved, by)
            look(saved, by)
    except IntegrityError:  # at the same moment, by somebody else or in a second tab
        raise Refused(_("A search was saved under this name a moment ago. Choose another name.")) from None
    return saved


def may_manage(saved: SavedSearch, user: Any) -> bool:
    """Return whether this person may delete the search."""
    return named.may_manage(saved, user, SHARES)


def delete(saved: SavedSearch, *, by: Any) -> None:
    """Delete a saved search. Raises Refused."""
    if not may_manage(saved, by):
        raise Refused(_("This search is somebody else's."))
    with transaction.atomic():
        _record(SearchEvent.SAVED_SEARCH_DELETED, saved, by)
        saved.delete()


def _record(event: str, saved: SavedSearch, by: Any) -> None:
    label = f"{saved.name}: {saved.words}"
    record(event, actor=by, target=saved, label=label, details={"team": saved.owner_id is None})
