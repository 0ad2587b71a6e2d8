"""Creating accounts for people in a file who have none."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX, UNUSABLE_PASSWORD_SUFFIX_LENGTH
from django.utils.translation import gettext_lazy

from ops.accounts.models import SKELETONS
from ops.accounts.names.look_alikes import digests
from ops.accounts.names.sorting import sort_key
from ops.deletion import erased_names
from ops.imports.staging.base import Staging
from ops.imports.storing.ids import Bases
from ops.jobs.run import JobFailed, Run

USERS = 4_000  # accounts created in one batch
# A new check shows in which rows, but its findings are deleted later. This sentence stays with the job, so it names
# nobody.
ERASED_SINCE = gettext_lazy(
    "Somebody whom the file names was erased since it was checked: check it again to see in which rows."
)
MISSING_PEOPLE = "SELECT username FROM {people} WHERE fault IS NULL ORDER BY username LIMIT %s"


def create_people(staging: Staging, run: Run, bases: Bases, now: datetime) -> None:
    """Create an inactive account without a password for each person who has none.

    Raises JobFailed if one of them was erased since the file was checked.
    """
    while names := [name for (name,) in staging.stream(MISSING_PEOPLE, [USERS])]:
        if erased_names.erased(names):
            raise JobFailed(str(ERASED_SINCE))
        created = run.cursor.get("people", 0)
        first = (bases.users or 0) + created + 1
        read_like = list(zip(*map(digests, names), strict=True))
        own = {
            "id": range(first, first + len(names)),
            "username": names,
            "password": [_no_password() for _ in names],
            "name_key": list(map(sort_key, names)),
            **dict(zip(SKELETONS, read_like, strict=True)),
        }
        with run.batch():
            added = staging.insert(get_user_model(), own, is_active=False, date_joined=now)
            run.cursor["people"] = created + len(names)
            run.cursor["accounts"] = run.cursor.get("accounts", 0) + added
        staging.execute("DELETE FROM {people} WHERE username <= %s", [names[-1]])


def _no_password() -> str:
    """Return an unusable password; ``make_password(None)`` takes longer than everything else about an account."""
    return UNUSABLE_PASSWORD_PREFIX + secrets.token_hex(UNUSABLE_PASSWORD_SUFFIX_LENGTH // 2)
