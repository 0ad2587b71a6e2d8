"""The topics of notices, by which people choose which notices they also get by e-mail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class Topic:
    """A topic. ``name`` is stored with people's choices, so it must never change; they read ``label`` and ``help``."""

    name: str
    label: StrOrPromise
    help: StrOrPromise


APPROVALS = Topic(
    "approvals",
    gettext_lazy("Approvals"),
    gettext_lazy("What you requested was approved, refused or cancelled, or needs to be approved again."),
)
FINISHED = Topic(
    "finished",
    gettext_lazy("Finished work"),
    gettext_lazy("An export is ready; an import, a check of a file, a deletion or another job of yours is finished."),
)
FAILED = Topic(
    "failed",
    gettext_lazy("Failures"),
    gettext_lazy("A job of yours failed, imported nothing, or was cancelled by somebody else."),
)
FILES = Topic("files", gettext_lazy("Expired files"), gettext_lazy("A file of yours expired or was removed."))
CASES = Topic(
    "cases",
    gettext_lazy("Cases"),
    gettext_lazy("Somebody took over a case that you held; a decision of yours was undone or lapsed."),
)
ACCOUNT = Topic("account", gettext_lazy("Account"), gettext_lazy("Somebody changed your roles."))
TOPICS = (APPROVALS, FINISHED, FAILED, FILES, CASES, ACCOUNT)
