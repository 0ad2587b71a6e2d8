"""The audit events of imports.

A name never changes or disappears: stored entries keep it for ever.
"""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy


class ImportEvent(TextChoices):
    # The target is the import, or the list of messages. The comments list the details.
    IMPORT_MADE = "import.made", gettext_lazy("Imported messages")  # rows by outcome, batch
    IMPORT_READ = (
        "import.read",
        gettext_lazy("Read the preview of an import"),
    )  # messages: ranges of the ids it was compared with
    ERASED_NAMED = "import.erased_named", gettext_lazy("Checked a file that names erased accounts")  # names: how many
    IMPORT_UNDONE = "import.undone", gettext_lazy("Undid an import")  # rows by outcome, batch
