"""Search filters that the console adds to those of messaging."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext as _

from messaging.search.filters import HISTORY, Filter, always
from ops.files.invisible import INVISIBLE

# No text has U+0000, and PostgreSQL accepts none in a pattern.
HIDDEN = INVISIBLE.pattern.replace("\x00", "\x01")


def search_filters(request: HttpRequest) -> Iterable[Filter]:
    """Yield the filters that this user may use."""
    yield Filter("has", _("characters that nobody sees"), always(Q(content__regex=HIDDEN)), value="hidden-characters")
    if request.user.has_perm("messaging.view_messagehistory"):
        yield HISTORY
