"""What the audit trail records of imports.

A name never changes or disappears: stored entries keep it for ever.
"""

from __future__ import annotations

from django.db.models import TextChoices


class ImportEvent(TextChoices):
    # The target is the import, or the list of messages. The details: rows by outcome, batch.
    IMPORT_MADE = "import.made", "Imported messages"  # rows by outcome, batch
    IMPORT_READ = "import.read", "Read the preview of an import"  # messages: runs of ids that were compared with it
    ERASED_NAMED = "import.erased_named", "Checked a file that names erased accounts"  # names
    IMPORT_UNDONE = "import.undone", "Undid an import"  # rows by outcome, batch
