"""The search filter ``import``, for users who may import."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from messaging.search.filters import Filter, Reader, Refused
from ops.imports.models import Import
from ops.imports.storing.ids import ids_after

NONE_STORED = gettext_lazy("No import was stored yet.")


def search_filters(request: HttpRequest) -> Iterable[Filter]:
    """Return the filters that this user may use."""
    return FILTERS if request.user.has_perm("imports.import_messages") else ()


def _latest(text: str, reader: Reader) -> Q:
    import_ = Import.objects.filter(state=Import.State.STORED).order_by("-created_at", "-id").first()
    if import_ is None:
        raise Refused(str(NONE_STORED))
    return _messages_of(import_)


def _of_import(text: str, reader: Reader) -> Q:
    try:
        import_ = Import.objects.filter(pk=UUID(text)).first()
    except ValueError:
        import_ = None
    if import_ is None:
        raise Refused(_("There is no such import. Its ID stands in the address of its page."))
    return _messages_of(import_)


def _messages_of(import_: Import) -> Q:
    """Return the condition for the messages of an import: the range of ids reserved for them."""
    if import_.message_base is None:
        raise Refused(_("This import has not stored messages."))
    first, last = ids_after(import_.message_base, import_.last_row)
    return Q(pk__gt=first, pk__lte=last)


FILTERS = (
    Filter("import", gettext_lazy("brought by the latest import"), _latest, value="latest"),
    Filter("import", gettext_lazy("brought by the import with this ID"), _of_import, example="0b4e7c1a-…"),
)
