"""Whether decisions of before 0022 upheld reports, where it shows: something was done to a message, or reports were
settled as upheld at that moment. In batches; not atomic, and it may be repeated.

Of one that did neither, or whose reports wait again, it stays unknown, which reads as that it did not.
"""

from typing import Any

from django.db import migrations
from django.db.models import Exists, Max, OuterRef

BATCH_SIZE = 10_000  # keys
ON_MESSAGES = ("hide", "redact")


def derive(apps: Any, schema_editor: Any) -> None:
    using = schema_editor.connection.alias
    decision, measure, flag = (
        apps.get_model("moderation", name)._base_manager.using(using) for name in ("Decision", "Measure", "Flag")
    )
    done = measure.filter(decision=OuterRef("pk"), act__in=ON_MESSAGES)
    settled = flag.filter(case=OuterRef("case"), settled_at=OuterRef("decided_at"), outcome="upheld")
    decisions = decision.filter(upholds=False, reverses=None)
    last = decision.aggregate(last=Max("pk"))["last"] or 0
    for start in range(0, last + 1, BATCH_SIZE):
        some = decisions.filter(pk__gte=start, pk__lt=start + BATCH_SIZE)
        some.filter(Exists(done) | Exists(settled)).update(upholds=True)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("moderation", "0023_warnings_of_groups_checked")]

    operations = [migrations.RunPython(derive, migrations.RunPython.noop, elidable=True)]
