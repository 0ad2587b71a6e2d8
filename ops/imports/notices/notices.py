"""The notices that people get about their imports."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from ops.notices import topics
from ops.notices.kinds import Kind

IMPORT = "imports.import"
CHECKED, CHECK_FAILED = "imports.checked", "imports.check_failed"
STORED, REFUSED, STORE_FAILED = "imports.stored", "imports.refused", "imports.store_failed"
UNDONE, UNDO_FAILED, EXPIRED = "imports.undone", "imports.undo_failed", "imports.expired"
KINDS = (
    Kind(
        CHECKED,
        topics.FINISHED,
        gettext_lazy("The file that you uploaded was checked: decide whether to import it."),
        IMPORT,
        str,
    ),
    Kind(CHECK_FAILED, topics.FAILED, gettext_lazy("The file that you uploaded could not be checked."), IMPORT, str),
    Kind(STORED, topics.FINISHED, gettext_lazy("Your import is finished."), IMPORT, str),
    Kind(REFUSED, topics.FAILED, gettext_lazy("Nothing was imported: your file has new problems."), IMPORT, str),
    Kind(STORE_FAILED, topics.FAILED, gettext_lazy("Your import failed: nothing of it is stored."), IMPORT, str),
    Kind(UNDONE, topics.FINISHED, gettext_lazy("Your import was undone."), IMPORT, str),
    Kind(
        UNDO_FAILED,
        topics.FAILED,
        gettext_lazy("Undoing your import failed: a part of it is still there."),
        IMPORT,
        str,
    ),
    Kind(
        EXPIRED,
        topics.FILES,
        gettext_lazy("The file that you uploaded was deleted after a day: nobody decided about it."),
        IMPORT,
        str,
    ),
)
