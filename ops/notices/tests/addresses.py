"""Who may open which address of ops.notices; ops/tests/roles.py explains the table."""

from __future__ import annotations

from typing import Any

from ops.notices.models import Notice

# The notice belongs to Alice, who is not staff: nobody may open it, and its page redirects to the list.
TABLE = """
#                                                 nobody alice nils  rita  lena  sue   dan   otto  rosa
notices_notice_changelist                         in    in    ok    ok    ok    ok    ok    ok    ok
notices_notice_add                                in    in    no    no    no    no    no    no    no
notices_notice_history                            in    in    no    no    no    no    no    go    go
notices_notice_delete                             in    in    no    no    no    no    no    no    no
notices_notice_change                             in    in    go/x  go/x  go/x  go/x  go/x  go/x  go/x
notices_notice_read                               in    in    --    --    --    --    --    --    --
notices_notice_read_all                           in    in    x/go  x/go  x/go  x/go  x/go  x/go  x/go
notices/notice/<path:object_id>/                  in    in    go    go    go    go    go    go    go
app_list=notices                                  in    in    ok    ok    ok    ok    ok    ok    ok
"""

UNASKED = {
    "notices_notice_read": "It notes what somebody has read.",
    "notices_notice_read_all": "It notes what somebody has read.",
}


def keys(alice: Any, bob: Any, message: Any) -> dict[str, Any]:
    notice = Notice.objects.create(recipient=alice, kind="jobs.failed", target_type="jobs.job", target_id=message.pk)
    return {"notices/notice/": notice.pk}
