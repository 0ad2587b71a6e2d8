"""Settings of measured processes: ours as in production, except for static files, which are not measured."""

import os

from ops.settings import *  # noqa: F403
from ops.settings import CACHES

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# A prefix of its own, in case a console uses the same Redis.
CACHES["default"] = {**CACHES["default"], "KEY_PREFIX": f"bench-{os.environ.get('BENCH_CACHE', '')}"}
