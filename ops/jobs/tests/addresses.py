"""Who may open which address of ops.jobs; ops/tests/roles.py explains the table."""

from __future__ import annotations

from typing import Any

from ops.jobs.models import Job

TABLE = """
#                                                 nobody alice nils  rita  lena  sue   dan   otto  rosa
jobs_job_changelist                               in    in    ok    ok    ok    ok    ok    ok    ok
jobs_job_add                                      in    in    no    no    no    no    no    no    no
jobs_job_history                                  in    in    no    no    no    no    no    go    go
jobs_job_delete                                   in    in    no    no    no    no    no    no    no
jobs_job_change                                   in    in    no    no    no    no    no    no    ok/no
jobs_job_progress                                 go/x  go/x  no/x  no/x  no/x  no/x  no/x  no/x  ok/x
jobs_job_cancel                                   in    in    x/no  x/no  x/no  x/no  x/no  x/no  x/go
jobs_job_retry                                    in    in    x/no  x/no  x/no  x/no  x/no  x/no  x/go
jobs/job/<path:object_id>/                        in    in    go    go    go    go    go    go    go
audit_verification                                in    in    no    no    no    no    no    ok/go ok/go
app_list=jobs                                     in    in    --    --    ok    ok    ok    ok    ok
"""

UNASKED = {
    "jobs_job_cancel": "What a job did is taken back, or can be gone on with.",
    "audit_verification": "It reads the trail and changes nothing.",
    "jobs_job_retry": "It goes on with what was asked for already.",
}


def keys(alice: Any, bob: Any, message: Any) -> dict[str, Any]:
    job = Job.objects.create(kind="a kind", title="a job", requester=alice, state="running")
    return {"jobs/job/": job.pk}
