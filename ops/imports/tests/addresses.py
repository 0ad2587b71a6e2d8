"""Who may open which address of ops.imports; ops/tests/roles.py says how the table is read."""

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


def keys(alice: Any, bob: Any, message: Any) -> dict[str, Any]:
    return {"imports/import/": Import.objects.create(by=alice, file_name="a.csv", state="checked").pk}
