"""Who may open which address of ops.searching; ops/tests/roles.py explains the table."""

from __future__ import annotations

from typing import Any

from ops.searching.models import SavedSearch

TABLE = """
#                                                 nobody alice nils  rita  lena  sue   dan   otto  rosa
saved_searches                                    in    in    no    ok/x  ok/x  no    ok/x  no    ok/x
save_search                                       in    in    no    ok    ok    no    ok    no    ok
delete_search                                     in    in    no    no    ok/go no    no    no    ok/go
"""

UNASKED = {
    "save_search": "It keeps what somebody typed, and shows nothing.",
    "delete_search": "It removes what somebody typed.",
}


def keys(alice: Any, bob: Any, message: Any) -> dict[str, Any]:
    return {"searches/": SavedSearch.objects.create(name="spam", scope="messages", words="spam").pk}
