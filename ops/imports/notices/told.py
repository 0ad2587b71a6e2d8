"""What whoever imports is told of their imports."""

from __future__ import annotations

from ops.notices.kinds import Kind

IMPORT = "imports.import"
CHECKED, CHECK_FAILED = "imports.checked", "imports.check_failed"
STORED, REFUSED, STORE_FAILED = "imports.stored", "imports.refused", "imports.store_failed"
UNDONE, UNDO_FAILED, EXPIRED = "imports.undone", "imports.undo_failed", "imports.expired"
KINDS = (
    Kind(CHECKED, "The file that you uploaded was checked: decide whether to import it.", IMPORT, str),
    Kind(CHECK_FAILED, "The file that you uploaded could not be checked.", IMPORT, str),
    Kind(STORED, "Your import is finished.", IMPORT, str),
    Kind(REFUSED, "Nothing was imported: your file has new problems.", IMPORT, str),
    Kind(STORE_FAILED, "Your import failed: nothing of it is stored.", IMPORT, str),
    Kind(UNDONE, "Your import was undone.", IMPORT, str),
    Kind(UNDO_FAILED, "Undoing your import failed: a part of it is still there.", IMPORT, str),
    Kind(EXPIRED, "The file that you uploaded was deleted after a day: nobody decided about it.", IMPORT, str),
)
