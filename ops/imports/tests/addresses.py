"""Who may open which address of ops.imports; ops/tests/roles.py explains how the table is read."""

from __future__ import annotations

from typing import Any

from ops.imports.models import Import

TABLE = """
#                                                 nobody alice nils  rita  lena  sue   dan   otto  rosa
imports_import_changelist                         in    in    no    no    no    no    ok    no    ok
imports_import_add                                in    in    no    no    no    no    ok    no    ok
imports_import_sample                             in    in    no    no    no    no    ok    no    ok
imports_import_check                              in    in    no    no    no    no    no    no    no
imports_import_columns                            in    in    no    no    no    no    no    no    no
imports_import_take                               in    in    no    no    no    no    no    no    no
imports_import_people                             in    in    no    no    no    no    no    no    no
imports_import_store                              in    in    no    no    no    no    no    no    no
imports_import_discard                            in    in    no    no    no    no    no    no    no
imports_import_undo                               in    in    no    no    no    no    go    no    go
imports_import_problems                           in    in    no    no    no    no    no    no    no
imports_import_rejected                           in    in    no    no    no    no    no    no    no
imports_import_history                            in    in    no    no    no    no    no    go    go
imports_import_delete                             in    in    no    no    no    no    no    no    no
imports_import_change                             in    in    no    no    no    no    ok/no no    ok/no
imports/import/<uuid:object_id>/                  in    in    go    go    go    go    go    go    go
app_list=imports                                  in    in    --    --    --    --    ok    --    ok
"""

UNASKED = {
    "imports_import_add": "A file is stored and checked; nothing of it is imported.",
    "imports_import_sample": "A file is downloaded that is the same for everybody.",
    "imports_import_check": "A file is checked; nothing of it is imported.",
    "imports_import_columns": "A file is checked; nothing of it is imported.",
    "imports_import_take": "A file is checked; nothing of it is imported.",
    "imports_import_people": "A file is checked; nothing of it is imported.",
    "imports_import_store": "What is imported was previewed, and can be undone.",
    "imports_import_discard": "One's own upload is deleted before anything of it was imported.",
    "imports_import_problems": "What one's own file holds is downloaded.",
    "imports_import_rejected": "What one's own file holds is downloaded.",
}


def keys(alice: Any, bob: Any, message: Any) -> dict[str, Any]:
    return {"imports/import/": Import.objects.create(by=alice, file_name="a.csv", state="checked").pk}
